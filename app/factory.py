"""The one place that knows every part: from settings to the application."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import connexion
import orjson

from app.cache.check import fault_of
from app.cache.client import Cache
from app.cache.limiter import Limiter
from app.cache.store import Store
from app.cache.tags import KnownTags
from app.chores import chores, lifetime
from app.clock import system_clock
from app.database import bind, identity, run, within
from app.errors import Unavailable
from app.gateway.executors import Executor
from app.gateway.exit import Exit
from app.gateway.front import FrontDoor
from app.gateway.modes import build_stack, compiled, reading, stock
from app.gateway.pages import Pages, register_pages
from app.gateway.plan import compile_plans
from app.gateway.protocol import Protocol
from app.observability.lines import count_dropped_with, flush
from app.observability.metrics import Metrics
from app.observability.slow import log_slow_query
from app.policy.policy import Policy
from app.security.access_tokens import AccessTokens
from app.security.cursors import Cursors
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.services.declarations import Declarations
from app.services.health import DeeperLook, Found, Probes, look_at_database
from app.services.tools import Tools
from app.setting_parsers import hashing_threads
from app.settings import Settings
from app.surface import OPENAPI, Surface, read_surface

_PROBE_SECONDS = 1.0
_FOLLOW_UP_SECONDS = 2.0
# For threads beside the executors, such as the one that starts the server.
_SPARE_CONNECTIONS = 2
_NOTHING_DECLARED = Declarations.of()


def create_app(
    settings: Settings,
    *,
    document: Path = OPENAPI / "openapi.yaml",
    handlers_package: str = "handlers",
    bench: bool = False,
    quiet: bool = False,
    clock: Callable[[], datetime] = system_clock,
) -> connexion.FlaskApp:
    """Build the application: every fault of the document comes to light here, before a port is bound.

    Args:
        document: the root file; permissions.yaml stands beside it.
        handlers_package: has a module for each tag.
        bench: allows `x-executor: loop` and checks no rights; for the bench document only.
        quiet: no request log and no metrics; for the bench only.
        clock: returns the aware present moment in UTC; a test's also stands in for the database's (see app.clock).

    Raises:
        DocumentError: with every fault and its place.
    """
    surface = read_surface(settings, document=document, handlers_package=handlers_package, bench=bench)
    hashers = hashing_threads(settings.hashing_threads)
    database = bind(settings, size=pool_size(settings), slow=log_slow_query, bounded=True)
    metrics = None if quiet else Metrics()
    count_dropped_with(metrics.count_dropped_lines if metrics else None)
    cache = build_cache(settings, metrics)
    store = build_store(cache, surface, metrics)
    tools = build_tools(
        settings, surface.catalogue, surface.declarations, clock=clock, tags=known_tags(surface.policies), store=store
    )
    probes = build_probes(cache, settings.health_seconds)
    plans = compile_plans(
        surface.fitted,
        tools=tools,
        limiter=Limiter(cache),
        audit_client_key=audit_client_key(settings),
        cursors=build_cursors(settings),
        given={"tools": tools, "probes": probes},
        check_rights=not bench,
    )
    # A statement's bound for the COMMIT itself, and what follows it.
    late = settings.database_statement_seconds + _FOLLOW_UP_SECONDS
    executors = {
        "common": Executor("work", threads=settings.worker_threads, queue=settings.worker_queue, commit_seconds=late),
        "hashing": Executor("hash", threads=hashers, queue=settings.hashing_queue, commit_seconds=late),
    }
    Protocol.head_seconds = settings.head_seconds
    front = FrontDoor(plans.values(), settings=settings, tokens=tools.access_tokens, clock=clock)
    way_out = Exit(settings, metrics=metrics, quiet=quiet)
    apart = Executor("health", threads=1, queue=2, commit_seconds=late)
    around = lifetime(
        chores(
            settings,
            clock,
            store,
            probes=probes,
            unanswered=tools.unanswered,
            tell_clock_offset=metrics.tell_clock_offset if metrics else None,
        ),
        executor=executors["common"],
        apart=apart,
        close=[
            *(executor.close for executor in (*executors.values(), apart)),
            tools.unanswered.keep_settling,
            cache.close,
            database.reset,
            flush,
        ],
    )
    bundle = surface.document.bundle
    with reading(surface.document):
        if settings.gateway == "compiled":
            app = compiled(
                bundle,
                settings=settings,
                front=front,
                way_out=way_out,
                executors=executors,
                served=set(plans),
                lifetime=around,
            )
        else:
            app = stock(bundle, settings=settings, front=front, way_out=way_out, executors=executors, lifetime=around)
    pages = Pages(served(bundle, settings), settings, metrics)
    register_pages(app.app, pages, settings=settings, clock=clock)
    build_stack(app)
    return app


def build_cache(settings: Settings, metrics: Metrics | None) -> Cache:
    """Return the way to Redis."""
    return Cache(
        settings.redis_url,
        timeout_ms=settings.redis_timeout_ms,
        prefix=settings.redis_prefix,
        on_failure=metrics.count_cache_failure if metrics else None,
    )


def build_store(cache: Cache, surface: Surface, metrics: Metrics | None) -> Store:
    """Return the cache of values, which other releases of the document and other databases do not share."""
    return Store(
        cache,
        identify=identity,
        release=hashlib.sha256(orjson.dumps([surface.document.bundle, surface.declarations.told])).hexdigest(),
        count=metrics.count_cache_read if metrics else None,
    )


def known_tags(policies: Mapping[str, Policy]) -> KnownTags:
    """Return the tags that answers are cached under."""
    rules = [policy.cache for policy in policies.values() if policy.cache]
    return KnownTags(pair for rule in rules for pair in zip(rule.tags, rule.readers, strict=True))


def build_tools(
    settings: Settings,
    catalogue: Mapping[str, str],
    declarations: Declarations = _NOTHING_DECLARED,
    *,
    clock: Callable[[], datetime],
    tags: KnownTags = KnownTags(()),  # noqa: B008 (knows nothing, and never changes)
    store: Store | None = None,
) -> Tools:
    """Return what the services need, from the settings.

    Args:
        tags, store: left out by a command.
    """
    return Tools(
        settings=settings,
        clock=clock,
        passwords=Passwords(settings.password_min, settings.password_max, settings.bcrypt_cost),
        access_tokens=AccessTokens(
            settings.jwt_secret,
            settings.jwt_secret_previous or None,
            settings.jwt_issuer,
            settings.jwt_audience,
            settings.access_token_seconds,
            clock,
        ),
        refresh_tokens=RefreshTokens(settings.refresh_keys),
        catalogue=catalogue,
        tags=tags,
        store=store,
        declarations=declarations,
    )


def build_probes(cache: Cache, every: float = 5) -> Probes:
    """Return what the health report asks.

    Args:
        every: seconds between two deeper looks.
    """

    def database() -> bool:
        try:
            with within(_PROBE_SECONDS):
                return run("SELECT 1", again=True) == [(1,)]
        except Unavailable:
            return False

    return Probes(
        database=database,
        cache=lambda: cache.is_up() if cache.configured else None,
        database_look=DeeperLook("database", look_at_database, every_seconds=every),
        cache_look=DeeperLook("cache", lambda: Found(fault_of(cache)), every_seconds=every)
        if cache.configured
        else None,
    )


def pool_size(settings: Settings) -> int:
    """Return how many database connections one worker may open."""
    return settings.worker_threads + hashing_threads(settings.hashing_threads) + _SPARE_CONNECTIONS


def audit_client_key(settings: Settings) -> bytes:
    """Return the key of the audit clients' identifiers, derived from the token secret."""
    return hmac.digest(settings.jwt_secret.encode(), b"charter audit clients", "sha256")


def build_cursors(settings: Settings) -> Cursors:
    """Return what makes and reads the cursors of lists; those made before a change of JWT_SECRET are read too."""
    return Cursors([secret for secret in (settings.jwt_secret, settings.jwt_secret_previous) if secret])


def served(bundle: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Return the document as clients see it: with this deployment's address, when it is known."""
    if not settings.public_url:
        return dict(bundle)
    return {**bundle, "servers": [{"url": settings.public_url}]}

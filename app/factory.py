"""The one place that knows every part: from settings to the application."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import connexion
import orjson

from app.background import background_tasks, lifetime
from app.cache.check import find_cache_fault
from app.cache.client import Cache
from app.cache.limiter import Limiter
from app.cache.store import CacheStore
from app.cache.tags import KnownTags
from app.clock import system_clock
from app.config import Config
from app.config_parsers import hashing_threads
from app.context.declarations import SettingDeclarations
from app.context.dependencies import Dependencies
from app.database import bind, database_id, run, time_limit
from app.errors import Unavailable
from app.gateway.connexion_apps import build_stack, compiled, reading, stock
from app.gateway.executors import Executor
from app.gateway.http.protocol import Protocol
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.observability.log_writer import flush, set_dropped_counter
from app.observability.metrics import Metrics
from app.observability.slow_queries import log_slow_query
from app.pages.views import Pages, register_pages
from app.pipeline.contract import OPENAPI, Contract, read_contract
from app.pipeline.plan import compile_plans
from app.security.access_tokens import AccessTokens
from app.security.cursors import Cursors
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.services.health import DeeperLook, Found, Probes, look_at_database
from app.spec.policy import Policy

_PROBE_SECONDS = 1.0
_FOLLOW_UP_SECONDS = 2.0
# For threads beside the executors, such as the one that starts the server.
_SPARE_CONNECTIONS = 2
_NOTHING_DECLARED = SettingDeclarations.of()


def create_app(
    config: Config,
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
    contract = read_contract(config, document=document, handlers_package=handlers_package, bench=bench)
    hashers = hashing_threads(config.hashing_threads)
    database = bind(config, size=pool_size(config), on_slow_query=log_slow_query, limit_statements=True)
    metrics = None if quiet else Metrics()
    set_dropped_counter(metrics.count_dropped_lines if metrics else None)
    cache = build_cache(config, metrics)
    store = build_cache_store(cache, contract, metrics)
    dependencies = build_dependencies(
        config, contract.catalogue, contract.declarations, clock=clock, tags=known_tags(contract.policies), store=store
    )
    probes = build_probes(cache, config.health_seconds)
    plans = compile_plans(
        contract.fitted,
        dependencies=dependencies,
        limiter=Limiter(cache),
        audit_client_key=audit_client_key(config),
        cursors=build_cursors(config),
        given={"dependencies": dependencies, "probes": probes},
        check_rights=not bench,
    )
    # A statement's bound for the COMMIT itself, and what follows it.
    late = config.database_statement_seconds + _FOLLOW_UP_SECONDS
    executors = {
        "common": Executor("work", threads=config.worker_threads, queue=config.worker_queue, commit_seconds=late),
        "hashing": Executor("hash", threads=hashers, queue=config.hashing_queue, commit_seconds=late),
    }
    Protocol.head_seconds = config.head_seconds
    parser = RequestParser(plans.values(), config=config, tokens=dependencies.access_tokens, clock=clock)
    sender = ResponseSender(config, metrics=metrics, quiet=quiet)
    apart = Executor("health", threads=1, queue=2, commit_seconds=late)
    around = lifetime(
        background_tasks(
            config,
            clock,
            store,
            probes=probes,
            unanswered=dependencies.unanswered,
            tell_clock_offset=metrics.set_clock_offset if metrics else None,
        ),
        executor=executors["common"],
        apart=apart,
        close=[
            *(executor.close for executor in (*executors.values(), apart)),
            dependencies.unanswered.keep_settling,
            cache.close,
            database.reset,
            flush,
        ],
    )
    bundle = contract.document.bundle
    with reading(contract.document):
        if config.gateway == "compiled":
            app = compiled(
                bundle,
                config=config,
                parser=parser,
                sender=sender,
                executors=executors,
                served=set(plans),
                lifetime=around,
            )
        else:
            app = stock(bundle, config=config, parser=parser, sender=sender, executors=executors, lifetime=around)
    pages = Pages(served(bundle, config), config, metrics)
    register_pages(app.app, pages, config=config, clock=clock)
    build_stack(app)
    return app


def build_cache(config: Config, metrics: Metrics | None) -> Cache:
    """Return the way to Redis."""
    return Cache(
        config.redis_url,
        timeout_ms=config.redis_timeout_ms,
        prefix=config.redis_prefix,
        on_failure=metrics.count_cache_failure if metrics else None,
    )


def build_cache_store(cache: Cache, contract: Contract, metrics: Metrics | None) -> CacheStore:
    """Return the cache of values, which other releases of the document and other databases do not share."""
    return CacheStore(
        cache,
        database_id=database_id,
        release=hashlib.sha256(orjson.dumps([contract.document.bundle, contract.declarations.told])).hexdigest(),
        count=metrics.count_cache_read if metrics else None,
    )


def known_tags(policies: Mapping[str, Policy]) -> KnownTags:
    """Return the tags that answers are cached under."""
    rules = [policy.cache for policy in policies.values() if policy.cache]
    return KnownTags(pair for rule in rules for pair in zip(rule.tags, rule.readers, strict=True))


def build_dependencies(
    config: Config,
    catalogue: Mapping[str, str],
    declarations: SettingDeclarations = _NOTHING_DECLARED,
    *,
    clock: Callable[[], datetime],
    tags: KnownTags = KnownTags(()),  # noqa: B008 (knows nothing, and never changes)
    store: CacheStore | None = None,
) -> Dependencies:
    """Return what the services need, from the settings.

    Args:
        tags, store: left out by a command.
    """
    return Dependencies(
        config=config,
        clock=clock,
        passwords=Passwords(config.password_min, config.password_max, config.bcrypt_cost),
        access_tokens=AccessTokens(
            config.jwt_secret,
            config.jwt_secret_previous or None,
            config.jwt_issuer,
            config.jwt_audience,
            config.access_token_seconds,
            clock,
        ),
        refresh_tokens=RefreshTokens(config.refresh_keys),
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
            with time_limit(_PROBE_SECONDS):
                return run("SELECT 1", retry_on_disconnect=True) == [(1,)]
        except Unavailable:
            return False

    return Probes(
        database=database,
        cache=lambda: cache.is_up() if cache.configured else None,
        database_look=DeeperLook("database", look_at_database, every_seconds=every),
        cache_look=DeeperLook("cache", lambda: Found(find_cache_fault(cache)), every_seconds=every)
        if cache.configured
        else None,
    )


def pool_size(config: Config) -> int:
    """Return how many database connections one worker may open."""
    return config.worker_threads + hashing_threads(config.hashing_threads) + _SPARE_CONNECTIONS


def audit_client_key(config: Config) -> bytes:
    """Return the key of the audit clients' identifiers, derived from the token secret."""
    return hmac.digest(config.jwt_secret.encode(), b"charter audit clients", "sha256")


def build_cursors(config: Config) -> Cursors:
    """Return what makes and reads the cursors of lists; those made before a change of JWT_SECRET are read too."""
    return Cursors([secret for secret in (config.jwt_secret, config.jwt_secret_previous) if secret])


def served(bundle: Mapping[str, Any], config: Config) -> dict[str, Any]:
    """Return the document as clients see it: with this deployment's address, when it is known."""
    if not config.public_url:
        return dict(bundle)
    return {**bundle, "servers": [{"url": config.public_url}]}

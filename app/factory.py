"""The one place that knows every part: from the configuration to the application."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from app.background import Chores, background_tasks, build_lifespan
from app.cache.client import RedisClient
from app.cache.limiter import Limiter
from app.cache.store import CacheStore
from app.cache.tags import KnownTags
from app.clock import system_clock
from app.config import Config
from app.config_parsers import hashing_threads
from app.context.account_hooks import AccountHooks
from app.context.dependencies import Dependencies
from app.context.setting_declarations import SettingDeclarations
from app.database import bind, database_id
from app.database.pool import Database
from app.gateway.asgi import Lifespan
from app.gateway.cors import Cors
from app.gateway.executors import Executor
from app.gateway.request_log import RequestLog
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.libraries import unused_left_out
from app.observability.log_writer import flush, set_dropped_counter
from app.observability.metrics import Metrics
from app.observability.slow_queries import log_slow_query, log_slow_query_of_the_team
from app.pages.flask_rules import register_pages
from app.pages.views import Pages
from app.pipeline.batching import begin_batch
from app.pipeline.compile import compile_operations
from app.pipeline.contract import Contract, read_contract
from app.pipeline.operation import CompiledOperation, Runtime
from app.project import Project
from app.resources import HANDLERS, OPENAPI, code_version
from app.security.access_tokens import AccessTokens
from app.security.cursors import Cursors
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.services.probes import build_probes

if TYPE_CHECKING:
    from connexion import FlaskApp

_HOOK_SECONDS = 2.0
_SPARE_CONNECTIONS = 2  # for threads besides the executors, such as the one that starts the server
_NOTHING_DECLARED = SettingDeclarations.of()


@dataclass(frozen=True, slots=True)
class Process:
    """The parts of one serving process.

    Attributes:
        runtime: what its operations share.
        executors: the threads by executor name; `health` is for checks that requests must not delay.
    """

    metrics: Metrics
    database: Database
    redis: RedisClient
    runtime: Runtime
    executors: Mapping[str, Executor]


def create_app(
    config: Config,
    *,
    document: Path = OPENAPI / "openapi.yaml",
    handlers_package: str = HANDLERS,
    project: Project | None = None,
    clock: Callable[[], datetime] = system_clock,
) -> "FlaskApp":
    """Build the application, from a contract that `read_contract` reads. Every fault is found before a port is bound.

    Args:
        clock: returns the aware present moment in UTC; a test's also stands in for the database's (see app.clock).

    Raises:
        DocumentError: with every fault and its place.
    """
    contract = read_contract(config, document=document, handlers_package=handlers_package, project=project, served=True)
    process = build_process(config, contract, clock=clock)
    operations = compile_operations(contract.operations, process.runtime)
    return build_app(config, contract, process, operations, RequestLog(process.metrics))


def build_process(config: Config, contract: Contract, *, clock: Callable[[], datetime] = system_clock) -> Process:
    """Return the connections, threads and counters of this process."""
    executors = build_executors(config)
    database = bind(
        config,
        size=pool_size(config, chores=len(contract.parts.chores)),
        on_slow_query=log_slow_query_of_the_team if config.env == "development" else log_slow_query,
        limit_statements=True,
        project_models=contract.parts.models,
    )
    metrics = Metrics()
    set_dropped_counter(metrics.count_dropped_lines)
    redis = build_redis_client(config, metrics)
    return Process(metrics, database, redis, build_runtime(config, contract, redis, metrics, clock), executors)


def build_executors(config: Config) -> dict[str, Executor]:
    """Return the threads that operations and background tasks run on, by name."""
    # A statement's bound for the COMMIT itself, and the hooks after it.
    late = config.database_statement_seconds + _HOOK_SECONDS
    # One more than may hash at once: while it waits for the database, no core is idle.
    hashers = hashing_threads(config.hashing_threads) + 1
    return {
        "common": Executor(
            "work",
            threads=config.worker_threads,
            queue=config.worker_queue,
            commit_seconds=late,
            begin_batch=begin_batch,
        ),
        "hashing": Executor("hash", threads=hashers, queue=config.hashing_queue, commit_seconds=late),
        "health": Executor("health", threads=1, queue=2, commit_seconds=late),
    }


def build_runtime(
    config: Config, contract: Contract, redis: RedisClient, metrics: Metrics, clock: Callable[[], datetime]
) -> Runtime:
    """Return what the operations share."""
    dependencies = build_dependencies(
        config,
        contract.permissions,
        contract.setting_declarations,
        clock=clock,
        tags=contract.cached_tags,
        cache=build_cache_store(config, redis, contract, metrics),
        hooks=contract.parts.hooks,
    )
    return Runtime(
        dependencies=dependencies,
        probes=build_probes(redis, config.health_seconds),
        limiter=Limiter(redis),
        cursors=build_cursors(config),
        audit_client_key=audit_client_key(config),
    )


def build_app(
    config: Config,
    contract: Contract,
    process: Process,
    operations: Mapping[str, CompiledOperation],
    request_log: RequestLog,
) -> "FlaskApp":
    """Return the application that serves compiled operations, and the pages."""
    clock = process.runtime.dependencies.clock
    app = build_gateway(config, contract, process, operations, request_log)
    pages = Pages(contract.published, contract.published_policies, config, process.metrics)
    register_pages(app.app, pages, config=config, clock=clock)
    from app.gateway.connexion_apps import build_stack

    build_stack(app)
    return app


def build_gateway(
    config: Config,
    contract: Contract,
    process: Process,
    operations: Mapping[str, CompiledOperation],
    request_log: RequestLog,
) -> "FlaskApp":
    """Return the Connexion application with the gateway that the configuration names."""
    # Connexion is slow to import, and commands and the mock need none of it.
    with unused_left_out():
        from app.gateway.connexion_apps import GatewayDependencies, compiled, stock

    dependencies, bundle = process.runtime.dependencies, contract.document.bundle
    parser = RequestParser(
        operations.values(), config=config, tokens=dependencies.access_tokens, clock=dependencies.clock
    )
    sender = ResponseSender(Cors(config), request_log, shows_mismatches=config.env == "development")
    lifespan = build_gateway_lifespan(config, contract, process)
    gateway = GatewayDependencies(config, parser, sender, process.executors, lifespan)
    if config.gateway == "compiled":
        return compiled(bundle, gateway, operation_ids=frozenset(operations))
    return stock(bundle, gateway)


def build_gateway_lifespan(config: Config, contract: Contract, process: Process) -> Lifespan:
    """Return what runs from the start of the server to its end, and closes everything."""
    dependencies, executors = process.runtime.dependencies, process.executors
    assert dependencies.cache is not None
    chores = Chores(contract.parts.chores, dependencies, process.metrics.count_chore)
    tasks = background_tasks(
        config,
        dependencies.clock,
        dependencies.cache,
        probes=process.runtime.probes,
        unanswered_rotations=dependencies.unanswered_rotations,
        set_clock_offset=process.metrics.set_clock_offset,
    )
    return build_lifespan(
        tasks,
        executor=executors["common"],
        own_executor=executors["health"],
        chores=chores,
        close=[
            *(executor.close for executor in (*executors.values(), chores.executor)),
            dependencies.unanswered_rotations.try_to_record,
            process.redis.close,
            process.database.reset,
            flush,
        ],
    )


def build_redis_client(config: Config, metrics: Metrics | None) -> RedisClient:
    """Return the client of Redis."""
    return RedisClient(
        config.redis_url,
        timeout_ms=config.redis_timeout_ms,
        prefix=config.redis_prefix,
        on_failure=metrics.count_cache_failure if metrics else None,
    )


def build_cache_store(config: Config, redis: RedisClient, contract: Contract, metrics: Metrics | None) -> CacheStore:
    """Return the cache of values; other releases, other databases and other secrets do not share its entries."""
    shown = orjson.dumps([contract.document.bundle, contract.setting_declarations.shown, code_version()])
    return CacheStore(
        redis,
        database_id=database_id,
        release=hashlib.sha256(shown).hexdigest(),
        secret=cache_secret(config),
        count=metrics.count_cache_read if metrics else None,
    )


def build_dependencies(
    config: Config,
    permissions: Mapping[str, str],
    setting_declarations: SettingDeclarations = _NOTHING_DECLARED,
    *,
    clock: Callable[[], datetime],
    tags: KnownTags = KnownTags(()),  # noqa: B008 (knows nothing, and never changes)
    cache: CacheStore | None = None,
    hooks: AccountHooks = AccountHooks(),  # noqa: B008 (has none, and never changes)
) -> Dependencies:
    """Return what the services need, from the configuration.

    Args:
        tags, cache: left out by a command.
    """
    hashers = hashing_threads(config.hashing_threads)
    return Dependencies(
        config=config,
        clock=clock,
        passwords=Passwords(config.password_min, config.password_max, config.bcrypt_cost, at_once=hashers),
        access_tokens=AccessTokens(
            config.jwt_secret,
            config.jwt_secret_previous or None,
            config.jwt_issuer,
            config.jwt_audience,
            config.access_token_seconds,
            clock,
        ),
        refresh_tokens=RefreshTokens(config.refresh_keys),
        permissions=permissions,
        tags=tags,
        cache=cache,
        setting_declarations=setting_declarations,
        hooks=hooks,
    )


def pool_size(config: Config, *, chores: int = 0) -> int:
    """Return how many database connections one worker may open."""
    return config.worker_threads + hashing_threads(config.hashing_threads) + 1 + _SPARE_CONNECTIONS + chores


def audit_client_key(config: Config) -> bytes:
    """Return the key of the audit clients' identifiers, derived from the token secret."""
    return hmac.digest(config.jwt_secret.encode(), b"charter audit clients", "sha256")


def cache_secret(config: Config) -> bytes:
    """Return the secret of the cache's entries, derived from the token secret."""
    return hmac.digest(config.jwt_secret.encode(), b"charter cache entries", "sha256")


def build_cursors(config: Config) -> Cursors:
    """Return what makes and reads the cursors of lists; those made before a change of JWT_SECRET are read too."""
    return Cursors([secret for secret in (config.jwt_secret, config.jwt_secret_previous) if secret])

"""The cache: whether Redis or Valkey responds in time, and can count for the rate limits."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import redis

from app.cache.limiter import SCRIPT
from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, failed, ok, skipped, warning

# It does not respond or is slow, rejects commands, or is no Redis at all.
_FAILURES = (redis.RedisError, OSError, ValueError, TypeError, AttributeError, IndexError)
_ROUNDS = 3
# A response that takes this part of REDIS_TIMEOUT_MS is close to being too late.
_SLOW_PART = 0.25
_MICROSECONDS = 1000
_UNKNOWN = "the server does not report this"


def connection(deployment: Deployment) -> Iterator[Verdict]:
    """Ping a few times, and report the quickest response."""
    config = deployment.config
    if "cache" in deployment.missing:
        reason = deployment.missing["cache"]
        if deployment.is_wrong("REDIS_URL"):
            yield skipped(reason)
        elif config.redis_url or not deployment.in_production:
            yield skipped(f"{reason}; without a cache each process counts rate limits by itself")
        else:
            yield warning(
                f"{reason}: each process counts rate limits by itself, and /health says degraded",
                "set REDIS_URL to a Redis or Valkey",
            )
        return
    times = []
    try:
        with _client(deployment) as client:
            client.ping()
            for _ in range(_ROUNDS):
                began = time.perf_counter()
                client.ping()
                times.append((time.perf_counter() - began) * 1000)
    except _FAILURES as error:
        deployment.missing["cache"] = "the cache does not respond"
        yield failed(f"no response from {_place(deployment)} ({_reason(error)})", "start it, or correct REDIS_URL")
        return
    took, most = min(times), config.redis_timeout_ms
    if took > most * _SLOW_PART:
        yield warning(
            f"it responds after {took:.0f} ms, and the server waits only {most} ms",
            "move it closer to this machine, find out what keeps it busy, or raise REDIS_TIMEOUT_MS",
        )
    else:
        yield ok(f"{_place(deployment)} responds in {took:.2f} ms")


def version(deployment: Deployment) -> Iterator[Verdict]:
    """Report the product and its version."""
    info = _info(deployment, "server")
    if info is None:
        yield skipped(_UNKNOWN)
    elif "valkey_version" in info:
        yield ok(f"Valkey {info['valkey_version']}")
    else:
        yield ok(f"Redis {info.get('redis_version')}")


def memory(deployment: Deployment) -> Iterator[Verdict]:
    """Check that a full server evicts keys: otherwise it rejects the writes of the rate limiter."""
    info = _info(deployment, "memory")
    if info is None or "maxmemory" not in info:
        yield skipped(_UNKNOWN)
        return
    most, policy = int(info["maxmemory"]), info.get("maxmemory_policy", "unknown")
    if most and policy == "noeviction":
        yield warning(
            f"at maxmemory ({most // 1_048_576} MiB) it rejects writes: the policy is noeviction",
            "run CONFIG SET maxmemory-policy volatile-lru, and set the same in its configuration",
        )
    else:
        yield ok(f"maxmemory {most // 1_048_576} MiB, {policy}" if most else "no maxmemory")


def limiter(deployment: Deployment) -> Iterator[Verdict]:
    """Run the limiter's script as the server does, on a test key that expires after a millisecond."""
    key = f"{deployment.config.redis_prefix}:limit:doctor:{uuid4()}"
    try:
        with _client(deployment) as client:
            client.eval(SCRIPT, 1, key, _MICROSECONDS, _MICROSECONDS)
    except _FAILURES as error:
        yield failed(
            f"the limiter's script does not run ({_reason(error)}): each process counts by itself",
            "use a primary, and give its user EVAL, EVALSHA, TIME, GET and SET, as docs/redis.md lists them",
        )
    else:
        yield ok("the limiter's script runs")


def rights(deployment: Deployment) -> Iterator[Verdict]:
    """Try each command that the server sends, on test keys that expire after a millisecond."""
    lacking, faults = [], []
    name = f"{deployment.config.redis_prefix}:doctor:{uuid4()}"
    attempts: dict[str, tuple[Any, ...]] = {
        "PING": ("PING",),
        "EVAL": ("EVAL", "return 1", 0),
        "EVALSHA": ("EVALSHA", "0" * 40, 0),
        "TIME": ("TIME",),
        "SET": ("SET", name, "1", "PX", 1),
        "GET": ("GET", name),
        "MGET": ("MGET", name),
        # On a key that does not exist: the one above would be kept for longer.
        "EXPIRE": ("EXPIRE", f"{name}:absent", 1),
        "INFO": ("INFO", "server"),
    }
    with _client(deployment) as client:
        for command, words in attempts.items():
            try:
                client.execute_command(*words)
            except redis.exceptions.NoScriptError:
                continue
            except redis.exceptions.NoPermissionError:
                lacking.append(command)
            except redis.exceptions.ResponseError as error:
                faults.append(f"{command}: {_reason(error)}")
    if lacking:
        yield failed(
            f"its user may not use {', '.join(lacking)} on {deployment.config.redis_prefix}:*",
            "ACL SETUSER … " + " ".join(f"+{command.lower()}" for command in lacking) + " "
            f"~{deployment.config.redis_prefix}:*; docs/redis.md has the whole list",
        )
    elif faults:
        yield failed(f"it rejects {'; '.join(faults)}", "use a primary with free memory, or fix what the message names")
    else:
        yield ok("every command that the server sends works")


def _client(deployment: Deployment) -> redis.Redis:
    seconds = deployment.config.redis_timeout_ms / 1000
    pool = redis.ConnectionPool.from_url(
        deployment.config.redis_url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=None
    )
    return redis.Redis(connection_pool=pool, single_connection_client=True)


def _info(deployment: Deployment, section: str) -> dict[str, str] | None:
    try:
        with _client(deployment) as client:
            info: dict[str, str] = client.info(section)
    except _FAILURES:
        return None
    return info


def _place(deployment: Deployment) -> str:
    keywords = redis.ConnectionPool.from_url(deployment.config.redis_url).connection_kwargs
    return str(keywords.get("path") or f"{keywords.get('host', 'localhost')}:{keywords.get('port', 6379)}")


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0].rstrip(".") or type(error).__name__

"""The configuration: read once, with all mistakes reported together, each with its fix; secrets are never shown."""

import re
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from app import declared_numbers
from app.config import Bucket, Config, ConfigError, documented_variables, variable

SECRET = "Tq8vX2mZr5Lw9Yb3Kd7Nf1Hs6Jg4Pc0A"
OTHER = "Wn5Rt8Ym2Vx6Qz1Lb4Kd9Hf3Js7Gp0Cq"
GOOD = {
    "DATABASE_URL": "postgresql://charter:hidden@db:5432/charter?sslmode=require",
    "JWT_SECRET": SECRET,
    "REFRESH_KEYS": f"k1:{OTHER}",
}


def read(changes: Mapping[str, str] | None = None) -> Config:
    return Config.from_environment({**GOOD, **(changes or {})})


def faults(changes: Mapping[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(changes)
    return [str(fault) for fault in caught.value.faults]


def test_three_variables_are_enough_and_mean_production() -> None:
    config = read()

    assert (config.env, config.gateway, config.host, config.port) == ("production", "compiled", "127.0.0.1", 8080)
    assert set(config.buckets) == {"default", "read", "write", "login", "register", "refresh"}
    assert (config.bcrypt_cost, config.password_min, config.access_token_seconds) == (10, 15, 900)
    assert config.refresh_keys == (("k1", OTHER),)
    assert config.redis_url == ""


def test_what_is_missing_is_told_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({})

    assert [fault.variable for fault in caught.value.faults] == ["DATABASE_URL", "JWT_SECRET", "REFRESH_KEYS"]
    assert "openssl" in str(caught.value)


def test_an_empty_variable_counts_as_absent() -> None:
    assert read({"PORT": "", "REDIS_URL": " ", "CORS_ORIGINS": ""}) == read()


WRONG = {
    "CHARTER_ENV": ["prod", "Production"],
    "CHARTER_GATEWAY": ["flask"],
    "PORT": ["-1", "65536", "80.0", "http", "0x50", "٨٠", "9" * 30],
    "WORKERS": ["0", "65"],
    "PUBLIC_URL": [
        "accounts.example.com",
        "ftp://a.example",
        "https://",
        "https://a.example/?x=1",
        "http://[",
        "https://h:99999",
        "https://h:port",
        "https://a b",
    ],
    "CORS_ORIGINS": [
        "*",
        "https://*.example.com",
        "app.example.com",
        "https://a.example/",
        "https://a.example/path",
        "https://a.example#x",
        "https://[",
        "https://a.example:99999",
        "https://a.example:port",
        "https://me@a.example",
        "https://münchen.example",
        "https://a b.example",
        "https://10.0.0.999",
        "https://[::g]",
    ],
    "CORS_REQUEST_HEADERS": ["*"],
    "TRUSTED_PROXIES": ["10.0.0.0/33", "proxy", "10.0.0.1/8"],
    "DATABASE_URL": [
        "mysql://db/charter",
        "charter",
        "sqlite:///x",
        "postgresql:x",
        "postgresql://[x",
        "postgresql://u:hush%zzhush@127.0.0.1/db",
        "postgresql://u:hush@127.0.0.1/db?hush=bar",
        "postgresql://u:hush@127.0.0.1:hush/db",
        "postgresql://u:hush@127.0.0.1:99999/db",
        "postgresql://u:hush@127.0.0.1/db?options=-c%20statement_timeout%3D5s",
    ],
    "REDIS_URL": [
        "http://cache",
        "cache:6379",
        "redis://[",
        "redis://:hush@h:notaport",
        "redis://:hush@h:99999",
        "redis://:hush@h/0?socket_timeout=hush",
        "redis://:hush@h/0?hush=bar",
    ],
    "JWT_SECRET": ["short", "x" * 31],
    "JWT_SECRET_PREVIOUS": ["short"],
    "METRICS_TOKEN": ["x", "x" * 31],
    "REFRESH_KEYS": [SECRET, f"k1:{SECRET[:20]}", f"K1:{SECRET}", f"k1:{OTHER},k1:{SECRET[::-1]}", ":"],
    "LIMIT_LOGIN": [
        "10",
        "10/0",
        "0/60",
        "a/b",
        "10/60s",
        "-1/60",
        "10/86401",
        "10/60/",
        "10/60/0",
        "10/60:5",
        "1/60/1441",
    ],
    "BCRYPT_COST": ["3", "17"],
    "PASSWORD_MIN": ["7"],
    "PASSWORD_MAX": ["63", "257"],
    "CHARTER_ADMIN_EMAIL": ["admin", "admin@localhost", "ádmin@example.com"],
    "SIGN_IN_UNVERIFIED": ["maybe"],
    "REDIS_PREFIX": ["a:b", "a b", "x" * 65],
    "LOG_LEVEL": ["verbose"],
    "URI_LIMIT": ["65536"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_told_by_its_variable(name: str, value: str) -> None:
    lines = faults({name: value})

    assert [fault.split(" ")[0] for fault in lines] == [name]
    assert re.match(rf"{name} (must|has) ", lines[0])
    assert "hush" not in lines[0]


@pytest.mark.parametrize("ring", ["abc", f"k1:{OTHER},k2"])
def test_a_refresh_key_without_its_id_is_told_what_a_pair_is(ring: str) -> None:
    assert "must be id:secret pairs" in faults({"REFRESH_KEYS": ring})[0]


def test_a_tilde_that_names_no_home_is_told() -> None:
    assert faults({"CHARTER_STATE": "~no-such-account/state"}) == [
        'CHARTER_STATE must be a whole path, because ~ has no home folder here, not "~no-such-account/state".'
    ]


SECRETS = {variable(item) for item in fields(Config) if item.metadata["secret"]}


def test_a_fault_shows_the_value_of_a_variable_that_is_no_secret() -> None:
    lines = faults(dict.fromkeys(WRONG, "hush:hush"))

    assert len(lines) == len(WRONG)
    assert {line.split(" ")[0] for line in lines if "hush" in line}.isdisjoint(SECRETS)
    assert 'PORT must be a whole number from 0 to 65535, not "hush:hush".' in lines


def test_a_long_value_is_shortened() -> None:
    assert faults({"PORT": "9" * 200})[0].endswith(f', not "{"9" * 100}…".')


def test_every_mistake_is_told_at_once() -> None:
    lines = faults({name: values[0] for name, values in WRONG.items()})

    assert {fault.split(" ")[0] for fault in lines} == set(WRONG)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"SESSION_IDLE_DAYS": "91"}, "SESSION_IDLE_DAYS"),
        ({"PASSWORD_MIN": "100", "PASSWORD_MAX": "80"}, "PASSWORD_MIN"),
        ({"REFRESH_KEYS": f"k1:{SECRET}"}, "REFRESH_KEYS"),
        ({"REFRESH_KEYS": f"k1:{OTHER},k2:{OTHER}"}, "REFRESH_KEYS"),
        ({"JWT_SECRET_PREVIOUS": OTHER}, "REFRESH_KEYS"),
        ({"JWT_SECRET_PREVIOUS": SECRET}, "JWT_SECRET_PREVIOUS"),
        ({"METRICS_TOKEN": SECRET}, "METRICS_TOKEN"),
        ({"METRICS_TOKEN": OTHER}, "METRICS_TOKEN"),
        ({"METRICS_TOKEN": SECRET[::-1], "JWT_SECRET_PREVIOUS": SECRET[::-1]}, "METRICS_TOKEN"),
    ],
)
def test_values_that_contradict_each_other_are_told(changes: dict[str, str], name: str) -> None:
    assert [fault.split(" ")[0] for fault in faults(changes)] == [name]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"JWT_SECRET": "changeme-changeme-changeme-changeme-0"}, "JWT_SECRET"),
        ({"JWT_SECRET": "x" * 40}, "JWT_SECRET"),
        ({"JWT_SECRET_PREVIOUS": "this-is-my-secret-of-long-ago-1234567"}, "JWT_SECRET_PREVIOUS"),
        ({"REFRESH_KEYS": "k1:example-key-example-key-0123456789"}, "REFRESH_KEYS"),
        ({"METRICS_TOKEN": "changeme-changeme-changeme-changeme-0"}, "METRICS_TOKEN"),
        ({"METRICS_TOKEN": "t" * 32}, "METRICS_TOKEN"),
        ({"BCRYPT_COST": "9"}, "BCRYPT_COST"),
    ],
)
def test_placeholders_and_cheap_hashes_are_refused_in_production(changes: dict[str, str], name: str) -> None:
    assert [fault.split(" ")[0] for fault in faults(changes)] == [name]
    assert read({**changes, "CHARTER_ENV": "development"}).env == "development"


def test_a_test_deployment_may_hash_cheaply_but_has_real_secrets() -> None:
    changes = {"CHARTER_ENV": "test", "BCRYPT_COST": "4", "JWT_SECRET": "changeme-changeme-changeme-changeme-0"}
    assert [fault.split(" ")[0] for fault in faults(changes)] == ["JWT_SECRET"]


@pytest.mark.parametrize(
    "url",
    [
        "postgres://charter@db/charter",
        "postgresql://a:5432,b:5433/charter?target_session_attrs=read-write",
        "postgresql:///charter?host=%2Fvar%2Frun&port=5433",
    ],
)
def test_a_database_url_may_say_whatever_the_driver_reads(url: str) -> None:
    assert read({"DATABASE_URL": url}).database_url == url


def test_timeouts_in_the_database_url_are_sent_to_the_role() -> None:
    lines = faults({"DATABASE_URL": "postgresql://db/charter?options=-c%20statement_timeout%3D5s"})
    assert "ALTER ROLE" in lines[0]


def test_no_secret_is_shown() -> None:
    config = read(
        {
            "METRICS_TOKEN": "m3tricsQ8vX2mZr5Lw9Yb3Kd7Nf1Hs6J",
            "CHARTER_ADMIN_PASSWORD": "velvet anchor 3 turnip",
            "REDIS_URL": "redis://:hidden@c",
        }
    )

    shown = f"{config!r} {config}"
    for secret in (SECRET, OTHER, "hidden", "m3trics", "velvet"):
        assert secret not in shown
    assert "port=8080" in shown


def test_nothing_changes_after_the_start() -> None:
    with pytest.raises(FrozenInstanceError):
        read().port = 1  # type: ignore[misc]


def test_values_are_read_into_what_they_mean() -> None:
    config = read(
        {
            "TRUSTED_PROXIES": "10.0.0.0/8, 2001:db8::/32, ::ffff:192.0.2.0/120, ::ffff:192.0.2.9, ::/0",
            "CORS_ORIGINS": "https://a.example, http://localhost:3000",
            "PUBLIC_URL": "https://accounts.example.com/",
            "REFRESH_KEYS": f"k2:{OTHER}, k1:{SECRET[::-1]}",
            "LIMIT_LOGIN": "7/30",
            "LIMIT_WRITE": "120/60/20",
            "SIGN_IN_UNVERIFIED": "off",
            "CHARTER_STATE": "~/state",
            "STEP_UP_ACCOUNT_DELETION": "60",
        }
    )

    assert config.trusted_proxies == tuple(
        # An address of a socket, or of the header, is IPv4 where it is mapped.
        map(ip_network, ("10.0.0.0/8", "2001:db8::/32", "192.0.2.0/24", "192.0.2.9/32", "::/0"))
    )
    assert config.cors_origins == ("https://a.example", "http://localhost:3000")
    assert config.public_url == "https://accounts.example.com"
    assert [key_id for key_id, _ in config.refresh_keys] == ["k2", "k1"]
    assert config.buckets["login"] == Bucket(7, 30)
    assert config.buckets["write"] == Bucket(120, 60, 20)
    assert config.sign_in_unverified is False
    assert config.state_dir == Path("~/state").expanduser()
    assert config.recencies == {"account_deletion": 60}


DECLARED = {one.variable for one in declared_numbers.read().declared}


def test_the_catalogue_lists_every_setting_once_with_its_variable() -> None:
    listed = [name for name, _, _ in documented_variables()]

    assert [name for name in listed if name not in DECLARED] == [
        variable(item) for item in fields(Config) if "kind" not in item.metadata
    ]
    assert set(listed) > DECLARED
    assert len(set(listed)) == len(listed)
    assert all(name.isupper() and about for name, _, about in documented_variables())

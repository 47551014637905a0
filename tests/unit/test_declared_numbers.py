"""policies.yaml: a team's own rate limits, lifetimes and step-ups need no Python, and what is wrong has its line."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from app import declared_numbers
from app.config import Bucket, Config, ConfigError, documented_variables
from app.declared_numbers import PolicyNumbers, policy_files
from tests.unit.test_config import GOOD

OWN = """\
rate_limits:
  exports: {limit: 5/3600/2, description: Exports of a caller.}
cache:
  projects: {seconds: 60, description: "How long a project may be cached, in seconds."}
step_ups:
  project_deletion: {seconds: 300, description: How recent the sign-in must be to delete a project.}
"""


def declared(folder: Path, text: str) -> PolicyNumbers:
    (folder / "policies.yaml").write_text(text, "utf-8")
    return declared_numbers.read([*policy_files(), folder / "policies.yaml", folder / "missing.yaml"])


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment(GOOD, declared(folder, text))
    return [str(fault) for fault in caught.value.faults]


def read(changes: Mapping[str, str]) -> Config:
    return Config.from_environment({**GOOD, **changes})


def test_names_of_a_team_are_in_the_configuration_beside_those_of_charter(tmp_path: Path) -> None:
    numbers = declared(tmp_path, OWN)
    config = Config.from_environment({**GOOD, "CACHE_PROJECTS": "7", "LIMIT_READ": "1/2", "LIMIT_EXPORTS": ""}, numbers)
    assert (config.buckets["exports"], config.buckets["read"]) == (Bucket(5, 3600, 2), Bucket(1, 2))
    assert (config.lifetimes["projects"], config.lifetimes["profile"]) == (7, 300)
    assert config.recencies == {"account_deletion": 600, "project_deletion": 300}
    listed = {name: (default, about) for name, default, about in documented_variables(numbers)}
    assert listed["LIMIT_EXPORTS"] == ("5/3600/2", "exports of a caller")
    assert "LIMIT_EXPORTS" not in {name for name, _, _ in documented_variables()}


def test_a_variable_of_a_team_is_checked_like_the_others(tmp_path: Path) -> None:
    numbers = declared(tmp_path, OWN)
    with pytest.raises(ConfigError) as caught:
        Config.from_environment({**GOOD, "LIMIT_EXPORTS": "many", "CACHE_PROJECTS": "0", "PORT": "x"}, numbers)
    assert {fault.variable for fault in caught.value.faults} == {"LIMIT_EXPORTS", "CACHE_PROJECTS", "PORT"}


FAULTS = {
    "- a": "1: This file is not a mapping. Write names with their numbers into it.",
    "limits: {}": "1: There is no limits. Choose one of rate_limits, cache, step_ups.",
    "cache: [a]": "1: cache is not a mapping.",
    "cache:\n  a: 3": "2: a is not a mapping.",
    "cache:\n  Profile: {seconds: 3, description: It.}": "2: Profile is not a valid name of cache.",
    "rate_limits:\n  none: {limit: 1/1, description: It.}": "2: none is not a valid name of rate_limits.",
    "cache:\n  a: {limit: 3, description: It.}": "2: a must have seconds and description, and no other key.",
    "cache:\n  a: {seconds: 3}": "2: a must have seconds and description, and no other key.",
    "cache:\n  a:\n    seconds: 0\n    description: It.": "3: The seconds of a must be a whole number from 1 to ",
    "cache:\n  a:\n    seconds: [1]\n    description: It.": "3: This must be one value, not a list or a mapping.",
    "step_ups:\n  a: {seconds: 59, description: It.}": "2: The seconds of a must be",
    "rate_limits:\n  a: {limit: 5, description: It.}": "2: The limit of a must be count/seconds or count",
    "cache:\n  a:\n    seconds: 3\n    description: it": "4: The description of a is not a sentence.",
    "cache:\n  a: {seconds: 3, description: It.}\n  a: {seconds: 3, description: It.}": "3: The key a is",
    "cache:\n  profile: {seconds: 3, description: It.}": "policies.yaml:25 declares profile, too. Choose another name.",
    "cache:\n  replay_seconds: {seconds: 3, description: It.}": "2: replay_seconds would have the variable",
    "rate_limits:\n  account_failures: {limit: 1/1, description: It.}": "the variable LIMIT_ACCOUNT_FAILURES, which",
    "a: [": "2: This cannot be read: did not find expected node content.",
}


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    assert [fault for fault in faults(tmp_path, text) if FAULTS[text] in fault and "policies.yaml:" in fault]


@pytest.mark.parametrize(
    ("text", "size", "refill_seconds"),
    [("120/60", 120, 60), ("120/60/20", 20, 10), ("10/60/30", 30, 180), ("7/30/1", 1, 5), ("1/86400/1", 1, 86_400)],
)
def test_a_bucket_holds_its_burst_and_refills_at_its_rate(text: str, size: int, refill_seconds: int) -> None:
    bucket = read({"LIMIT_WRITE": text}).buckets["write"]

    assert (bucket.size, bucket.refill_seconds, str(bucket)) == (size, refill_seconds, text)

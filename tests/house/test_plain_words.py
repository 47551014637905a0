"""Code, document, tests and pages are written in plain words: no old name of this code and no riddle comes back.

To extend the list, add a line to WORDS: what must not be written, as a regular expression, and what to write instead.
"""

import re
from functools import cache

import pytest

from tests.house.repository import ROOT, check, files, shown

SEARCHED = ("app", "charter", "handlers", "models", "openapi", "docs", "sdk", "tests", "README.md", "Makefile")
# What is written once and stays as it was, and the two files that name the words.
LEFT_OUT = (
    "app/pages/vendor/",
    "app/security/data/",
    "docs/decisions/",
    "docs/glossary.md",
    "openapi/released/",
    "tests/house/test_plain_words.py",
)

# A word ends where its letters end: `told` is found in `was_told`, and not in `untold`. Small letters stand for
# capitals too, capitals for themselves.
WORDS = {
    # People
    "he|him|his|himself|she|her|hers|herself": "they, them, their, or the noun",
    "whoever": "the caller, the client, anybody who",
    # Phrases
    "in the same breath": "in the same query, at the same time",
    "hung up on|hangs? up on": "the connection is closed",
    "without a word": "without a response",
    "lets? go on": "raises Forbidden unless",
    "way outs?|ways out": "response sender, sender",
    "kept answers?": "stored response",
    "(?<!there )(?:[Ii]s|[Aa]re|was|were) none(?! of)": "is not valid, with the value and what would be right",
    "(?:an|the|its|no|one|every|each|first|same|cached|last) answers?": "response",
    "for ever": "forever",
    "in vain": "without success, or what did not happen",
    "in line with": "equal to, as in",
    "(?:is|are|was|were|goes) away": "is unavailable",
    "counts? as absent": "is ignored",
    "holds? (?:it|the coverage|a running Charter) against": "compare with, check, test",
    "of our own making": "that Charter creates",
    # Words with a usual name
    "anew|afresh": "again",
    "hence|thus": "so",
    "upon": "on",
    "e-mail": "email",
    "what the actor does not": "permissions that the actor lacks",
    # Old messages and titles
    "is not known here|nothing here\\.": "is not a property of this object, no resource has this path",
    "must leave at most": "a response has at most",
    "once means once|refused is not forgotten|degrade openly": "the present title of the law",
    # Old words of this code
    "mend|mends|mended|mending": "fix",
    "upkeep": "maintenance",
    "(?<!attack[_ ])surfaces?": "contract, document, API",
    "breath": "query, time",
    # Old names: rooms and modules
    r"app[./]policy": "app/spec or app/pipeline",
    r"app[./]surface": "app/pipeline/contract.py",
    r"app[./]chores": "app/background.py",
    r"app[./]settings|docs/settings\.md": "app/config.py, docs/configuration.md",
    r"gateway[./](?:validation|protocol|cycle|request_head|request_reader)": "app/spec/validation, app/gateway/http",
    r"services[./](?:tools|configuration)": "app/context/dependencies.py, app/services/settings.py",
    # Old names: classes, functions, constants
    "FrontDoor": "RequestParser",
    "front_door": "request_parser",
    "Visit|visit": "Request, request",
    "way_out": "sender",
    "KeptAnswers|kept_answers": "StoredResponses, stored_responses",
    "class (?:Call|Exit|Answer|Surface|Tools|Settings)": "RequestContext, ResponseSender, Response, Contract …",
    "class (?:Parts|Fitted|Plan|Claim)": "CompiledOperation, IdempotencyClaim",
    "class (?:Look|Kept|Key|Store)": "CacheLookup, CachedValue, CacheKey, CacheStore",
    r"TagTemplate\.spell|def spell": "expand",
    "_MOST_[A-Z]": "MAX_",
}


@cache
def _lines() -> tuple[tuple[str, str], ...]:
    """Return every line that is searched, each with its place."""
    chosen = [path for path in files() if shown(path).split("/")[0] in SEARCHED]
    texts = [path for path in chosen if not shown(path).startswith(LEFT_OUT) and b"\0" not in path.read_bytes()]
    return tuple(
        (f"{shown(path)}:{number}", line)
        for path in texts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    )


def found(word: str) -> list[str]:
    """Return where a word of the list stands, as lines of a message."""
    flags = re.IGNORECASE if word == word.lower() else re.NOFLAG
    pattern = re.compile(rf"(?<![A-Za-z])(?:{word})(?![a-z])", flags)
    return [f"{place}: {match[0]}" for place, line in _lines() if (match := pattern.search(line))]


@pytest.mark.parametrize("word", WORDS, ids=[re.sub(r"\W+", " ", word).strip() for word in WORDS])
def test_no_word_stands_where_there_is_a_plainer_one(word: str) -> None:
    check(found(word), f"Write instead: {WORDS[word]}.")


def test_every_place_that_is_searched_is_there() -> None:
    gone = [name for name in SEARCHED if not (ROOT / name).exists()]
    check(gone, "Delete these from SEARCHED in tests/house/test_plain_words.py.")

"""A refresh token is derived, has one spelling, and opens nothing once anything in it is changed."""

import base64
import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import InvalidRefreshToken
from app.security.refresh_tokens import RefreshTokenClaims, RefreshTokens

OLD, NEW = ("old-key", "o" * 32), ("k_2", "n" * 32)
ring = RefreshTokens([NEW, OLD])
SESSION = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
ACCOUNT = UUID("01890a5d-ac96-774b-bcce-b302099a8058")


@settings(max_examples=100)
@given(st.uuids(), st.integers(0, 2**32 - 1), st.sampled_from(["k_2", "old-key"]), st.none() | st.uuids())
def test_a_token_reads_as_what_it_was_derived_from(
    session_id: UUID, generation: int, key_id: str, user_id: UUID | None
) -> None:
    token = ring.derive(session_id, generation, key_id, user_id)
    assert token == ring.derive(session_id, generation, key_id, user_id)
    assert ring.read(token) == RefreshTokenClaims(session_id, generation, key_id, user_id)


@settings(max_examples=100)
@given(st.data(), st.sampled_from([None, ACCOUNT]))
def test_a_token_with_any_character_changed_is_refused(data: st.DataObject, user_id: UUID | None) -> None:
    token = ring.derive(SESSION, 7, "k_2", user_id)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from(string.printable).filter(lambda letter: letter != token[place]))
    with pytest.raises(InvalidRefreshToken):
        ring.read(token[:place] + letter + token[place + 1 :])


@pytest.mark.parametrize(("user_id", "unused"), [(None, 16), (ACCOUNT, 4)])
def test_the_unused_bits_of_the_last_character_give_no_second_spelling(user_id: UUID | None, unused: int) -> None:
    token = ring.derive(SESSION, 7, "k_2", user_id)
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    twins = [token[:-1] + letter for letter in alphabet]
    body = token.partition(".")[2]
    same_bytes = [
        twin for twin in twins if base64.urlsafe_b64decode(twin[4:] + "==") == base64.urlsafe_b64decode(body + "==")
    ]
    assert len(same_bytes) == unused
    accepted = []
    for twin in twins:
        try:
            ring.read(twin)
        except InvalidRefreshToken:
            continue
        accepted.append(twin)
    assert accepted == [token]


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "k_2.", "k_2", "k_2." + "A" * 70, "k_2." + "A" * 71, "k_2." + "A" * 91, "none." + "A" * 70, "é" * 74,
        "k_2." + "\ud800" * 70, "A" * 10_000,
    ],
)  # fmt: skip
def test_what_was_never_issued_is_refused(token: str) -> None:
    with pytest.raises(InvalidRefreshToken) as refused:
        ring.read(token)
    assert len(token) < 5 or token not in str(refused.value) + refused.value.reason


@pytest.mark.parametrize("around", ["{}\n", " {}", "{} ", "{}=", "{}==", "\t{}"])
def test_nothing_may_stand_around_a_token(around: str) -> None:
    with pytest.raises(InvalidRefreshToken):
        ring.read(around.format(ring.derive(SESSION, 1, "k_2")))


def test_a_token_of_one_key_is_not_one_of_another_with_the_same_secret() -> None:
    twins = RefreshTokens([("a", "s" * 32), ("b", "s" * 32)])
    token = twins.derive(SESSION, 1, "a")
    with pytest.raises(InvalidRefreshToken):
        twins.read("b" + token[1:])


def test_the_newest_key_signs_and_a_key_that_left_the_ring_reads_nothing() -> None:
    assert ring.current_key_id == "k_2"
    token = ring.derive(SESSION, 1, "old-key")
    shorter = RefreshTokens([NEW])
    with pytest.raises(InvalidRefreshToken):
        shorter.read(token)
    with pytest.raises(InvalidRefreshToken):
        shorter.derive(SESSION, 1, "old-key")


def test_the_same_id_with_another_secret_reads_nothing() -> None:
    with pytest.raises(InvalidRefreshToken):
        RefreshTokens([("k_2", "x" * 32)]).read(ring.derive(SESSION, 1, "k_2"))


def test_generations_and_sessions_have_tokens_of_their_own() -> None:
    tokens = {ring.derive(session, number, "k_2") for session in (SESSION, uuid4()) for number in range(50)}
    assert len(tokens) == 100


@pytest.mark.parametrize(
    "keys", [[], [("k", "a"), ("k", "b")], [("K", "a")], [("", "a")], [("a.b", "a")], [("a" * 17, "a")]]
)
def test_a_ring_that_is_none_is_refused(keys: list[tuple[str, str]]) -> None:
    with pytest.raises(ValueError, match="key ring"):
        RefreshTokens(keys)

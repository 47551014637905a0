"""Fingerprints: keyed, the same for the same content, and recognised after a change of secret."""

import pytest

from app.security.fingerprints import Fingerprints

OLD, NEW = "the old secret of somebody", "the new secret of somebody"


def test_a_change_of_secret_recognises_what_the_old_one_made() -> None:
    [kept] = Fingerprints([OLD]).of(b"content")
    assert kept in Fingerprints([NEW, OLD]).of(b"content")
    assert kept not in Fingerprints([NEW]).of(b"content")
    assert Fingerprints([NEW, OLD]).of(b"content")[0] == Fingerprints([NEW]).of(b"content")[0]


def test_content_tells_them_apart_and_nothing_of_it_shows() -> None:
    made = Fingerprints([OLD])
    assert made.of(b"content") != made.of(b"content ")
    assert {len(fingerprint) for fingerprint in made.of(b"content" * 1000)} == {32}


def test_a_secret_is_needed() -> None:
    with pytest.raises(ValueError, match="secret"):
        Fingerprints([])

"""Pages and files of the reference: what is sent, what its tag names, and that large pages are kept small."""

import gzip
import tracemalloc
from pathlib import Path

import pytest

from app.pages.representations import CACHE_CONTROL, IMMUTABLE, PackedFile, Representation


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "viewer.js.gz"
    file.write_bytes(gzip.compress(b"let a = 1"))
    return file


@pytest.mark.parametrize(("accepted", "encoding"), [(None, None), ("gzip", "gzip")])
def test_a_packed_file_is_sent_plain_or_packed(file: Path, accepted: str | None, encoding: str | None) -> None:
    response = PackedFile(file, "text/javascript").respond(accept_encoding=accepted, if_none_match=None)
    sent = gzip.decompress(response.data) if encoding else response.data
    assert (sent, response.headers.get("Content-Encoding")) == (b"let a = 1", encoding)


def test_a_file_that_changes_gets_another_tag_and_is_not_stored_for_long(file: Path) -> None:
    viewer = PackedFile(file, "text/javascript")

    def ask(tag: str | None = None):
        return viewer.respond(accept_encoding="gzip", if_none_match=tag, version=viewer.version)

    before = ask()
    file.write_bytes(gzip.compress(b"let a = 2"))
    after = ask(before.headers["ETag"])

    assert (before.headers["Cache-Control"], after.headers["Cache-Control"]) == (IMMUTABLE, CACHE_CONTROL)
    assert gzip.decompress(after.data) == b"let a = 2"
    assert before.headers["ETag"] != after.headers["ETag"]
    assert ask(after.headers["ETag"]).status_code == 304


def test_a_large_page_is_kept_compressed_and_sent_as_clients_accept_it() -> None:
    def text() -> bytes:
        return b'{"openapi": "3.0.3"}' * 20_000

    tracemalloc.start()
    page = Representation(text(), "application/json")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < len(text()) / 10
    assert page.content == text()
    plain, packed = (page.respond(accept_encoding=accepted, if_none_match=None) for accepted in (None, "gzip"))
    assert (plain.data, plain.headers.get("Content-Encoding")) == (text(), None)
    assert (gzip.decompress(packed.data), packed.headers["Content-Encoding"]) == (text(), "gzip")
    assert packed.headers["ETag"] == plain.headers["ETag"].removesuffix('"') + '-gzip"'

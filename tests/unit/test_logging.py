"""The log: one line an event, readable by machines, without secrets, and not to be forged."""

import ast
import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import peewee
import pytest
import structlog

from app.config import Config
from app.database import jobs
from app.observability import log_writer as log_lines
from app.observability import logging as log
from app.observability import traces
from app.observability.slow_queries import log_slow_query, log_slow_query_of_the_team

Lines = Callable[[], list[dict[str, Any]]]
REQUEST = {
    "request_id": "r-1",
    "operation_id": "get_me",
    "method": "GET",
    "path": "/v1/users/me",
    "status": 200,
    "duration_ms": 3.14159,
    "user_id": "u-1",
    "queries": 1,
}


@pytest.fixture(autouse=True)
def _back_to_standard_error() -> Iterator[None]:
    yield
    log.configure(Config(log_level="error"))


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    """The lines written since the test began, as the JSON that they must be."""
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    log.configure(Config(env="production", log_level="debug"), descriptor=descriptor)

    def written() -> list[dict[str, Any]]:
        assert log.flush()
        return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]

    yield written
    os.close(descriptor)


def test_a_request_is_one_line_with_all_that_is_asked_of_it(lines):
    log.log_request(**REQUEST)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        **REQUEST, "level": "info", "event": "request", "duration_ms": 3.14, "code": None, "slow": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "level"),
    [({"duration_ms": 500.0}, "info"), ({"duration_ms": 500.1}, "warning"), ({"status": 503}, "warning")],
    ids=["at the mark", "over it", "failed"],
)
def test_a_slow_or_failed_request_is_a_warning(lines, change, level):
    log.log_request(**{**REQUEST, **change})
    assert [line["level"] for line in lines()] == [level]


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\x1b", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\ud800"]
)
def test_no_value_ends_its_line_or_turns_a_terminal(tmp_path, character):
    for form in ("json", "console"):
        path = tmp_path / form
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
        log.configure(Config(log_format=form), descriptor=descriptor)
        log.log_request(**{**REQUEST, "path": f"/a{character}b"})
        structlog.get_logger().info(f"say{character}so", value=f"c{character}d", nested={"key": [f"e{character}f"]})
        log.flush()
        os.close(descriptor)
        written = path.read_bytes()
        assert written.count(b"\n") == 2
        assert character.encode("utf-8", "surrogatepass") not in written.replace(b"\n", b"")


def test_secrets_are_masked_however_deep(lines):
    structlog.get_logger().info(
        "sign-in",
        password="hunter2",
        new_password="hunter2",
        refresh_token="hunter2",
        JWT_SECRET="hunter2",
        headers={"Authorization": "hunter2", "list": [{"cookie": "hunter2"}]},
        url="postgresql://charter:hunter2@db/charter",
        header="Bearer hunter2",
        claim="eyJhbGciOiJub25lIn0.eyJzdWIiOiJodW50ZXIyIn0.",
        deep={"a": {"b": {"c": {"d": {"e": {"f": "hunter2"}}}}}},
        user_id="u-1",
    )
    (line,) = lines()
    assert "hunter2" not in json.dumps(line)
    assert "eyJ" not in json.dumps(line)
    assert line["user_id"] == "u-1"
    assert line["url"] == "postgresql://***@db/charter"


def _failing() -> None:
    driver = Exception(
        'duplicate key value violates unique constraint "users_email"\nDETAIL:  Key (hash)=($2b$) exists.'
    )
    try:
        raise driver
    except Exception as error:
        raise peewee.IntegrityError(str(error)) from error


def test_a_failure_has_its_trace_but_not_the_rows_that_the_database_shows(lines):
    with pytest.raises(peewee.IntegrityError) as caught:
        _failing()
    log.log_failure(caught.value, request_id="r-1", code="INTERNAL_ERROR")
    (line,) = lines()
    assert line["level"] == "error"
    assert line["request_id"] == "r-1"
    assert "in _failing" in line["exception"]
    assert "users_email" in line["exception"]
    assert "$2b$" not in line["exception"]


def test_a_value_that_the_database_could_not_read_is_left_out(lines):
    log.log_failure(peewee.DataError('invalid input syntax for type uuid: "hunter2"'), request_id="r", code="C")
    (line,) = lines()
    assert line["exception"] == "DataError: invalid input syntax for type uuid"


def test_libraries_are_heard_from_warnings_upwards_even_when_we_debug(lines):
    logging.getLogger("peewee").debug("SELECT 1 with ('hunter2',)")
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("uvicorn.error").warning("odd %s", "request\nforged")
    log.LibraryLogHandler().emit(logging.LogRecord("broken", logging.WARNING, "", 0, "wrong %d", ("number",), None))
    structlog.get_logger().debug("ours")
    assert [(line["event"], line.get("logger")) for line in lines()] == [
        ("odd request\nforged", "uvicorn.error"),
        ("wrong %d", "broken"),
        ("ours", None),
    ]


def test_a_slow_query_is_a_warning_with_its_statement_cut_and_folded(lines):
    log_slow_query("SELECT *\n    FROM users WHERE id = %(id)s" + " " * 9 + "x" * 1000, 123.456)
    (line,) = lines()
    assert (line["level"], line["event"], line["ms"]) == ("warning", "slow_query", 123.5)
    assert line["statement"].startswith("SELECT * FROM users WHERE id = %(id)s x")
    assert len(line["statement"]) == 500


def test_a_trace_is_written_once_a_minute_for_each_kind_and_the_error_each_time(lines, monkeypatch):
    def fail(number: int, kind: type[Exception] = ValueError) -> None:
        with pytest.raises(kind) as caught:
            raise kind(f"number {number}")
        log.log_failure(caught.value, request_id=f"r-{number}", code="UNAVAILABLE", reason="database")

    for number in range(3):
        fail(number)
    fail(3, KeyError)
    monkeypatch.setattr(traces, "TRACE_SECONDS", 0.0)
    fail(4)

    written = lines()
    assert [line["error"] for line in written] == [
        "ValueError: number 0", "ValueError: number 1", "ValueError: number 2", "KeyError: 'number 3'",
        "ValueError: number 4",
    ]  # fmt: skip
    assert ["exception" in line for line in written] == [True, False, False, True, True]
    assert [line.get("trace_with") for line in written] == [None, "r-0", "r-0", None, None]
    assert [line.get("traces_left_out") for line in written] == [None, None, None, None, 2]


def test_no_line_of_code_is_parsed_for_a_trace(lines, monkeypatch):
    """Python 3.11 cannot parse in two threads at the same time: there, one of the two gets a SystemError."""
    parse, parsed = ast.parse, []

    def note(*words: Any, **options: Any) -> Any:
        parsed.append(words)
        return parse(*words, **options)

    monkeypatch.setattr(ast, "parse", note)
    empty: dict[str, str] = {}
    with pytest.raises(KeyError) as caught:
        len(empty["missing"])
    log.log_failure(caught.value, request_id="r-1", code="INTERNAL_ERROR")
    (line,) = lines()
    assert 'len(empty["missing"])\nKeyError' in line["exception"]
    assert parsed == []


def test_in_development_only_the_statements_of_requests_and_chores_are_slow(lines):
    log_slow_query_of_the_team("CREATE TABLE migrations", 200)
    for request_id in (jobs.BACKGROUND, "chore", "r-7"):
        jobs.set_current(jobs.Job(request_id, "any"))
        try:
            log_slow_query_of_the_team("SELECT 1", 200)
        finally:
            jobs.set_current(None)

    assert [line["request_id"] for line in lines()] == ["chore", "r-7"]


def test_a_thread_s_lines_say_which_request_it_works_for(lines):
    jobs.set_current(jobs.Job("r-7", "list_users"))
    try:
        log_slow_query("SELECT 1", 200)
        structlog.get_logger().info("own", request_id="r-8")
    finally:
        jobs.set_current(None)
    log_slow_query("SELECT 1", 200)

    named = [(line["event"], line.get("request_id"), line.get("operation_id")) for line in lines()]
    assert named == [("slow_query", "r-7", "list_users"), ("own", "r-8", "list_users"), ("slow_query", None, None)]


def test_what_the_interpreter_would_print_by_itself_is_a_line(lines, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    assert log_lines._Process.writer is not None
    log.configure(Config(env="production"), descriptor=log_lines._Process.writer._descriptor)

    class Sore:
        def __del__(self) -> None:
            raise ValueError("in a finaliser")

    Sore()
    dying = threading.Thread(target=lambda: 1 / 0)
    dying.start()
    dying.join()

    assert [(line["event"], line["error"]) for line in lines()] == [
        ("unraisable", "ValueError: in a finaliser"),
        ("thread_died", "ZeroDivisionError: division by zero"),
    ]


def test_a_log_that_cannot_be_written_fails_nobody():
    descriptor = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space"):
        os.write(descriptor, b"x")
    log.configure(Config(), descriptor=descriptor)
    log.log_request(**REQUEST)
    assert log.flush()
    os.close(descriptor)
    log.log_request(**REQUEST)
    assert log.flush()


def test_development_is_readable_and_without_colours_where_nobody_sees_them(tmp_path):
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    log.configure(Config(env="development"), descriptor=descriptor)
    log.log_request(**REQUEST)
    log.flush()
    os.close(descriptor)
    written = path.read_text(encoding="utf-8")
    assert "request" in written
    assert "operation_id=get_me" in written
    assert "\x1b" not in written


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(("level", "number"), [("debug", 2), ("info", 2), ("warning", 1), ("error", 0)])
def test_the_level_is_kept(tmp_path, form, level, number):
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    log.configure(Config(log_format=form, log_level=level), descriptor=descriptor)
    log.log_request(**REQUEST)
    log.log_request(**{**REQUEST, "status": 500})
    log.flush()
    os.close(descriptor)
    assert path.read_bytes().count(b"\n") == number

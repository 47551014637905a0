"""What an editor says of the x- keys: a YAML language server is asked, as editors ask it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.prove import pins
from tests.prove.proof import ROOT
from tests.prove.tools import fetch_node

_OPENAPI = ROOT / "openapi"
# What a person may write in paths/user_profile.yaml, what stands there, and what the editor says of it.
_MISTAKES = (
    ("{policy: profile, tags: ['user:{user_id}']}", "{policy: profile, tags: settings}", 'Expected "array"'),
    ("{policy: profile, tags: ['user:{user_id}']}", "{policy: profile}", 'Missing property "tags"'),
    ("{policy: profile, tags: ['user:{user_id}']}", "{policy: a profile, tags: [users]}", "does not match the pattern"),
    ("x-cache:", "x-cached:", "Property x-cached is not allowed"),
    ("x-precondition: required", "x-precondition: always", "Value is not accepted"),
    ("  x-permission: profiles:read\n", "", 'Missing property "x-permission"'),
    ("  parameters:\n", "  parameters:\n    - {name: a, x-owner: a}\n", "Property x-owner is not allowed"),
)
_PATIENCE_SECONDS = 60


def check_completions(folder: Path) -> None:
    """Have a YAML language server read the document, and mistakes in it.

    Raises:
        AssertionError: it misses a mistake, sees one where there is none, or does not offer the keys.
    """
    program = fetch_node(folder, pins.YAML_LANGUAGE_SERVER) / "yaml-language-server"
    server = LanguageServer([str(program), "--stdio"], folder)
    try:
        for file in sorted([*_OPENAPI.glob("paths/*.yaml"), *_OPENAPI.glob("components/**/*.yaml")]):
            assert server.findings(file, file.read_text(encoding="utf-8")) == [], file
        config = _OPENAPI / "settings.yaml"
        assert server.findings(config, config.read_text(encoding="utf-8")) == []
        mistaken = server.findings(_OPENAPI / "mistaken.yaml", f"{_mark(config)}a.key: {{visibility: hidden}}\n")
        assert any("Missing property" in message for message in mistaken), mistaken
        right = (_OPENAPI / "paths/user_profile.yaml").read_text(encoding="utf-8")
        for number, (before, after, finding) in enumerate(_MISTAKES):
            wrong = _OPENAPI / f"paths/mistake_{number}.yaml"
            assert before in right, before
            found = server.findings(wrong, right.replace(before, after, 1))
            assert any(finding in message for message in found), (after, found)
        _check_offers(server, right)
    finally:
        server.stop()


def _mark(file: Path) -> str:
    return file.read_text(encoding="utf-8").splitlines(keepends=True)[0]


def _check_offers(server: "LanguageServer", right: str) -> None:
    vocabulary = json.loads((_OPENAPI / "extensions.schema.json").read_text(encoding="utf-8"))
    keys = vocabulary["$defs"]["operation"]["properties"]
    begun = _OPENAPI / "paths/begun.yaml"
    head = "\n".join([right.splitlines()[0], "get:", "  operationId: get_profile", "  x-"])
    server.findings(begun, head)
    offered = server.completions(begun, line=3, column=4)
    assert set(keys) <= set(offered), offered
    chosen = _OPENAPI / "paths/chosen.yaml"
    server.findings(chosen, f"{head}precondition: ")
    assert server.completions(chosen, line=3, column=len("  x-precondition: ")) == ["accepted", "required"]
    assert keys["x-precondition"]["title"] in server.explanation(chosen, line=3, column=4)


class LanguageServer:
    """A YAML language server on its standard input and output (Language Server Protocol 3.17)."""

    def __init__(self, words: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._number = 0
        self._told: dict[str, list[dict[str, Any]]] = {}
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), capabilities={})
        self.tell("initialized")

    def findings(self, file: Path, text: str) -> list[str]:
        """Open a file with this text, whether it is on the disk or not; return what the server finds wrong in it."""
        address = file.as_uri()
        self.tell(
            "textDocument/didOpen", textDocument={"uri": address, "languageId": "yaml", "version": 1, "text": text}
        )
        while address not in self._told:
            self._take(self._read())
        return [finding["message"] for finding in self._told[address]]

    def completions(self, file: Path, line: int, column: int) -> list[str]:
        """Return what the server offers at a place, counted from 0."""
        place = {"line": line, "character": column}
        offered = self.ask("textDocument/completion", textDocument={"uri": file.as_uri()}, position=place)
        return [item["label"] for item in (offered["items"] if isinstance(offered, dict) else offered)]

    def explanation(self, file: Path, line: int, column: int) -> str:
        """Return what the server explains at a place, counted from 0."""
        place = {"line": line, "character": column}
        told = self.ask("textDocument/hover", textDocument={"uri": file.as_uri()}, position=place)
        return json.dumps(told)

    def ask(self, method: str, **params: Any) -> Any:
        """Ask, and return the result."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        number = self._number
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def tell(self, method: str, **params: Any) -> None:
        """Tell, and expect no response."""
        self._send({"method": method, "params": params})

    def stop(self) -> None:
        """Stop the server."""
        self._process.kill()
        self._process.wait(_PATIENCE_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            self._told[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif method and "id" in message:
            # A file is judged by what stands in its first line, never by a catalogue of schemas on the network.
            config = {"schemaStore": {"enable": False}, "validate": True, "completion": True, "hover": True}
            asked = message["params"].get("items", []) if method == "workspace/configuration" else []
            response = [config if item.get("section") == "yaml" else {} for item in asked]
            self._send({"id": message["id"], "result": response or None})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        size = 0
        while head := self._process.stdout.readline().strip():
            name, _, value = head.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        body = self._process.stdout.read(size)
        assert body, "the language server has ended"
        message: dict[str, Any] = json.loads(body)
        return message

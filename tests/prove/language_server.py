"""What an editor says of the x- keys: a YAML language server is asked, as editors ask it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.prove.proof import ROOT

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


def check_completions(program: Path, root: Path) -> None:
    """Have a YAML language server read a checkout, and mistakes in it, with the settings of the workspace alone.

    Args:
        program: the language server.
        root: a copy of the checkout, with its `.vscode/settings.json`.

    Raises:
        AssertionError: it misses a mistake, sees one where there is none, or does not offer the keys.
    """
    openapi = root / "openapi"
    server = LanguageServer([str(program), "--stdio"], root)
    try:
        for file in _files(openapi):
            assert server.findings(file, file.read_text(encoding="utf-8")) == [], file
        mistaken = server.findings(openapi / "settings.yaml", "a.key: {visibility: hidden}\n")
        assert any("Missing property" in message for message in mistaken), mistaken
        right = (openapi / "paths/user_profile.yaml").read_text(encoding="utf-8")
        for number, (before, after, finding) in enumerate(_MISTAKES):
            wrong = openapi / f"paths/mistake_{number}.yaml"
            assert before in right, before
            found = server.findings(wrong, right.replace(before, after, 1))
            assert any(finding in message for message in found), (after, found)
        _check_offers(server, openapi)
    finally:
        server.stop()


def check_project(program: Path, root: Path) -> None:
    """Have a YAML language server read a project that uses an installed Charter, and mistakes in it.

    Raises:
        AssertionError: as `check_completions`.
    """
    server = LanguageServer([str(program), "--stdio"], root)
    try:
        files = _files(root / "openapi")
        assert any(file.parent.name == "paths" for file in files), files
        for file in files:
            text = file.read_text(encoding="utf-8")
            assert server.findings(file, text) == [], file
            if file.parent.name == "paths":
                found = server.findings(file, text.replace("x-permission:", "x-permision:"))
                assert any("x-permision is not allowed" in message for message in found), found
        _check_offers(server, root / "openapi")
    finally:
        server.stop()


def _files(openapi: Path) -> list[Path]:
    names = ("openapi.yaml", "settings.yaml", "paths/*.yaml", "components/**/*.yaml")
    return sorted(file for name in names for file in openapi.glob(name))


def _check_offers(server: "LanguageServer", openapi: Path) -> None:
    vocabulary = json.loads((_OPENAPI / "extensions.schema.json").read_text(encoding="utf-8"))
    keys = vocabulary["$defs"]["operation"]["properties"]
    begun = openapi / "paths/begun.yaml"
    head = "get:\n  operationId: get_profile\n  x-"
    server.findings(begun, head)
    offered = server.completions(begun, line=2, column=4)
    assert set(keys) <= set(offered), offered
    chosen = openapi / "paths/chosen.yaml"
    server.findings(chosen, f"{head}precondition: ")
    assert server.completions(chosen, line=2, column=len("  x-precondition: ")) == ["accepted", "required"]
    assert keys["x-precondition"]["title"] in server.explanation(chosen, line=2, column=4)


class LanguageServer:
    """A YAML language server on its standard input and output (Language Server Protocol 3.17).

    Args:
        words: the command.
        folder: the workspace; the server gets what its `.vscode/settings.json` has, as VS Code sends it.
    """

    def __init__(self, words: list[str], folder: Path) -> None:
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        self._number, self._versions = 0, 0
        self._settings = json.loads((folder / ".vscode/settings.json").read_text(encoding="utf-8"))
        self._configured = False
        self._told: dict[str, list[dict[str, Any]]] = {}
        workspace = {"uri": folder.as_uri(), "name": folder.name}
        able = {"workspace": {"configuration": True, "workspaceFolders": True}}
        self.ask("initialize", processId=None, rootUri=folder.as_uri(), workspaceFolders=[workspace], capabilities=able)
        self.tell("initialized")
        while not self._configured:
            self._take(self._read())

    def findings(self, file: Path, text: str) -> list[str]:
        """Open a file with this text, whether it is on the disk or not; return what the server finds wrong in it."""
        address = file.as_uri()
        self._versions += 1
        self._told.pop(address, None)
        opened = {"uri": address, "languageId": "yaml", "version": self._versions, "text": text}
        self.tell("textDocument/didOpen", textDocument=opened)
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
            # A file is judged by the schemas of the workspace, never by a catalogue of schemas on the network.
            config = {
                **dict(_of_yaml(self._settings)),
                "schemaStore": {"enable": False},
                **dict.fromkeys(("validate", "completion", "hover"), True),
            }
            asked = message["params"].get("items", []) if method == "workspace/configuration" else []
            response = [config if item.get("section") == "yaml" else {} for item in asked]
            self._send({"id": message["id"], "result": response or None})
            self._configured = self._configured or bool(asked)

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


def _of_yaml(settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the settings of the section `yaml` without the beginning of their names."""
    for name, value in settings.items():
        if name.startswith("yaml."):
            yield name.removeprefix("yaml."), value

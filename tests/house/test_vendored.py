"""The files of others that are kept here have a version, a licence and a checksum, and load nothing from elsewhere."""

import gzip
import json
import re

from tests.house.repository import ROOT, check, files, shown
from tests.vendored import FOLDER, LIST, digest

PACKAGES = json.loads((FOLDER / LIST).read_text(encoding="utf-8"))
FILES = {file["name"]: file for package in PACKAGES for file in package["files"]}
# Addresses of other hosts in the files: names of XML dialects, links that people may follow, and texts of messages.
# The Content-Security-Policy of the pages lets none of them be loaded.
HOSTS = {
    "redoc.js": {
        "babel helpers and react": {"github.com", "react.dev", "reactrouter.com", "yarnpkg.com"},
        "names": {"www.w3.org"},
        "descriptions of OpenAPI, and links of the viewer": {"redocly.com", "en.wikipedia.org", "commonmark.org"},
        "buttons that appear only with the URL of a document, which it does not get": {"chatgpt.com", "claude.ai"},
        "telemetry, which is turned off": {"otel.cloud.redocly.com"},
        "icons that only a document could ask for": {"cdn.redocly.com"},
        "examples": {"example.com", "localhost"},
    },
    "swagger-ui.css": {"names": {"www.w3.org"}},
    "swagger-ui.js": {
        "names": {"www.w3.org", "json-schema.org", "spec.openapis.org"},
        "texts of messages and comments": {"fb.me", "github.com", "reactjs.org", "redux.js.org", "vladimirgorej.com"},
        "links of the viewer": {"swagger.io", "datatracker.ietf.org", "www.rfc-editor.org", "spdx.org"},
        "the badge of a validator, which is turned off": {"validator.swagger.io"},
        "hashtags and mentions of a Markdown reader, which are links": {
            "instagram.com",
            "soundcloud.com",
            "twitter.com",
            "www.facebook.com",
            "www.tiktok.com",
        },
        "examples": {"example.com"},
    },
}


def content(name: str) -> bytes:
    return gzip.decompress((FOLDER / f"{name}.gz").read_bytes())


def test_each_file_has_the_checksum_of_the_list():
    wrong = [name for name, file in FILES.items() if digest(content(name)) != file["sha256"]]
    check(wrong, "Run `make vendor`, and look at what has changed: these files are not those of the list.")
    for file in FILES.values():
        assert (file["source_sha256"] == file["sha256"]) == (not file.get("changes")), file["name"]
        assert all(change["why"].endswith(".") for change in file.get("changes", ()))


def test_each_package_has_a_version_and_its_licence_and_nothing_else_is_there():
    listed = {LIST} | {f"{name}.gz" for name in FILES}
    for package in PACKAGES:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"] in ("MIT", "Apache-2.0")
        assert package["licences"]
        listed |= {licence["name"] for licence in package["licences"]}
    there = {path.name for path in files("app/pages/vendor/*")}
    check(sorted(listed ^ there), f"Make {shown(FOLDER / LIST)} and the files beside it agree.")
    assert "MIT License" in (FOLDER / "redoc.LICENSE.txt").read_text("utf-8")
    assert "Apache License" in (FOLDER / "swagger-ui.LICENSE.txt").read_text("utf-8")


def test_the_addresses_of_other_hosts_in_the_files_are_known():
    for name in FILES:
        found = {match.decode() for match in re.findall(rb"https?://([a-z0-9.-]+\.[a-z]+|localhost)", content(name))}
        known = {host for hosts in HOSTS.get(name, {}).values() for host in hosts}
        check(sorted(found - known), f"{name} names these hosts: find out what for, and add them to HOSTS.")
        check(sorted(known - found), f"{name} no longer names these hosts: take them out of HOSTS.")


def test_our_own_files_of_the_pages_name_no_other_host():
    own = files("app/pages/reference/static/*")
    named = [
        f"{shown(path)}: {host}"
        for path in own
        for host in re.findall(r"https?://([^/\s\"'`<>]+)", path.read_text("utf-8"))
        if host not in ("accounts.example.com", "www.w3.org")
    ]
    assert len(own) >= 4
    check(named, "Take these addresses out: a page loads only files of its own server.")
    assert (ROOT / "app/pages/reference/static/favicon.svg").is_file()

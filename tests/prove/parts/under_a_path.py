"""Behind nginx and HAProxy that compress and add a path, references lead on and guarded writes are done."""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx

from tests.command import Server
from tests.prove.proof import connect, free_port, needed, until_reached
from tests.prove.quick_start import EMAIL, PASSWORD, development

_LONGEST_STOP_SECONDS = 20
PROFILE = {"display_name": "New", "locale": None, "time_zone": None, "avatar_url": None, "bio": None}
NGINX = """
daemon off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    gzip on; gzip_proxied any; gzip_min_length 1; gzip_types application/json;
    server {{
        listen 127.0.0.1:{port};
        location = /accounts {{ return 301 /accounts/; }}
        location /accounts/ {{ proxy_pass http://{target}/; proxy_http_version 1.1; }}
    }}
}}
"""
HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend all
    bind 127.0.0.1:{port}
    acl below path_beg /accounts/
    http-request deny deny_status 404 unless below
    http-request replace-path ^/accounts(/.*)$ \\1
    compression algo gzip
    compression type application/json
    default_backend charter
backend charter
    server charter {target}
"""


def prove(place: Path) -> None:
    """Serve behind each of them, and do what clients do."""
    nginx = needed("nginx", package="nginx-light", purpose="put it in front of Charter")
    haproxy = needed("haproxy", package="haproxy", purpose="put it in front of Charter")
    proxies: Mapping[str, tuple[str, Callable[[Path], list[str]]]] = {
        "nginx": (NGINX, lambda file: [nginx, "-c", str(file), "-e", str(place / "error.log")]),
        "haproxy": (HAPROXY, lambda file: [haproxy, "-f", str(file)]),
    }
    for name, (text, words) in proxies.items():
        port = free_port()
        public = f"http://127.0.0.1:{port}/accounts"
        server = Server("serve", **development(place, PUBLIC_URL=public))
        try:
            target = server.address().removeprefix("http://")
            file = place / f"{name}.conf"
            file.write_text(text.format(place=place, port=port, target=target))
            with _running(words(file), port):
                print(f"{name}: {_walk(public, name)}", flush=True)
        finally:
            server.end(signal.SIGINT)


def _walk(public: str, name: str) -> str:
    with httpx.Client(base_url=public, timeout=30) as client:
        credentials = {"email": EMAIL, "password": PASSWORD}
        token = client.post(f"{public}/v1/auth/login", json=credentials).json()["data"]["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        made = client.post(
            f"{public}/v1/users",
            json={"email": f"{name}@example.com", "password": PASSWORD, "profile": {"display_name": "Somebody"}},
        )
        account = urljoin(public, made.headers["location"])
        assert client.get(account).json()["data"] == made.json()["data"]
        listed = client.get(f"{public}/v1/users", params={"limit": 1}).json()["meta"]["pagination"]
        assert client.get(urljoin(public, listed["next"])).status_code == 200

        first = client.get(f"{account}/profile")
        assert first.headers["content-encoding"] == "gzip", "the proxy does not compress"
        tags = [first.headers["etag"]]
        for bio in ("One.", "Two.", "Three."):
            response = client.put(f"{account}/profile", json={**PROFILE, "bio": bio}, headers={"If-Match": tags[-1]})
            assert response.status_code == 200, response.text
            tags.append(response.headers["etag"])
        stale = client.put(f"{account}/profile", json=PROFILE, headers={"If-Match": tags[0]})
        assert (stale.status_code, "has changed" in stale.text) == (412, True), stale.text
        assert client.get(f"{account}/profile", headers={"If-None-Match": tags[-1]}).status_code == 304
        assert client.delete(account, headers={"If-Match": tags[0]}).status_code == 412
        assert client.delete(account, headers={"If-Match": client.get(account).headers["etag"]}).status_code == 204

        page = client.get(f"{public}/", follow_redirects=True)
        assert str(page.url) == f"{public}/docs"
        parts = re.findall(r'(?:href|src)="([^"]+)"', page.text)
        assert len(parts) >= 4
        assert {part: client.get(urljoin(str(page.url), part)).status_code for part in parts} == dict.fromkeys(
            parts, 200
        )
        document = client.get(f"{public}/openapi.json")
        again = client.get(f"{public}/openapi.json", headers={"If-None-Match": document.headers["etag"]})
        assert again.status_code == 304
        assert document.json()["servers"] == [{"url": public}]
        return f"tags came as {', '.join(tags)}; the document as {document.headers['etag']}"


@contextmanager
def _running(words: list[str], port: int) -> Iterator[None]:
    proxy = subprocess.Popen(words)
    try:
        until_reached(proxy, lambda: connect(port), OSError)
        yield
    finally:
        proxy.terminate()
        proxy.wait(_LONGEST_STOP_SECONDS)

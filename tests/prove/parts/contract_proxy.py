"""`charter contract` proves a deployment behind nginx that has a certificate of its own, adds a path, and buffers."""

import signal
import subprocess
import sys
from pathlib import Path

from app.spec.operation import operations
from tests.command import ROOT, Server, clean_environment
from tests.document import DOCUMENT
from tests.prove.mutants.runner import ADMIN, PASSWORD, SETTINGS
from tests.prove.proof import connect, free_port, needed, run, until_reached
from tests.servers import Servers, place_for_servers
from tests.service import REFRESH_KEYS, SECRET

_NGINX = """
daemon off; pid {place}/nginx.pid; error_log {place}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    client_max_body_size 2m; large_client_header_buffers 4 128k; proxy_buffering on; merge_slashes off;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {place}/certificate.pem; ssl_certificate_key {place}/key.pem;
        location /accounts/ {{
            proxy_pass http://{target}/; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
    }}
}}
"""
_CERTIFICATE = (
    *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
    *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
)
_CHECKS = ("permissions", "preconditions", "caching", "pagination", "objects", "framing", "trail")
# Schemathesis has to trust the certificate and to find the path, too; a few operations show whether it does.
_FUZZED = {"login", "get_me", "create_role", "get_role", "delete_role"}


def prove(place: Path) -> None:
    """Run the kit through nginx: without trust it says what is missing, with trust it proves and removes all."""
    nginx = needed("nginx", package="nginx-light", purpose="put it in front of Charter")
    openssl = needed("openssl", package="openssl", purpose="make a certificate")
    run(openssl, "req", "-x509", *_CERTIFICATE, "-keyout", "key.pem", "-out", "certificate.pem", cwd=place)
    port = free_port()
    url = f"https://localhost:{port}/accounts"
    with place_for_servers() as folder:
        servers = Servers(folder)
        try:
            servers.start()
            servers.make_template()
            server = Server(
                "serve",
                CHARTER_ENV="test",
                CHARTER_ADMIN_EMAIL=ADMIN,
                CHARTER_ADMIN_PASSWORD=PASSWORD,
                DATABASE_URL=servers.clone(),
                REDIS_URL=servers.empty_redis(),
                JWT_SECRET=SECRET,
                REFRESH_KEYS=REFRESH_KEYS,
                PUBLIC_URL=url,
                **{**SETTINGS, "BCRYPT_COST": "4"},
            )
            try:
                _behind(nginx, place, url, port, server.address().removeprefix("http://"))
            finally:
                server.end(signal.SIGTERM)
        finally:
            servers.stop()


def _behind(nginx: str, place: Path, url: str, port: int, target: str) -> None:
    file = place / "nginx.conf"
    file.write_text(_NGINX.format(place=place, port=port, target=target), encoding="utf-8")
    proxy = subprocess.Popen([nginx, "-c", str(file), "-e", str(place / "error.log")])
    try:
        until_reached(proxy, lambda: connect(port), OSError)
        code, told = _kit(url, "--only", "objects")
        assert (code, "--ca-file names a file of those to trust" in told) == (2, True), told
        trust = ("--ca-file", str(place / "certificate.pem"))
        checks = [word for name in _CHECKS for word in ("--only", name)]
        code, told = _kit(url, *trust, *checks)
        assert code == 0, told
        names = [operation.body["operationId"] for operation in operations(DOCUMENT)]
        skipped = [word for name in names if name not in _FUZZED for word in ("--skip", name)]
        code, told = _kit(url, *trust, "--only", "fuzz", "--examples", "2", *skipped)
        assert code == 0, told
    finally:
        proxy.terminate()
        proxy.wait(20)


def _kit(url: str, *options: str) -> tuple[int, str]:
    """Run the kit; return its exit code and what it says."""
    words = [sys.executable, "-m", "app.cli", "contract", "--base-url", url, "--admin-email", ADMIN, *options]
    environment = clean_environment(CONTRACT_ADMIN_PASSWORD=PASSWORD)
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    print(f"{' '.join(options)[:60]}: {done.stdout.strip().splitlines()[-1]}", flush=True)
    return done.returncode, done.stdout + done.stderr

"""The HTTP clients of Java and curl sign in while they offer HTTP/2 on the same connection."""

import json
import signal
import subprocess
from pathlib import Path

from tests.command import Server
from tests.prove.proof import needed
from tests.prove.quick_start import EMAIL, PASSWORD, development

CREDENTIALS = json.dumps({"email": EMAIL, "password": PASSWORD})
# Two requests on one connection, and a body that comes after its head, as the client likes it.
JAVA = """
import java.net.URI;
import java.net.http.*;

class SignIn {
  public static void main(String[] words) throws Exception {
    var client = HttpClient.newHttpClient();
    for (int number = 0; number < 2; number++) {
      var request = HttpRequest.newBuilder(URI.create(words[0])).header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(words[1])).build();
      var response = client.send(request, HttpResponse.BodyHandlers.ofString());
      System.out.println(response.statusCode() + " " + response.version() + " " + response.body());
    }
  }
}
"""


def prove(place: Path) -> None:
    """Start a server, and sign in with each of them."""
    java = needed("java", package="default-jdk-headless", purpose="sign in with Java's own HTTP client")
    curl = needed("curl", package="curl", purpose="sign in with curl")
    source = place / "SignIn.java"
    source.write_text(JAVA)
    server = Server("serve", **development(place))
    try:
        url = f"{server.address()}/v1/auth/login"
        for line in printed(java, str(source), url, CREDENTIALS).splitlines():
            assert line.startswith("200 HTTP_1_1 {"), line
        offer = [curl, "--silent", "--show-error", "--http2", "--header", "Content-Type: application/json"]
        assert f'"{EMAIL}"' in printed(*offer, "--data", CREDENTIALS, url, url)
    finally:
        code = server.end(signal.SIGTERM)
    assert code == 0, server.printed


def printed(*words: str) -> str:
    """Return what a command prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout

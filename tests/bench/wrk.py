"""wrk as the driver: its scripts are written here, its output is read here.

wrk is written in C. Beside a server of some thousand responses a second it uses a few percent of its core.
"""

import json
import math
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.bench.driver import CONNECTIONS, HOST, PATIENCE_SECONDS, LoadError, Measured, NoResponseError
from tests.bench.traffic import Request

# The last line that wrk writes. Its own summary is for people.
_DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n{"microseconds":%d,"responses":%d,"refused":%d,"unanswered":%d,"p50":%f,"p99":%f,"slowest":%f}\\n',
    summary.duration, summary.requests, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99), latency.max))
end
"""
# The next request takes the token of the oldest response that has not been used. Which connection sends it does not
# matter: a token belongs to a session, not to a connection. The first request that wrk asks for it does not send.
_REFRESHES = """
local first, last, asked = 1, #tokens, false
request = function()
  local body = '{"refresh_token": "' .. tokens[first] .. '"}'
  if not asked then
    asked = true
    return wrk.format(nil, nil, nil, body)
  end
  tokens[first] = nil
  first = first + 1
  return wrk.format(nil, nil, nil, body)
end
response = function(status, headers, body)
  last = last + 1
  tokens[last] = string.match(body, '"refresh_token"%s*:%s*"([^"]+)"') or "none"
end
"""


def same(request: Request) -> str:
    """Return a script that sends the same request forever."""
    lines = [f"wrk.method = {_text(request.method)}"]
    lines += [f"wrk.headers[{_text(name)}] = {_text(value)}" for name, value in request.headers.items()]
    if request.body:
        lines.append(f"wrk.body = {_text(request.body)}")
    return "\n".join(lines) + "\n"


def refreshes(tokens: Sequence[str]) -> str:
    """Return a script of users who each send the refresh token that they just received."""
    head = 'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
    return head + _list("tokens", tokens) + _REFRESHES


def run(
    program: str, port: int, path: str, script: str, seconds: float, place: Path, connections: int = CONNECTIONS
) -> Measured:
    """Let wrk send requests for some seconds.

    Args:
        program: the path of wrk.
        place: a folder for the script.

    Raises:
        LoadError: a response was not 2xx, or did not come.
    """
    file = place / "load.lua"
    file.write_text(script + _DONE)
    command = [program, "--threads", "1", "--connections", str(connections), "--duration", f"{whole(seconds)}s"]
    command += ["--timeout", f"{PATIENCE_SECONDS:.0f}s", "--script", str(file), f"http://{HOST}:{port}{path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LoadError(f"wrk failed: {(done.stderr or done.stdout).strip()[:500]}")
    return read(done.stdout)


def whole(seconds: float) -> int:
    """Return the seconds as wrk takes them, which knows no fractions."""
    return max(1, math.ceil(seconds))


def read(output: str) -> Measured:
    """Return what wrk measured.

    Raises:
        LoadError: a response was not 2xx, or did not come, or there is no result.
    """
    lines = output.strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (IndexError, ValueError) as error:
        raise LoadError(f"wrk wrote no result: {output.strip()[-500:]}") from error
    if found["refused"]:
        raise LoadError(f"{found['refused']} of {found['responses']} responses were not 2xx")
    if found["unanswered"]:
        raise LoadError(f"{found['unanswered']} requests got no response")
    if not found["responses"]:
        raise NoResponseError
    rate = found["responses"] / found["microseconds"] * 1e6
    return Measured(rate, *(found[name] / 1000 for name in ("p50", "p99", "slowest")))


def _list(name: str, values: Sequence[str]) -> str:
    return f"local {name} = {{{', '.join(map(_text, values))}}}\n"


def _text(value: str) -> str:
    """Return a string of Lua; everything but letters and digits by its number."""
    letters = (chr(one) if one < 128 and chr(one).isalnum() else f"\\{one:03d}" for one in value.encode())
    return f'"{"".join(letters)}"'

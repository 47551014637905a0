"""Cross-origin requests of browsers: parsing of configured origins (WHATWG URL, Fetch), and lists of headers."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

# Request headers of tracing libraries in browsers: W3C, Sentry, Zipkin and Istio, Datadog, New Relic, Elastic, AWS,
# Google, Azure, Jaeger, Honeycomb, Dynatrace, Instana; and headers that other libraries add by themselves.
TRACING = (
    "traceparent, tracestate, baggage, sentry-trace, b3, x-b3-traceid, x-b3-spanid, x-b3-parentspanid, x-b3-sampled"
    ", x-b3-flags, x-datadog-trace-id, x-datadog-parent-id, x-datadog-origin, x-datadog-sampling-priority"
    ", x-datadog-tags, newrelic, elastic-apm-traceparent, x-amzn-trace-id, x-cloud-trace-context, request-id"
    ", request-context, uber-trace-id, x-honeycomb-trace, x-dtc, x-dtpc, x-instana-t, x-instana-s, x-instana-l"
    ", x-correlation-id, x-requested-with, cache-control, pragma"
)
# Response headers that proxies add for the same purpose.
MEASURED = "server-timing, traceparent, traceresponse"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
# Origins of applications and extensions, such as capacitor://localhost; compared unchanged, since the host is opaque.
_OTHER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9._-]+(?::[0-9]{1,5})?)")
# Schemes for which browsers send null, or from which no page is loaded.
_NO_ORIGINS = frozenset(
    {"about", "blob", "data", "file", "filesystem", "ftp", "javascript", "view-source", "ws", "wss"}
)
_AS_SENT = "write it as browsers send it, such as https://app.example.com"


def origin(value: str) -> str:
    """Return an origin as browsers send it: lower case and without a default port for the web, others unchanged.

    Raises:
        ValueError: the origin is invalid; the message continues a sentence about a variable, and never has the value.
    """
    if value.lower() == "null":
        raise ValueError("has null, which every sandboxed frame and local file sends; name origins of your own only")
    if "*" in value:
        raise ValueError("has a *; list each origin, such as https://app.example.com")
    if not value.isascii():
        raise ValueError("has a host beyond ASCII; write it as browsers send it, beginning with xn--")
    scheme, separator, rest = value.partition("://")
    if not separator:
        raise ValueError(f"has an origin without a scheme; {_AS_SENT}")
    if scheme.lower() in _NO_ORIGINS:
        raise ValueError(f"has an origin whose scheme does not identify one site; {_AS_SENT}")
    if any(mark in rest for mark in "/?#@"):
        raise ValueError(f"has an origin with more than a host and a port, such as a slash at its end; {_AS_SENT}")
    sent = _of_the_web(value) if scheme.lower() in _DEFAULT_PORTS else _of_an_application(value)
    if sent is None:
        raise ValueError(f"has an origin that no browser sends; {_AS_SENT}")
    return sent


def web_url(value: str) -> SplitResult | None:
    """Return the parts of an http or https URL with a host and a possible port, else None."""
    try:
        parts = urlsplit(value)
        _ = parts.port  # read because it raises an error for an invalid port
    except ValueError:
        return None
    return parts if parts.scheme in _DEFAULT_PORTS and parts.hostname and not re.search(r"\s", value) else None


def _of_the_web(value: str) -> str | None:
    parts = web_url(value)
    if parts is None:
        return None
    host = parts.hostname or ""
    if ":" in host or host.rpartition(".")[2].isdigit():
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        host = f"[{address}]" if address.version == 6 else str(address)
    elif not _HOST.fullmatch(host):
        return None
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _of_an_application(value: str) -> str | None:
    match = _OTHER.fullmatch(value)
    return f"{match[1].lower()}://{match[2]}" if match else None

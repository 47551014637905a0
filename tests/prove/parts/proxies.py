"""nginx and HAProxy as docs/proxies.md sets them up, while two servers behind them are restarted in turn."""

from pathlib import Path

from tests.prove.proof import needed
from tests.prove.restarts import Deployment, HAProxy, Nginx


def prove(place: Path) -> None:
    """Restart behind each proxy, under load.

    Raises:
        AssertionError: a request failed, or something of the page is not so.
    """
    nginx = needed("nginx", package="nginx-light", purpose="restart servers behind it")
    haproxy = needed("haproxy", package="haproxy", purpose="restart servers behind it")
    with Deployment(place) as deployment:
        for kind, program in ((HAProxy, haproxy), (Nginx, nginx)):
            with kind(place, program, deployment.ports) as proxy:
                deployment.walk(proxy)
                deployment.restart_each_under_load(proxy)

"""From HTTP to an operation and back.

Connexion is imported here first: it asks for three HTTP clients that no server of ours uses, and that would take a
quarter of the time to start and seven megabytes of each worker.
"""

from app.gateway.unused_modules import left_out

with left_out("httpx", "requests", "starlette.testclient"):
    import connexion  # noqa: F401 (everything that is imported from it later has this one)

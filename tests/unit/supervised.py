"""A supervisor with small workers, in a process of its own: `python -m tests.unit.supervised`.

SUPERVISED holds JSON: how many `workers`, the `code` of one, and constants of the supervisor's module to `set`. It
prints its log as JSON lines, and last what `run` returned.
"""

import json
import os
import sys
import tempfile

import structlog

from app.cli import supervisor
from app.cli.listening import bind_port
from app.observability.multiprocess import WorkerMetrics, shared_folder


def main() -> None:
    told = json.loads(os.environ["SUPERVISED"])
    for name, value in told["set"].items():
        setattr(supervisor, name, value)
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.WriteLoggerFactory(file=sys.stdout)
    )
    with tempfile.TemporaryDirectory() as place, shared_folder(place) as folder:
        print(json.dumps({"event": "folder", "folder": str(folder)}), flush=True)
        one = supervisor.Supervisor(
            lambda *numbers: [told["set"].get("COMMAND", sys.executable), "-c", told["code"], *map(str, numbers)],
            workers=told["workers"],
            listener=bind_port("127.0.0.1", 0),
            stop_seconds=0,
            ready=lambda: print(json.dumps({"event": "ready"}), flush=True),
            metrics=WorkerMetrics(),
        )
        ended = one.run()
        print(json.dumps({"event": "ended", "asked": ended}), flush=True)


if __name__ == "__main__":
    main()

"""The program: the `charter` script, and `python -m app.cli`."""

import sys

from app.cli import starting
from app.cli.stopping import keep_standard_descriptors, print_line, stoppable

# The commands that run until they are stopped. Ctrl-C ends the others as it ends any program.
_SERVING = (["serve"], ["dev"], ["mock"])


def run() -> None:
    """Run the command. A command that serves handles signals before the first slow import."""
    keep_standard_descriptors()
    if sys.argv[1:2] not in _SERVING:
        _command()
    with stoppable():
        if sys.argv[1] == "mock":
            _command()
        else:
            starting.begin()
            _server()
    print_line("stopped", err=True)
    sys.exit(0)


def _command() -> None:
    from app.cli import main

    main(prog_name="charter")


def _server() -> None:
    # The other commands would take memory in a process that runs for months.
    from app.cli.root import root
    from app.cli.serve import dev, serve

    root(serve, dev)(prog_name="charter")


if __name__ == "__main__":
    run()

"""The program: the `charter` script, and `python -m app.cli`."""

import sys

from app.cli.stopping import keep_standard_descriptors, stoppable, tell

# What runs until it is stopped; the other commands end by themselves, and Ctrl-C ends them as it ends any program.
_SERVING = (["serve"], ["dev"])


def run() -> None:
    """Run the command. What serves heeds signals before the first import that takes time."""
    keep_standard_descriptors()
    if sys.argv[1:2] not in _SERVING:
        _command()
    with stoppable():
        _command()
    tell("stopped", err=True)
    sys.exit(0)


def _command() -> None:
    from app.cli import main

    main(prog_name="charter")


if __name__ == "__main__":
    run()

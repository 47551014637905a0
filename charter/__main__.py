"""The program: the `charter` script, and `python -m charter`."""

from app.cli.__main__ import run

if __name__ == "__main__":
    run()

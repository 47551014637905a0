"""What bcrypt itself allows: password checks in a loop and nothing else.

Usage: bcrypt_alone COST SECONDS. Writes checks a second, their p50, p99 and slowest in milliseconds, and the share of
the core that the process had.
"""

import sys
from time import perf_counter, process_time

import bcrypt

from tests.bench.driver import summarise

PASSWORD = b"x" * 44
"""As long as the digest that Charter hands to bcrypt."""


def main(cost: int, seconds: float) -> None:
    """Check one password over and over, and write how that went."""
    stored = bcrypt.hashpw(PASSWORD, bcrypt.gensalt(cost))
    latencies = []
    used, begin = process_time(), perf_counter()
    now = begin
    while now - begin < seconds:
        assert bcrypt.checkpw(PASSWORD, stored)
        latencies.append(perf_counter() - now)
        now += latencies[-1]
    core_share = (process_time() - used) / (now - begin)
    figures = summarise(latencies, now - begin)
    sys.stdout.write(f"{figures.rate} {figures.p50} {figures.p99} {figures.slowest} {core_share}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))

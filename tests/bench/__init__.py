"""Charter measured beside what else one could have taken: `make bench`, never part of `make test`."""

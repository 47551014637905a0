"""Tests that start and stop many real servers, which takes longer than the suite of `make test` has time for."""

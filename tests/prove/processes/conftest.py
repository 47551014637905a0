"""Fixtures of the tests that start several processes."""

from tests.integration.conftest import password_hash

__all__ = ["password_hash"]

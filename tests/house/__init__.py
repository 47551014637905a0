"""Tests about the code base itself: they hold the walls up."""

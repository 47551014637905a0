"""Handlers of the bench document."""

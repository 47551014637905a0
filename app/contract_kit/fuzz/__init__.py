"""Schemathesis in a process of its own, kept to what the run has made."""

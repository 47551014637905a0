"""The handlers of the tests' own document."""

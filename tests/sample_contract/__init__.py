"""A small document of the tests' own, with handlers that misbehave when asked to."""

"""Code of a project that raises what ends more than a request."""

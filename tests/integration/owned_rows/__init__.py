"""A resource whose rows have an owner: a document, handlers, models and a table of the tests' own."""

"""The document: loaded, checked and compiled at start, and by `charter spec`; `validation/` checks each request."""

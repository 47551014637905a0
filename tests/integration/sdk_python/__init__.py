"""The Python package, built from the document of this checkout, against a running Charter."""

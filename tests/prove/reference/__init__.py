"""The reference in a browser, and its samples."""

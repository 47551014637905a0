"""The document: loaded, checked and compiled when the process starts, and by the command `charter spec`."""

"""Writes the files of a new project, and of new resources in it. Nothing here is used by a server."""

"""The OpenAPI document: read from its files, joined, and remembered line by line."""

from app.spec.document.bundle import Document, load
from app.spec.document.form import malformed
from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.tree import METHODS, Node, Pointer, nodes, parse_pointer, resolve

__all__ = [
    "METHODS",
    "Document",
    "DocumentError",
    "Fault",
    "Node",
    "Place",
    "Pointer",
    "load",
    "malformed",
    "nodes",
    "parse_pointer",
    "resolve",
]

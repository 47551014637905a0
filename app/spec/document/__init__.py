"""The OpenAPI document: read from its files and joined into one, with the file and line of every part."""

from app.spec.document.bundle import Document
from app.spec.document.loading import load, load_partly
from app.spec.document.meta_schema import meta_schema_faults
from app.spec.document.partial import Faults, Incomplete
from app.spec.document.patterns import pattern_faults
from app.spec.document.places import DocumentError, Fault, Place
from app.spec.document.tree import METHODS, Node, Pointer, nodes, operations_of, parse_pointer, resolve

__all__ = [
    "METHODS",
    "Document",
    "DocumentError",
    "Fault",
    "Faults",
    "Incomplete",
    "Node",
    "Place",
    "Pointer",
    "load",
    "load_partly",
    "meta_schema_faults",
    "nodes",
    "operations_of",
    "parse_pointer",
    "pattern_faults",
    "resolve",
]

"""How the files of a document are laid out: the order of keys, blank lines, quotes. Nothing here changes a meaning."""

from app.spec.layout.arranging import NotYamlError, UnsafeChangeError, arranged

__all__ = ["NotYamlError", "UnsafeChangeError", "arranged"]

"""The reference for people and for programs that read: `/docs`, `/docs/try`, a page for each operation, `llms.txt`."""

from app.pages.reference.reference import Reference

__all__ = ["Reference"]

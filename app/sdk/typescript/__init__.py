"""The TypeScript package: types and methods by templates, around the hand-written layer."""

from app.sdk.typescript.build import build_typescript, size_of_typescript

__all__ = ["build_typescript", "size_of_typescript"]

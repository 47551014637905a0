"""The rules of accounts and access: keyword-argument functions grouped by noun; no HTTP."""

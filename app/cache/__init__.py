"""Redis or Valkey: optional at any time. It never holds secrets or authorization decisions."""

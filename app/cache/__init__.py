"""Redis or Valkey: an aid that may be away at any time, and holds nothing secret and no verdict."""

"""From HTTP to an operation and back."""

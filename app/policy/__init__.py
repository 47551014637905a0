"""What the document declares about an operation, compiled once into an ordered tuple of steps."""

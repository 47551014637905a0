"""What happens to one request: an ordered tuple of steps, compiled for each operation when the process starts."""

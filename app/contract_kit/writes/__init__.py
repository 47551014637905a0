"""What the check `writes` does with an operation that makes, changes or removes something."""

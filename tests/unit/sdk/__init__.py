"""What the packages for clients are generated from."""

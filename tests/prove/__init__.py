"""What `make prove` runs: longer than a test may take, or in need of more than Python."""

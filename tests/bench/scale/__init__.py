"""A million users: filled in by `make seed-large`, and what each read costs beside ten thousand, by `make bench-scale`."""

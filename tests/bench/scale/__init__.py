"""A million users: made by `make seed-large`; what each read costs beside ten thousand, by `make bench-scale`."""

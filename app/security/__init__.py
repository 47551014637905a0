"""Authentication: passwords, tokens, client addresses, and the principal of a request."""

"""What one would write without Charter: small, ordinary applications that do the same work."""

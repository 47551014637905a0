"""The services, without the wire, on a real PostgreSQL."""

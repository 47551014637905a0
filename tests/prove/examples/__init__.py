"""What the proof of the examples needs: a Charter that signs with public keys, and requests to a resource server."""

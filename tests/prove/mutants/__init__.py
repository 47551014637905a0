"""Mistakes that a server might have, and the proof that `charter contract` finds each of them."""

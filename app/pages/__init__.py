"""Pages for people, served by Flask."""

"""Handlers: one module per tag, one function per operation, translating arguments into a service call and back."""

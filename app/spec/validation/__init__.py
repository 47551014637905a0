"""Bodies and parameters: parsed strictly, and validated against the schemas, which are compiled at start."""

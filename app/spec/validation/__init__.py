"""Bodies and parameters, parsed strictly and held against the document; everything is compiled at start."""

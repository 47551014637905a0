"""The packages for clients, built from the bundle of the document and the hand-written code in `sdk/`."""

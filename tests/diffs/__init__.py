"""Changes of a document, each with the rules that must find it: for our comparison, and for a second opinion."""

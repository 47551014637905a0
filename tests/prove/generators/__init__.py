"""Client generators that other people use: each makes a client of the document, and a compiler reads it."""

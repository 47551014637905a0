"""One module for each part of the proof; `prove(place)` runs it in a folder of its own."""

"""The reports of a run: JSON, HTML in one file, JUnit, and a summary for the terminal."""

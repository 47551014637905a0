"""The checks: each module has one, a function that is given the run. `catalogue` lists them in their order."""

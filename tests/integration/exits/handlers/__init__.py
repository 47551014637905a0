"""The handlers of a project, which raise what a test says."""

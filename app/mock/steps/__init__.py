"""The steps that take the place of those that need the database; `app.mock.compiling` has the order."""

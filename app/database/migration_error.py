"""The error of migrations, apart from them: they import peewee-migrate, which is slow."""


class MigrationError(Exception):
    """A migration cannot run; the message says what to do."""

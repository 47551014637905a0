"""The chores of a project: when each was last begun, so that one process of all runs it."""

from peewee import TextField

from models.record import Record, UtcDateTimeField


class ChoreRun(Record):
    """The last run of one chore. While it lasts, `ended_at` is null, and nobody else may begin before `free_at`."""

    name = TextField(unique=True)
    started_at = UtcDateTimeField()
    free_at = UtcDateTimeField()
    ended_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "charter_chore_runs"

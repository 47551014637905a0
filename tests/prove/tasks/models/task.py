"""Tasks: what somebody has to do."""

from charter.models import Record, User, reference, text


class Task(Record):
    """A task of an account."""

    user = reference(User, on_delete="CASCADE")
    name = text(max_length=100)

    class Meta:
        table_name = "tasks"

"""Projects: what an account works on."""

from charter.models import Record, User, choice, reference, text, version


class Project(Record):
    """A project of an account."""

    user = reference(User, on_delete="CASCADE")
    name = text(max_length=100)
    status = choice("open", "archived", default="open")
    version = version()

    class Meta:
        table_name = "projects"

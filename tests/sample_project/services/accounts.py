"""What the shop does when something happens to an account, and at intervals."""

from datetime import timedelta

from models.project import Project

from charter import Context, chore, errors, execute, fetch_one, on, transaction
from charter.models import User

KEPT = "Vital"


@on("user.deleted")
def keep_vital_projects(context: Context, user: User) -> None:
    """Refuse to delete an account with a vital project.

    Raises:
        DeclaredError: it has one.
    """
    if fetch_one(Project.select(Project.id).where((Project.user == user.id) & (Project.name == KEPT))):
        raise errors.declared("VITAL_PROJECT")


@on("user.suspended")
def archive_projects(context: Context, user: User) -> None:
    """Archive the projects of a suspended account."""
    with transaction():
        execute(Project.update(status="archived").where(Project.user == user.id))


@chore(every=timedelta(hours=1))
def forget_archived(context: Context) -> None:
    """Delete archived projects."""
    with transaction():
        execute(Project.delete().where(Project.status == "archived"))

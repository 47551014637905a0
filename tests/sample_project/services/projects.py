"""The projects of an account."""

from uuid import UUID

from models.project import Project

from charter import Context, Listing, Page, errors, execute, fetch, fetch_one, transaction


def list_of(page: Page, user_id: UUID) -> Listing:
    """Return a page of the projects of an account, the newest first."""
    found = fetch(Project.select().where(Project.user == user_id).order_by(Project.id.desc()))
    return Listing(found[page.offset : page.offset + page.limit], len(found), total_is_exact=True)


def create(context: Context, user_id: UUID, name: str) -> Project:
    """Create a project."""
    now = context.dependencies.clock()
    project = Project(user=user_id, name=name, created_at=now, updated_at=now)
    with transaction():
        execute(Project.insert(project.__data__))
    return project


def find(user_id: UUID, project_id: UUID) -> Project:
    """Return a project of an account.

    Raises:
        NotFound: the account has no such project.
    """
    project = fetch_one(Project.select().where((Project.id == project_id) & (Project.user == user_id)))
    if project is None:
        raise errors.NotFound
    return project


def rename(context: Context, user_id: UUID, project_id: UUID, name: str) -> Project:
    """Give a project another name."""
    find(user_id, project_id)
    values = {"name": name, "version": Project.version + 1, "updated_at": context.dependencies.clock()}
    with transaction():
        execute(Project.update(values).where(Project.id == project_id))
        return find(user_id, project_id)


def delete(user_id: UUID, project_id: UUID) -> None:
    """Delete a project."""
    find(user_id, project_id)
    with transaction():
        execute(Project.delete().where(Project.id == project_id))

"""The services' tools for a command, which knows the document's permissions and no server."""

from datetime import UTC, datetime

from app.factory import OPENAPI, build_tools
from app.policy.permissions import load_permissions
from app.services.tools import Tools
from app.settings import Settings


def tools_for(settings: Settings) -> Tools:
    """Return what the services need, as the server has it.

    Raises:
        DocumentError: permissions.yaml is wrong.
    """
    permissions = load_permissions(OPENAPI / "permissions.yaml")
    catalogue = {name: permission.description for name, permission in permissions.items()}
    return build_tools(settings, catalogue, clock=lambda: datetime.now(UTC))

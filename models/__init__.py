"""The tables as Peewee models, one noun a file. Migrations own the schema; a test keeps the two equal.

Which to write:

- A query with the models, as a rule: `fetch(Role.select().where(Role.built_in))`, `execute(Session.delete()…)`; see
  `app.database.model_queries`. A join fills the instance that a foreign key names; RETURNING gives rows back. A foreign
  key that was not joined is the id alone, so nothing queries the database unseen.
- SQL text with `run`, where the bench shows the statement to be hot or Peewee cannot say it. A comment above it gives
  the reason. `models.user_row` makes instances of its rows, so a column stands in one place.
"""

from models.activity import ActivityHour, ActivityWatermark, RemovedSession
from models.audit_client import AuditClient
from models.audit_event import AuditEvent
from models.health_check import HealthCheck
from models.idempotency_key import IdempotencyKey
from models.pending_invalidation import PendingInvalidation
from models.role import Role
from models.role_permission import RolePermission
from models.session import Session
from models.setting import Setting
from models.sign_in_attempt import SignInAttempt
from models.user import User, UserProfile
from models.user_count import UserCount

__all__ = [
    "ActivityHour",
    "ActivityWatermark",
    "AuditClient",
    "AuditEvent",
    "HealthCheck",
    "IdempotencyKey",
    "PendingInvalidation",
    "RemovedSession",
    "Role",
    "RolePermission",
    "Session",
    "Setting",
    "SignInAttempt",
    "User",
    "UserCount",
    "UserProfile",
]

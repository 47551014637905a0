"""The tables as Peewee models, one noun a file. Migrations own the schema; a test keeps the two equal.

Write ordinary reads and writes with these models and Peewee's query builder, and run them with `fetch`, `fetch_one`,
`fetch_value` or `execute` of `charter`. A join fills the instance that a foreign key names; a foreign key that was not
joined is the id alone, so nothing queries the database unseen. Write SQL text only for a query that the bench shows to
be hot, or that Peewee cannot say; tests/house/test_sql.py lists these texts with their reasons. A model is also the
type of its rows, so do not define a second one. docs/contributing.md, *Models or SQL*, has examples.
"""

from models.activity import ActivityHour, ActivityWatermark, RemovedSession
from models.audit_client import AuditClient
from models.audit_entry import AuditEntry
from models.audit_label import AuditLabel
from models.audit_role import AuditRole
from models.chore_run import ChoreRun
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
    "AuditEntry",
    "AuditLabel",
    "AuditRole",
    "ChoreRun",
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

"""The tables as Peewee models, one noun a file. Migrations own the schema; a test holds the two equal."""

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
from models.user import User
from models.user_count import UserCount
from models.user_profile import UserProfile

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

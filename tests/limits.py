"""Rate limits that nobody reaches, for servers whose limits are not what is tested."""

from app.config import BUCKETS

WIDE_LIMITS = {f"LIMIT_{name.upper()}": "100000/60" for name in BUCKETS}

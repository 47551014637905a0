"""Every change."""

from tests.diffs.operations import OPERATIONS, POLICIES, REQUESTS, RESPONSES, TEXTS
from tests.diffs.schemas import SCHEMA_EDITS

EDITS = (*OPERATIONS, *POLICIES, *REQUESTS, *RESPONSES, *TEXTS, *SCHEMA_EDITS)
"""Each with the rules that must find it."""

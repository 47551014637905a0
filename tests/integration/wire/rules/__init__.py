"""The rules of RFC 9112 and RFC 9110 that tell a server to reject, ignore or trim, each with the bytes that try it.

`docs/http.md` shows the same rules in the same words; test_http_rules.py compares the two and sends the bytes.
"""

from tests.integration.wire.rules.bodies import BODY_RULES
from tests.integration.wire.rules.chunked import CHUNK_RULES
from tests.integration.wire.rules.fields import FIELD_RULES
from tests.integration.wire.rules.lines import LINE_RULES
from tests.integration.wire.rules.targets import TARGET_RULES

RULES = (*LINE_RULES, *TARGET_RULES, *FIELD_RULES, *BODY_RULES, *CHUNK_RULES)

"""The one operation of the bench document."""

from typing import Any

THING = {"id": "01890a5d-ac96-774b-bcce-b302099a8057", "name": "A thing", "size": 10}


def bench_floor(item_id: str, size: int) -> dict[str, Any]:
    """Return a constant, the same whatever is asked."""
    return THING

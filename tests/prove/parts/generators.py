"""Seven generators make clients of the document, and the clients compile."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.spec.document import load
from tests.prove.generators.clients import GENERATORS, oapi_codegen, openapi_generator
from tests.prove.generators.workshop import Workshop
from tests.prove.proof import ROOT, Skipped


def prove(place: Path) -> None:
    """Run each, and show that two of them refuse what they must."""
    bundle = load(ROOT / "openapi" / "openapi.yaml").bundle
    workshop = Workshop(place, "document", bundle)
    skipped, failed = [], []
    for name, make in GENERATORS.items():
        try:
            print(f"{name}: {make(workshop):.1f} s", flush=True)
        except Skipped as reason:
            skipped.append(name)
            print(f"!! {name} is skipped: {reason}", flush=True)
        except AssertionError as complaint:
            failed.append(name)
            print(f"!! {name}: {complaint}", flush=True)
    assert not failed, f"no client from {'; '.join(failed)}"
    if skipped:
        raise Skipped(f"not tried: {'; '.join(skipped)}")
    _check_refused(Workshop(place, "link", _with_object_in_link(bundle)), openapi_generator, "create_user")
    _check_refused(Workshop(place, "name", _with_name_twice(bundle)), oapi_codegen, "UserId")


def _with_object_in_link(bundle: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(bundle)
    response = changed["paths"]["/v1/users"]["post"]["responses"]["201"]
    response["links"] = {
        "create_user": {"operationId": "create_user", "requestBody": {"email": "$response.body#/email"}}
    }
    return changed


def _with_name_twice(bundle: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(bundle).replace("/parameters/UserIdInPath", "/parameters/UserId"))
    parameters = changed["components"]["parameters"]
    parameters["UserId"] = parameters.pop("UserIdInPath")
    return changed


def _check_refused(workshop: Workshop, make: Callable[[Workshop], float], name: str) -> None:
    """Show that a wrong document does not pass, and that the complaint names what is wrong."""
    try:
        make(workshop)
    except AssertionError as complaint:
        first = str(complaint).splitlines()[0]
        assert name in first, first
        print(f"refused, as it must be: {first}", flush=True)
        return
    raise AssertionError(f"{make.__name__} takes a document that it must refuse")

"""The overlay of a project: it changes Charter's part of the document, and answers for what it breaks."""

import pytest

from tests.document import DOCUMENT
from tests.unit.sample_project import contract, document, faults

FILE = "openapi/overlay.yaml"
HEAD = "overlay: 1.0.0\ninfo: {title: Changes, version: 1.0.0}\nactions:\n"
ME = "$.paths['/v1/users/me'].get"


def action(target: str, change: str) -> str:
    """Return an action of one line."""
    return f'  - {{target: "{target}", {change}}}\n'


def overlay(actions: str) -> dict[str, str]:
    return {FILE: HEAD + actions}


def test_the_sample_changes_a_limit_a_text_and_takes_a_key_away(tmp_path):
    made = contract(tmp_path, {}, thorough=True)
    assert made.policies["get_me"].bucket == "default"
    assert made.policies["delete_user"].step_up is None
    get_me = made.document.bundle["paths"]["/v1/users/me"]["get"]
    assert get_me["description"] == "Returns your own account. Every member of the shop has one."
    assert get_me["responses"] == DOCUMENT.bundle["paths"]["/v1/users/me"]["get"]["responses"]


def test_what_an_overlay_writes_has_its_line(tmp_path):
    action = (
        f"  - target: {ME}\n    update:\n      summary: Me\n      responses:\n        '418': {{description: Tea.}}\n"
    )
    made = document(tmp_path, overlay(action))
    get_me = ("paths", "/v1/users/me", "get")
    assert str(made.where((*get_me, "summary"))) == f"{FILE}:6"
    assert str(made.where((*get_me, "responses", "418", "description"))) == f"{FILE}:8"
    # What it left as it was is wrong, if it is, beside what it changed.
    assert str(made.where((*get_me, "operationId"))) == str(made.where(get_me)) == f"{FILE}:4"
    assert str(made.where(("paths", "/v1/users", "get"))) == "charter:paths/users.yaml:1"


def test_each_target_gets_its_own_copy_and_lists_grow(tmp_path):
    actions = """\
  - target: $.paths[?@.get.operationId == 'get_me' || @.get.operationId == 'list_users'].get
    update: {externalDocs: {url: 'https://example.com'}}
  - target: $.paths['/v1/users'].get.externalDocs
    update: {description: Help}
  - target: $.tags
    update: {name: more}
  - target: $.tags[0]
    remove: true
"""
    made = document(tmp_path, overlay(actions))
    paths = made.bundle["paths"]
    assert paths["/v1/users/me"]["get"]["externalDocs"] == {"url": "https://example.com"}
    assert paths["/v1/users"]["get"]["externalDocs"] == {"url": "https://example.com", "description": "Help"}
    assert [tag["name"] for tag in made.bundle["tags"]][::10] == ["auth", "health"]
    assert made.bundle["tags"][-1] == {"name": "more"}
    assert str(made.where(("tags", len(made.bundle["tags"]) - 1))) == f"{FILE}:8"


def test_an_overlay_may_refer_to_components_of_both_sides(tmp_path):
    actions = """\
  - target: $.components.schemas
    update:
      Badge: {$ref: 'charter:components/schemas/users.yaml#/User'}
      Medal: {$ref: 'components/schemas/projects.yaml#/Project'}
      Order: {$ref: '#/components/schemas/Badge'}
"""
    schemas = document(tmp_path, overlay(actions)).bundle["components"]["schemas"]
    targets = [schemas[name]["$ref"].rpartition("/")[2] for name in ("Badge", "Medal", "Order")]
    assert targets == ["User", "Project", "Badge"]


GET_ROLES = "$.paths['/v1/roles'].get"
NO_SUCH = "update: {'404': {$ref: '#/components/responses/No'}}"
NO_FILE = "update: {'200': {$ref: 'charter:users.yaml#/x'}}"
FORM = {
    "  - update: {}\n": "The action has no target. Write `target` with a JSONPath",
    f"  - target: {ME}\n": "The action changes nothing. Write `update`, or `remove: true`.",
    action(ME, "remove: true, updat: 1"): "An action has no key updat. Write one of target, ",
}
APPLICATION = {
    action(f"{ME}t", "update: {}"): f"{ME}t matches nothing in the document.",
    action("users", "update: {}"): "users is not a JSONPath of RFC 9535: ",
    action("$", "remove: true"): "The whole document cannot be removed. Name a part of it.",
    action(f"{ME}.summary", "update: Me"): "#/paths/~1v1~1users~1me/get/summary is no mapping or list",
    action(ME, "update: 7"): "#/paths/~1v1~1users~1me/get is no mapping or list",
    action(f"{ME}.responses", NO_FILE): "The $ref charter:users.yaml#/x leads to no component.",
}
REFERENCES = {
    action(f"{ME}.responses", NO_SUCH): "The $ref #/components/responses/No has no target. Correct it.",
    action("$.components.schemas.User", "remove: true"): "This removes #/components/schemas/User, to which ",
}
CHECKS = {
    action(ME, "update: {x-rate-limit: wirte}"): "There is no bucket wirte.",
    action(f"{GET_ROLES}['x-permission']", "remove: true"): "GET /v1/roles does not say who may call it.",
    action("$.paths['/v1/roles'].post", "update: {x-permision: users:read}"): "There is no key x-permision.",
}


@pytest.mark.parametrize("actions", [FORM, APPLICATION, REFERENCES, CHECKS])
def test_what_an_overlay_breaks_is_told_at_its_line(tmp_path, actions):
    found = faults(tmp_path, overlay("".join(actions)))
    for line, words in enumerate(actions.values(), 4):
        assert any(fault.startswith(f"{FILE}:{line}: {words}") for fault in found), found
    assert [fault for fault in found if not fault.startswith(f"{FILE}:")] == []


STANDARDS = {
    action("$.components.responses.NotModified", "remove: true"): "This removes #/components/responses/NotModified, "
    "which GET /v1/",
    action("$.components.responses.RateLimited", "remove: true"): "This removes #/components/responses/RateLimited, "
    "which GET /",
    action("$.components.parameters.Cursor", "remove: true"): "This removes #/components/parameters/Cursor",
}


def test_a_standard_component_that_an_overlay_removes_is_told_at_start(tmp_path):
    found = faults(tmp_path, overlay("".join(STANDARDS)))
    for line, words in enumerate(STANDARDS.values(), 4):
        assert any(fault.startswith(f"{FILE}:{line}: {words}") for fault in found), found
    assert [fault for fault in found if not fault.startswith(f"{FILE}:")] == []


def test_a_standard_component_may_be_replaced(tmp_path):
    actions = action("$.components.responses.NotFound", "remove: true")
    actions += action("$.components.responses", "update: {NotFound: {description: Not here.}}")
    assert document(tmp_path, overlay(actions)).bundle["components"]["responses"]["NotFound"] == {
        "description": "Not here."
    }


def test_what_an_overlay_breaks_elsewhere_is_told_at_its_line(tmp_path):
    renamed = action("$.components.parameters.RoleNameInPath", "update: {name: role}")
    found = faults(tmp_path, overlay(renamed))
    assert [fault for fault in found if not fault.startswith(f"{FILE}:4: ")] == []
    assert any("This change is not right for charter:paths/role.yaml:" in fault for fault in found), found


WRONG_VERSION = "1: The file does not say that it is an overlay of version 1.0."
NO_TITLE = "1: The overlay has no title and version."


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("info: {}\nactions: []\n", [WRONG_VERSION, NO_TITLE, "2: The overlay has no list of actions."]),
        ("overlay: 2.0.0\nactions:\n  - 7\n", [WRONG_VERSION, NO_TITLE, "3: The action has no target."]),
        (HEAD + f"  - target: {ME}\n    remove: true\nmore: 1\n", ["6: An overlay has no key more."]),
        ("- a\n", ["1: This file is not a mapping."]),
    ],
)
def test_what_is_wrong_with_the_form_of_an_overlay_is_told_at_once(tmp_path, text, told):
    found = faults(tmp_path, {FILE: text})
    assert len(found) == len(told)
    assert all(fault.startswith(f"{FILE}:{words}") for fault, words in zip(found, told, strict=True)), found


NO_DOCUMENT = [
    (action("$.paths", "remove: true"), "#/paths must be a mapping after this action."),
    (action("$..*", "remove: true"), "#/paths must be a mapping after this action."),
    (action("$.info", "remove: true"), "#/info must be a mapping after this action."),
    (action("$", "update: {paths: 5, info: []}"), "#/paths must be a mapping after this action."),
    (action("$", "update: {components: null, tags: {}}"), "#/components must be a mapping after this action."),
    (action("$.paths", "update: {/evil: []}"), "#/paths/~1evil must be a mapping after this action."),
    (action("$.paths['/v1/users']", "update: {get: 5}"), "#/paths/~1v1~1users/get must be a mapping"),
    (action("$.components", "update: {securitySchemes: 5}"), "#/components/securitySchemes must be a mapping"),
    (action("$.components.schemas", "update: {User: []}"), "#/components/schemas/User must be a mapping"),
]


@pytest.mark.parametrize(("actions", "words"), NO_DOCUMENT)
def test_an_overlay_that_leaves_no_document_is_told_at_its_line(tmp_path, actions, words):
    found = faults(tmp_path, overlay(actions))
    assert any(fault.startswith(f"{FILE}:4: {words}") for fault in found), found
    assert [fault for fault in found if not fault.startswith(f"{FILE}:4: ")] == []


USERS = "$.paths['/v1/users'].get.parameters"
BESIDE = [
    action(f"{USERS}[0]", "update: {required: true}"),
    action("$.paths['/v1/users'].get", "update: {responses: {'200': {$ref: '#/components/responses/NotFound'}}}"),
    action("$.components.parameters", "update: {Other: {$ref: '#/components/parameters/Limit', required: true}}"),
]


@pytest.mark.parametrize("actions", BESIDE)
def test_what_an_overlay_writes_beside_a_reference_is_a_fault(tmp_path, actions):
    [found] = faults(tmp_path, overlay(actions))
    assert found.startswith(f"{FILE}:4: This leaves ")
    assert "beside the $ref #/components/" in found
    assert " itself, for all that refer to it" in found


def test_a_reference_may_be_replaced_by_another_or_by_what_it_named(tmp_path):
    actions = action(f"{USERS}[0]", "update: {$ref: '#/components/parameters/Limit'}")
    actions += action(f"{USERS}[1]['$ref']", "remove: true")
    actions += action(f"{USERS}[1]", "update: {name: more, in: query, schema: {type: string}}")
    parameters = document(tmp_path, overlay(actions)).bundle["paths"]["/v1/users"]["get"]["parameters"]
    assert parameters[0] == {"$ref": "#/components/parameters/Limit"}
    assert parameters[1] == {"name": "more", "in": "query", "schema": {"type": "string"}}

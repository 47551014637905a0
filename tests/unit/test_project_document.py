"""The document of a project: both sides joined into one, and what is wrong told where it can be fixed."""

import pytest

from app.pipeline.contract import OPENAPI
from app.spec.document import DocumentError, load
from tests.document import DOCUMENT
from tests.unit.sample_project import HANDLERS, contract, document, edited, faults, write

ROOT = "openapi/openapi.yaml"
OWN_OPERATIONS = {"list_projects", "create_project", "get_project", "update_project", "delete_project"}
CHOICES = "x-charter:\n  omit: [register]\n  hide: [invalidate_cache]\n  weaken: [delete_user]\n"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return contract(tmp_path_factory.mktemp("sample"), {}, thorough=True)


def operation_ids(bundle) -> set[str]:
    return {each["operationId"] for item in bundle["paths"].values() for each in item.values() if "operationId" in each}


def test_both_sides_are_one_document(sample):
    bundle = sample.document.bundle
    assert operation_ids(bundle) == operation_ids(DOCUMENT.bundle) - {"register"} | OWN_OPERATIONS
    assert set(sample.operations) == operation_ids(bundle)
    assert [tag["name"] for tag in bundle["tags"]][:2] == ["projects", "auth"]
    assert {"Project", "User"} <= bundle["components"]["schemas"].keys()
    assert "x-charter" not in bundle
    shown = bundle["paths"]["/v1/users/{user_id}/projects"]["get"]["responses"]["401"]
    assert shown == {"$ref": "#/components/responses/Unauthenticated"}


def test_a_function_of_the_project_proposes_nothing_whatever_its_name(tmp_path, monkeypatch, sample):
    monkeypatch.setattr(f"{HANDLERS}.projects.propose_create_project", lambda: None, raising=False)

    operations = contract(tmp_path, {}).operations

    assert [name for name, operation in operations.items() if operation.proposer] == ["refresh"]


def test_each_part_has_its_place_on_its_side(sample):
    where = sample.document.where
    assert str(where(("paths", "/v1/users", "get"))) == "charter:paths/users.yaml:1"
    assert str(where(("paths", "/v1/users"))).startswith("charter:openapi.yaml:")
    assert str(where(("paths", "/v1/users/{user_id}/projects", "post"))) == "openapi/paths/projects.yaml:21"
    assert str(where(("components", "schemas", "Project"))) == "openapi/components/schemas/projects.yaml:16"
    assert str(where(("tags", 0))) == f"{ROOT}:15"
    assert str(where(("info", "title"))) == f"{ROOT}:4"


def test_the_operations_of_charter_have_the_handlers_of_charter(sample):
    modules = {name: operation.handler.__module__ for name, operation in sample.operations.items()}
    assert modules["get_user"] == "handlers.users"
    assert modules["get_project"] == "tests.sample_project.handlers.projects"
    assert {name for name, policy in sample.policies.items() if not policy.inherited} == OWN_OPERATIONS


def test_permissions_events_and_settings_are_of_both(sample):
    assert {"users:read", "projects:read"} <= sample.permissions.keys()
    names = sample.document.bundle["components"]["schemas"]["PermissionName"]["enum"]
    assert names == sorted(sample.permissions)
    assert {"projects.notice", "registration.open"} <= sample.setting_declarations.by_key.keys()


def test_the_document_of_charter_alone_knows_no_other_side(tmp_path):
    root = write(tmp_path, edited(ROOT, CHOICES, "")).document
    with pytest.raises(DocumentError) as caught:
        load(root)
    told = {str(fault).partition(": ")[2] for fault in caught.value.faults}
    reference = "charter:components/parameters.yaml#/UserIdInPath"
    assert f"The $ref {reference} names a file that does not exist. Write the file, or correct its name." in told


# What is in `info`


def test_the_project_names_itself_and_charter_explains_what_holds_for_both(sample):
    info = sample.document.bundle["info"]
    assert (info["title"], info["version"], "license" in info) == ("Shop", "1.0.0", False)
    headings = [line for line in info["description"].splitlines() if line.startswith("## ")]
    assert info["description"].startswith("The projects of a shop, and the accounts that work on them.\n\n## ")
    # The first steps register an account, which clients of the sample cannot.
    assert headings[:2] == ["## Authentication", "## Permissions"]
    assert "## Errors" in headings


def test_a_project_that_leaves_nothing_out_has_the_first_steps_too(tmp_path):
    text = document(tmp_path, edited(ROOT, CHOICES, "")).bundle["info"]["description"]
    assert text.startswith("The projects of a shop, and the accounts that work on them.\n\n## First steps\n\nRegister ")


def test_a_section_of_the_project_replaces_the_one_with_its_heading(tmp_path):
    own = "work on them.\n\n    ## Caching and concurrent changes\n\n    ## Errors\n\n    Ask us.\n"
    text = document(tmp_path, edited(ROOT, "work on them.\n", own)).bundle["info"]["description"]
    assert "work on them.\n\n## Errors\n\nAsk us.\n\n## Authentication\n" in text
    assert text.count("## Errors") == 1
    assert "## Caching and concurrent changes" not in text


def test_without_a_text_of_its_own_a_project_has_the_whole_text_of_charter(tmp_path):
    own = "  description: |\n    The projects of a shop, and the accounts that work on them.\n\n" + CHOICES
    files = {**edited(ROOT, own, ""), "openapi/errors.yaml": "{}\n"}
    text = document(tmp_path, files).bundle["info"]["description"]
    assert text == DOCUMENT.bundle["info"]["description"]


# What is wrong, and where


CHANGES = [
    {
        ("openapi: 3.0.3", "openapi: 3.1.0"): "1: The document is of OpenAPI 3.1.0, not 3.0. Write `openapi: 3.0.3`.",
        ("\ntags:", "\nsecurity: []\npath: {}\ntags:"): "14: The security of Charter's document applies to every ",
        ("\npath: {}", "\npath: {} "): "15: The root file of a project cannot have the key path. Remove it, or write",
        ("/v1/users/{user_id}/projects:", "/v1/users/{id}/profile:"): "21: Charter's document already has the path ",
        ("[register]", "[registr, list_projects, login, login]"): "10: There is no operation registr in Charter's "
        "document. Did you mean register?",
        (
            "  hide:",
            "  hide :",
        ): "10: list_projects is an operation of this project, and only Charter's can be omitted.",
        ("hide :", "drop:"): f"10: login is already listed at {ROOT}:10. Remove one of the two.",
        ("drop:", "drop: "): "11: There is no key drop in x-charter. Write `omit`, `hide` or `weaken`.",
    },
    {
        ("openapi: 3.0.3\n", ""): "1: The document does not name its version of OpenAPI. Write `openapi: 3.0.3`.",
        ("omit: [register]", "omit: register"): "9: omit is not a list. Write a list of operationIds.",
    },
    {(CHOICES, "x-charter: [register]\n"): "9: x-charter is not a mapping. Write the lists "},
    {("tags:\n", "tags:\n  - name: users\n"): "15: Charter's document already has the tag users, at charter:openapi."},
    {("  title: Shop\n", ""): "3: info has no title. Add title."},
]


@pytest.mark.parametrize("changes", CHANGES)
def test_what_is_wrong_in_the_root_file_is_told_there(tmp_path, changes):
    text = write(tmp_path, {}).document.read_text()
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    found = faults(tmp_path, {ROOT: text})
    for told in changes.values():
        assert any(fault.startswith(f"{ROOT}:{told}") for fault in found), found


def test_names_that_both_sides_use_are_told_with_both_places(tmp_path):
    (component,) = faults(tmp_path, {"openapi/components/schemas/more.yaml": "User: {type: string}\n"})
    place = "charter:components/schemas/users.yaml:"
    assert component.startswith(f"openapi/components/schemas/more.yaml:1: schemas already has a User, at {place}")

    item = edited("openapi/paths/project.yaml", "operationId: get_project", "operationId: get_user")
    (tmp_path / "shop" / "openapi" / "components" / "schemas" / "more.yaml").unlink()
    told = faults(tmp_path, item)
    place = "charter:paths/user.yaml:2"
    assert (
        f"openapi/paths/project.yaml:2: The operationId get_user is already used at {place}. Rename one of them."
        in told
    )


def test_a_name_that_charter_no_longer_uses_is_free(tmp_path):
    path = "/v1/auth/register"
    files = edited(
        ROOT,
        "/v1/users/{user_id}/projects/{project_id}:",
        f"{path}: {{$ref: paths/register.yaml}}\n  /v1/users/{{user_id}}/projects/{{project_id}}:",
    )
    files["openapi/paths/register.yaml"] = (
        (OPENAPI / "paths" / "health_live.yaml")
        .read_text()
        .replace("operationId: get_liveness", "operationId: register")
        .replace("'../components/", "'charter:components/")
    )
    made = document(tmp_path, files)
    assert operation_ids(made.bundle) >= {"register", "get_liveness"}
    assert str(made.where(("paths", path, "get"))).startswith("openapi/paths/register.yaml:")
    assert path not in made.inherited_paths


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "permissions",
            "projects:read:",
            "users:read:",
            (
                "1: Charter already has users:read, at charter:permissions.yaml"
                ":19. Choose another name. To override roles of Charter's, write nothing else."
            ),
        ),
        (
            "permissions",
            "profiles:read:",
            "profile:read:",
            (
                "7: profile:read has no description, and Charter has no "
                "profile:read to override. Did you mean profiles:read? If not, describe it in a sentence."
            ),
        ),
        (
            "permissions",
            "profiles:read:",
            "account:read:",
            "7: Every role holds account:read. Write `roles: [guest, user]`.",
        ),
        (
            "permissions",
            "of others\n  roles: []",
            "of others\n  roles: [admin]",
            "7: The roles of profiles:read are not a list of built-in roles.",
        ),
        ("events", "project.created:", "user.created:", "1: Charter already has user.created, at charter:events.yaml:"),
        ("settings", "projects.notice:", "registration.open:", "1: Charter already has registration.open, at charter:"),
        (
            "settings",
            'default: ""\n',
            'default: ""\nregistration.open: {default: maybe}\n',
            "6: default of registration.open does not match the schema: it ",
        ),
    ],
)
def test_what_is_wrong_in_a_catalogue_is_told_there(tmp_path, name, old, new, told):
    found = faults(tmp_path, edited(f"openapi/{name}.yaml", old, new))
    assert [fault for fault in found if fault.startswith(f"openapi/{name}.yaml:{told}")], found


def test_an_entry_without_a_description_overrides_what_charter_says(tmp_path):
    more = 'default: ""\nregistration.open: {default: false}\n'
    made = contract(tmp_path, edited("openapi/settings.yaml", 'default: ""\n', more))
    setting = made.setting_declarations.by_key["registration.open"]
    assert setting.default is False
    assert setting.visibility == "public"
    assert "register" in setting.description


def test_the_catalogues_of_a_project_need_not_be_there(tmp_path):
    project = write(tmp_path, {})
    (project.openapi / "settings.yaml").unlink()
    assert "projects.notice" not in contract(tmp_path, {}).setting_declarations.by_key


# What is left out and hidden


def test_an_omitted_operation_is_gone_with_what_only_it_used(sample):
    bundle = sample.document.bundle
    assert "/v1/auth/register" not in bundle["paths"]
    assert "RegisterRequest" not in bundle["components"]["schemas"]
    assert "Registered" not in bundle["components"]["examples"]
    assert "register" not in _links(bundle)


def test_a_hidden_operation_is_served_and_absent_from_the_published_document(sample):
    assert "invalidate_cache" in sample.operations
    published = sample.published.bundle
    assert operation_ids(published) == operation_ids(sample.document.bundle) - {"invalidate_cache"}
    assert "InvalidationRequest" not in published["components"]["schemas"]
    assert "cache" not in [tag["name"] for tag in published["tags"]]
    assert [tag["name"] for tag in sample.document.bundle["tags"]].count("cache") == 1
    assert str(sample.published.where(("paths", "/v1/users", "get"))) == "charter:paths/users.yaml:1"
    assert str(sample.published.where(("tags", 1))) == str(sample.document.where(("tags", 1)))
    assert sample.published_policies.keys() == sample.policies.keys() - {"invalidate_cache"}


def test_links_to_an_absent_operation_are_gone(tmp_path):
    made = document(tmp_path, edited(ROOT, "hide: [invalidate_cache]", "hide: [get_project]"))
    create = ("paths", "/v1/users/{user_id}/projects", "post", "responses", "201", "links")
    assert set(_at(made.bundle, create)) == {"read", "owner"}
    assert set(_at(made.published().bundle, create)) == {"owner"}
    assert set(_at(made.bundle, create)) == {"read", "owner"}


def test_what_an_omission_costs_is_told_as_a_warning(tmp_path):
    made = contract(tmp_path, edited(ROOT, "omit: [register]", "omit: [register, refresh]"), thorough=True)
    (warning,) = made.warnings
    assert str(warning).startswith(f"{ROOT}:10: Without refresh, every session ends for its client when the first ")


def _links(bundle):
    for item in bundle["paths"].values():
        for operation in item.values():
            for response in operation.get("responses", {}).values() if isinstance(operation, dict) else ():
                yield from (link["operationId"] for link in response.get("links", {}).values() if "operationId" in link)


def _at(bundle, pointer):
    for step in pointer:
        bundle = bundle[step]
    return bundle

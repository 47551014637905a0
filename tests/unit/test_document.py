"""The loader: files joined without losing names or lines."""

import textwrap
from pathlib import Path

import pytest

from app.spec.document import DocumentError, load, resolve

ROOT = """
    openapi: 3.0.3
    paths:
      /v1/users: {$ref: paths/users.yaml}
"""
USERS = """
    get:
      operationId: list_users
      responses:
        200:
          description: All.
          content:
            application/json:
              schema: {$ref: '../components/schemas/users.yaml#/User'}
              example: {$ref: not a reference}
"""
SCHEMAS = """
    User:
      type: object
      properties:
        friend: {$ref: '#/User'}
        name: {$ref: fields.yaml#/Name}
        default: {$ref: fields.yaml#/Name}
"""


def write(folder: Path, **files: str) -> Path:
    """Write a document; the names of files use __ for / and lose their ending."""
    for name, text in files.items():
        path = folder / "openapi" / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
    return folder / "openapi" / "openapi.yaml"


def sample(folder: Path, **files: str) -> Path:
    defaults = {
        "openapi": ROOT,
        "paths__users": USERS,
        "components__schemas__users": SCHEMAS,
        "components__schemas__fields": "Name: {type: string}",
        "components__securitySchemes": "bearer: {type: http, scheme: bearer}",
    }
    return write(folder, **(defaults | files))


def faults(path: Path) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        load(path)
    return [str(fault) for fault in caught.value.faults]


def test_the_bundle_keeps_names_and_references(tmp_path: Path) -> None:
    document = load(sample(tmp_path))
    bundle = document.bundle
    content = bundle["paths"]["/v1/users"]["get"]["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"$ref": "#/components/schemas/User"}
    assert content["example"] == {"$ref": "not a reference"}
    properties = bundle["components"]["schemas"]["User"]["properties"]
    assert properties == {
        "friend": {"$ref": "#/components/schemas/User"},
        "name": {"$ref": "#/components/schemas/Name"},
        "default": {"$ref": "#/components/schemas/Name"},
    }
    assert list(bundle["components"]) == ["schemas", "securitySchemes"]
    assert list(bundle["components"]["schemas"]) == ["Name", "User"]
    assert resolve(bundle, content["schema"]) is bundle["components"]["schemas"]["User"]


def test_every_part_is_found_where_it_was_written(tmp_path: Path) -> None:
    document = load(sample(tmp_path))
    assert str(document.where(())) == "openapi/openapi.yaml:1"
    assert str(document.where(("paths", "/v1/users"))) == "openapi/openapi.yaml:3"
    assert str(document.where(("paths", "/v1/users", "get", "responses", "200"))) == "openapi/paths/users.yaml:4"
    assert str(document.where(("components", "schemas", "User"))) == "openapi/components/schemas/users.yaml:1"
    assert str(document.where(("components", "schemas", "User", "properties", "name", "$ref"))).endswith("users.yaml:5")
    assert str(document.where(("components", "schemas", "User", "absent", "deeper"))).endswith("users.yaml:1")


def test_places_inside_lists_are_found(tmp_path: Path) -> None:
    document = load(sample(tmp_path, openapi=ROOT + "    tags:\n      - name: users\n      - name: me\n"))
    assert document.where(("tags", 1)).line == 6
    assert document.where(("tags", 1, "name")).line == 6


def test_files_below_the_working_directory_are_named_from_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sample(tmp_path)
    monkeypatch.chdir(path.parent)
    assert load(path).where(("paths", "/v1/users", "get")).file == "paths/users.yaml"


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        (
            {"openapi": "openapi: 3.0.3\npaths:\n  /v1/users: {$ref: paths/people.yaml}\n"},
            "openapi/openapi.yaml:3: There is no file paths/people.yaml. Write it, or correct the $ref.",
        ),
        (
            {"openapi": "openapi: 3.0.3\npaths:\n  /v1/users: {$ref: paths/user.yaml}\n"},
            "openapi/openapi.yaml:3: There is no file paths/user.yaml. Did you mean paths/users.yaml?",
        ),
        ({"paths__stray": "get: {}"}, "openapi/paths/stray.yaml:1: No path refers to this file."),
        ({"openapi": "openapi: 3.0.3"}, "openapi/openapi.yaml:1: There is no mapping `paths`."),
        ({"openapi": ROOT + "      /v1/me:"}, "openapi/openapi.yaml:4: The path /v1/me is not a mapping."),
        (
            {"openapi": ROOT + "      /v1/me: {$ref: paths/users.yaml}"},
            "openapi/openapi.yaml:4: Another path already refers to paths/users.yaml.",
        ),
        (
            {"openapi": ROOT.replace("yaml}", "yaml, summary: x}")},
            "openapi/openapi.yaml:3: The path /v1/users has keys beside its $ref.",
        ),
        ({"openapi": "- a"}, "openapi/openapi.yaml:1: This file is not a mapping."),
        (
            {"components__things": "A: {}"},
            "openapi/components/things.yaml:1: OpenAPI has no components of the kind things.",
        ),
        (
            {"components__schemas__more": "\nX: {}\nUser: {}"},
            "schemas/users.yaml:1: schemas already has a User, at openapi/components/schemas/more.yaml:2.",
        ),
        (
            {"openapi": ROOT + "    components: {schemas: {User: {type: string}}}"},
            "openapi/openapi.yaml:4: schemas already has a User",
        ),
        ({"components__schemas__fields": "Other: {}"}, "users.yaml:5: The $ref fields.yaml#/Name has no target."),
        (
            {"components__schemas__fields": "Name: {$ref: 'none.yaml#/X'}"},
            "fields.yaml:1: The $ref none.yaml#/X names a file that does not exist. Write the file",
        ),
        (
            {"components__schemas__fields": "Name: {$ref: '../../../other.yaml#/X'}"},
            "fields.yaml:1: The $ref ../../../other.yaml#/X leads outside paths/ and components/.",
        ),
        (
            {"components__schemas__fields": "Name: {$ref: users.yaml}"},
            "fields.yaml:1: The $ref users.yaml names no component.",
        ),
        (
            {"components__schemas__fields": "Name: {$ref: 'https://example.com/a'}"},
            'fields.yaml:1: The $ref "https://example.com/a" is not a path to a file.',
        ),
        (
            {"components__schemas__fields": "Name:\n  description: x\n  $ref: users.yaml#/User"},
            "fields.yaml:3: OpenAPI 3.0 ignores the keys beside a $ref: description. Wrap it in allOf.",
        ),
        ({"components__schemas__fields": "Name: {$ref: '#/Name'}"}, "fields.yaml:1: Name refers to itself, by $refs"),
        (
            {"components__schemas__fields": "Name: {allOf: [{oneOf: [{$ref: '#/X'}]}]}\nX: {not: {$ref: '#/Name'}}"},
            "fields.yaml:2: X refers to itself, by $refs and allOf, oneOf, anyOf or not alone.",
        ),
        (
            {"components__schemas__fields": "Name: {$ref: '../headers.yaml#/Tag'}", "components__headers": "Tag: {}"},
            "fields.yaml:1: The $ref to Tag leads to headers, and schemas are needed here.",
        ),
        (
            {"paths__users": "get: {responses: {200: {$ref: '../components/schemas/users.yaml#/User'}}}"},
            "users.yaml:1: The $ref to User leads to schemas, and responses are needed here.",
        ),
        (
            {"openapi": ROOT.replace("paths/users.yaml", "../other.yaml")},
            "openapi/openapi.yaml:3: The file ../other.yaml is not in paths/. Move it there.",
        ),
        (
            {"openapi": ROOT.replace("paths/users.yaml", '"paths/\\0.yaml"')},
            "openapi/openapi.yaml:3: There is no file paths/\0.yaml.",
        ),
        (
            {"components__schemas__fields": f"Name: {{$ref: '{'x' * 300}.yaml#/X'}}"},
            ".yaml#/X names a file that does not exist.",
        ),
    ],
)
def test_a_broken_join_is_refused_with_its_line(tmp_path: Path, files: dict[str, str], fault: str) -> None:
    (tmp_path / "other.yaml").write_text("X: {}")
    assert [fault in line for line in faults(sample(tmp_path, **files))].count(True) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    root = sample(tmp_path)
    (tmp_path / "openapi" / "components" / "schemas" / "odd.yaml").mkdir()
    (tmp_path / "openapi" / "components" / "headers.yaml").symlink_to(tmp_path / "nowhere")
    told = [fault.removesuffix(" Put a file there that can be read.") for fault in faults(root)]
    assert told == [
        "openapi/components/headers.yaml:1: This file cannot be read: No such file or directory.",
        "openapi/components/schemas/odd.yaml:1: This file cannot be read: Is a directory.",
    ]


def test_a_link_to_a_file_elsewhere_is_read_under_its_own_name(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere" / "deep"
    elsewhere.mkdir(parents=True)
    (elsewhere / "fields.yaml").write_text("Name: {type: string}\nName: {}\n")
    root = sample(tmp_path)
    fields = tmp_path / "openapi" / "components" / "schemas" / "fields.yaml"
    fields.unlink()
    fields.symlink_to(elsewhere / "fields.yaml")
    [fault] = faults(root)
    assert fault.startswith("openapi/components/schemas/fields.yaml:2: The key `Name` is here twice")


def test_a_root_that_does_not_exist_is_one_fault(tmp_path: Path) -> None:
    assert faults(tmp_path / "openapi" / "openapi.yaml") == [
        "openapi/openapi.yaml:1: This file does not exist. Write it."
    ]


def test_all_faults_come_at_once_and_a_broken_file_brings_no_others(tmp_path: Path) -> None:
    lines = faults(sample(tmp_path, components__schemas__fields="Name: [", paths__users="get: {a: 1, a: 2}\n"))
    assert [fault.split(":")[0] for fault in lines] == [
        "openapi/components/schemas/fields.yaml",
        "openapi/paths/users.yaml",
    ]


def test_a_same_named_part_of_the_root_never_wins_over_the_own_file(tmp_path: Path) -> None:
    root = ROOT + "    User: {of: the root}\n"
    bundle = load(sample(tmp_path, openapi=root)).bundle
    assert bundle["components"]["schemas"]["User"]["properties"]["friend"] == {"$ref": "#/components/schemas/User"}


def test_references_inside_the_root_and_into_a_component_are_kept(tmp_path: Path) -> None:
    root = """
        openapi: 3.0.3
        paths:
          /v1/me:
            get: {responses: {default: {$ref: '#/components/responses/Any'}}}
          /v1/users: {$ref: paths/users.yaml}
        components:
          responses: {Any: {description: x}}
          securitySchemes: {bearer: {$ref: 'components/securitySchemes.yaml#/bearer'}}
    """
    fields = (
        "Name: {allOf: [{$ref: 'users.yaml#/User/properties/friend'}], discriminator: {mapping: {a: '#/Name', b: B}}}"
    )
    bundle = load(sample(tmp_path, openapi=root, components__schemas__fields=fields)).bundle
    assert bundle["paths"]["/v1/me"]["get"]["responses"]["default"] == {"$ref": "#/components/responses/Any"}
    assert bundle["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
    name = bundle["components"]["schemas"]["Name"]
    assert name["allOf"] == [{"$ref": "#/components/schemas/User/properties/friend"}]
    assert name["discriminator"]["mapping"] == {"a": "#/components/schemas/Name", "b": "B"}


def test_references_within_a_path_item_lead_to_where_it_was_put(tmp_path: Path) -> None:
    users = "get: {responses: {default: {$ref: '#/x-kept'}}}\nx-kept: {description: here}\n"
    bundle = load(sample(tmp_path, paths__users=users)).bundle
    reference = bundle["paths"]["/v1/users"]["get"]["responses"]["default"]
    assert reference == {"$ref": "#/paths/~1v1~1users/x-kept"}
    assert resolve(bundle, reference) == {"description": "here"}


def test_sixty_files_are_read(tmp_path: Path) -> None:
    def grown(start: int) -> str:
        return "\n".join(f"S{start}_{n}:\n  type: object\n  properties:\n    a: {{type: string}}" for n in range(20))

    files = {f"components__schemas__s{n}": grown(n) for n in range(60)}
    path = write(tmp_path, openapi="openapi: 3.0.3\npaths: {}\n", **files)
    assert len(load(path).bundle["components"]["schemas"]) == 1200


def test_the_kinds_of_targets_are_those_that_the_paths_name(tmp_path: Path) -> None:
    parameters = """\
    Filter:
      name: target
      in: query
      description: One of {audit_targets}.
      schema: {type: string, pattern: '^{audit_targets}:.+$'}
    """
    path = sample(tmp_path, components__parameters=parameters)
    root = path.read_text("utf-8").replace("/v1/users:", "/v1/jobs/{job_id}/users/{badge_name}:")
    path.write_text(root, "utf-8")
    written = load(path).bundle["components"]["parameters"]["Filter"]
    assert written["schema"]["pattern"] == "^(user|role|session|setting|badge):.+$"
    assert written["description"] == "One of `user`, `role`, `session`, `setting` or `badge`."

"""The router: exact paths, complete Allow, and what counts as ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.gateway.router import Router, is_ours

PLANS = [
    ("/v1/users", "get", "list_users"),
    ("/v1/users", "post", "create_user"),
    ("/v1/users/me", "get", "get_me"),
    ("/v1/users/me", "patch", "update_me"),
    ("/v1/users/{user_id}", "delete", "delete_user"),
    ("/v1/users/{user_id}/sessions/{session_id}", "delete", "revoke_session"),
    ("/v1/users/me/sessions/{session_id}", "delete", "revoke_own_session"),
    ("/health", "get", "get_health"),
]


@pytest.fixture(scope="module")
def router() -> Router[str]:
    return Router(PLANS)


@pytest.mark.parametrize(
    ("path", "method", "plan", "values"),
    [
        ("/v1/users", "GET", "list_users", {}),
        ("/v1/users", "HEAD", "list_users", {}),
        ("/v1/users/me", "PATCH", "update_me", {}),
        ("/v1/users/7", "DELETE", "delete_user", {"user_id": "7"}),
        ("/v1/users/M%65", "DELETE", "delete_user", {"user_id": "Me"}),
        ("/v1/users/m%65", "GET", "get_me", {}),
        ("/v1/users/a%2Fb", "DELETE", "delete_user", {"user_id": "a/b"}),
        ("/v1/users/%FF", "DELETE", "delete_user", {"user_id": "\ufffd"}),
        ("/v1/users/7/sessions/9", "DELETE", "revoke_session", {"user_id": "7", "session_id": "9"}),
        ("/v1/users/me/sessions/9", "DELETE", "revoke_own_session", {"session_id": "9"}),
    ],
)
def test_a_path_finds_its_plan_and_values(
    router: Router[str], path: str, method: str, plan: str, values: dict[str, str]
) -> None:
    found = router.find(path)

    assert found is not None
    route, given_values = found
    assert (route.methods[method], given_values) == (plan, values)


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/v1", "/v1/users/", "/v1//users", "//v1/users", "/V1/users", "/v1/users/7/", "/v1/users//",
        "/v1%2Fusers",
    ],
)  # fmt: skip
def test_a_path_that_differs_in_anything_finds_nothing(router: Router[str], path: str) -> None:
    assert router.find(path) is None


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/users", "GET, HEAD, OPTIONS, POST"),
        ("/v1/users/me", "GET, HEAD, OPTIONS, PATCH"),
        ("/v1/users/7", "DELETE, OPTIONS"),
    ],
)
def test_allow_is_complete(router: Router[str], path: str, allow: str) -> None:
    found = router.find(path)

    assert found is not None
    assert found[0].allow == allow


def test_a_literal_segment_wins_over_a_parameter_whatever_their_order() -> None:
    plans = [("/v1/{kind}/{id}", "get", "any"), ("/v1/users/{id}", "get", "user"), ("/v1/{kind}/me", "get", "me")]

    for order in (plans, plans[::-1]):
        router = Router(order)
        found = [router.find(path) for path in ("/v1/users/7", "/v1/roles/me", "/v1/roles/7", "/v1/users/me")]
        assert [match and match[0].methods["GET"] for match in found] == ["user", "me", "any", "user"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1", "/v1/users", "/V1/USERS", "//v1/users", "/v10", "/health", "/healthz", "/.well-known/jwks.json",
        "/%76%31/users", "/%2576%2531/users", "/%25252576%25252531/users", "/docs/../v1/users",
        "/docs/%2e%2e/v1/users", "/docs/..%2f..%2fv1", "/docs%5c..%5cv1%5cusers", "\\v1\\users", "/./v1", "/;x/v1",
        "/docs/..;/v1", "/\t/v1", "/v1%00", "v1/users",
    ],
)  # fmt: skip
def test_what_could_become_ours_is_ours(path: str) -> None:
    assert is_ours(path)


@pytest.mark.parametrize(
    "path", ["/", "", "/docs", "/docs/v1", "/openapi.json", "/metrics", "/v", "/xv1", "/docs/../metrics"]
)
def test_pages_are_not_ours(path: str) -> None:
    assert not is_ours(path)


@given(
    st.lists(st.sampled_from(["", ".", "x/..", "%2e", "docs/%2e%2e", "a;b/../"]), max_size=4),
    st.sampled_from(["v1/users", "V1", "%76%31/users/me", "health", "Health/live", ".well-known/jwks.json"]),
    st.sampled_from(["/", "//", "\\", "%2f", "%5C", "%252f"]),
)
def test_no_mixture_of_detours_hides_what_is_ours(detours: list[str], path: str, slash: str) -> None:
    assert is_ours("/" + slash.join([*detours, path]))


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "{x}"]), min_size=1, max_size=3), min_size=1, max_size=12),
    st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=3),
)
def test_a_path_finds_the_first_of_its_templates_in_which_literals_come_before_parameters(
    templates: list[list[str]], path: list[str]
) -> None:
    numbered = [[part.replace("x", f"x{place}") for place, part in enumerate(parts)] for parts in templates]
    router = Router(("/" + "/".join(parts), "get", parts) for parts in numbered)

    matching = [
        parts
        for parts in numbered
        if len(parts) == len(path)
        and all(part == segment or (part[0] == "{" and segment) for part, segment in zip(parts, path, strict=True))
    ]
    found = router.find("/" + "/".join(path))

    assert (found and found[0].methods["GET"]) == min(
        matching, key=lambda parts: [part[0] == "{" for part in parts], default=None
    )

"""Tokens that nobody may take for good: unsigned, forged, changed, of the wrong kind, or sent in the wrong place."""

from app.contract_kit.exchange import Request, Response
from app.contract_kit.kit import Kit
from app.contract_kit.tokens import forged, tampered


def check(kit: Kit) -> None:
    """Send tokens of every bad kind, to an operation that every account may use, and one that only admins may use."""
    admin = kit.people.admin
    for name in ("get_me", "list_users"):
        if name not in kit.document:
            continue
        with kit.trying(name, "forged tokens"):
            good = kit.request(name, admin)
            kit.expect_status(kit.send(good, admin), 200)
            token = good.token or ""
            for what, bad in forged(token).items():
                _refused(kit, good.but(token=bad, caller="forger"), f"the token has {what}")
            for victim in ("owner", "given"):
                person = kit.people.given if victim == "given" else kit.people[victim]
                _refused(kit, good.but(token=tampered(token, person.id)), "the token names another account")
            _refused(kit, good.but(token=admin.refresh_token), "a refresh token is no access token")
            _places(kit, good)


def _refused(kit: Kit, request: Request, why: str) -> None:
    response: Response = kit.send(request.but(caller="forger"))
    kit.expect_status(response, 401, why=why)


def _places(kit: Kit, good: Request) -> None:
    token = good.token or ""
    bare = good.but(token=None, caller="forger")
    elsewhere = kit.send(bare.but(target=f"{good.target}?access_token={token}"))
    kit.expect_status(elsewhere, 400, 401, why="a token in the query counts for nothing")
    for name in ("Cookie", "X-Access-Token", "X-Authorization", "Proxy-Authorization"):
        value = f"access_token={token}" if name == "Cookie" else f"Bearer {token}"
        _refused(kit, bare.but(headers={name: value}), f"a token in {name} counts for nothing")
    for scheme in ("Basic", "Token", "JWT"):
        _refused(kit, bare.but(headers={"Authorization": f"{scheme} {token}"}), f"the scheme is {scheme}")
    for header, value in (("X-User-Id", "1"), ("X-Forwarded-User", "admin"), ("X-Original-URL", "/health")):
        _refused(kit, bare.but(headers={header: value}), f"{header} is no token")

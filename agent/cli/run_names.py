"""Names of runs as people type them: an id, the begin of one, or `last`."""

import re
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from domain_services.kernel.errors import Invalid, NotFound

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from memory.run import Status

RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="Id of a run, the begin of one, or last."),
]

_HEX = re.compile(r"[0-9a-f]{1,32}")
_DIGITS = 32  # of an id
LEAST_DIGITS = 4  # of the begin of one: whoever types less has not read which run it is


async def find_run(
    orchestrator: "OrchestratorClient", name: str, status: "Status | None" = None
) -> UUID:
    """Return the id of the run that `name` means; a full id is not looked up.

    `last` is the newest run with `status`; None: of all.

    Raises: `Invalid` for what is no id, and for a begin that is too short or that of several;
    `NotFound` without a run.
    """
    text = name.strip().lower()
    if text == "last":
        page = await orchestrator.runs(status=status, limit=1)
        if not page.runs and status is not None:
            raise NotFound(f"no run is {status}; list all with: dsm runs")
        if not page.runs:
            raise NotFound("there is no run yet; begin one with: dsm orchestrate PROJECT")
        return page.runs[0].run_id
    digits = text.replace("-", "")
    if _HEX.fullmatch(digits) is None:
        raise Invalid(f"{name!r} names no run; give its id, the begin of it, or `last`")
    if len(digits) == _DIGITS:
        return UUID(digits)
    if len(digits) < LEAST_DIGITS:
        raise Invalid(f"{name} may soon begin several runs; give {LEAST_DIGITS} digits or more")
    # Runs are listed by id, so that those with this begin stand together.
    page = await orchestrator.runs(before=UUID(digits.ljust(_DIGITS, "f")), limit=2)
    ids = [run.run_id for run in page.runs if run.run_id.hex.startswith(digits)]
    if not ids:
        raise NotFound(f"no run begins with {name}; list them with: dsm runs")
    if len(ids) > 1:
        raise Invalid(
            f"several runs begin with {name}, as {ids[0]} and {ids[1]}; give more of the id"
        )
    return ids[0]

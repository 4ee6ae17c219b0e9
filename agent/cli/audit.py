"""`dsm audit verify`: check that recorded decisions are unchanged."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from domain_services.chronicle.schema import ChainVerification, ProjectChain

# A chain of years is hashed anew in one request.
VERIFY_SECONDS = 60.0

ProjectArgument = Annotated[
    str | None, typer.Argument(metavar="[PROJECT]", help="Only this project's chain.")
]
NotedHead = Annotated[
    str | None, typer.Option("--head", help="A head noted earlier that must still be in the chain.")
]


def verify(
    project: ProjectArgument = None,
    head: NotedHead = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Compute the hash chain of every decision audit again; exit code 1 when one does not hold."""
    from agent.cli.failures import one_line

    with one_line():
        verification = asyncio.run(request_verification(target, project, head))
    if as_json:
        print(verification.model_dump_json(indent=2))
    else:
        for chain in verification.chains:
            print(describe(chain))
        if not verification.chains:
            print("no decision audit is recorded")
        if verification.noted_head_found is False:
            print("BROKEN  the noted head is not in the chain: it was rewritten")
    raise typer.Exit(0 if verification.verified else 1)


async def request_verification(
    target: Target, project: str | None, head: str | None
) -> "ChainVerification":
    """Ask the chronicle of the running stack to verify its chains."""
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.chronicle.verify_decision_audits(project, head, timeout=VERIFY_SECONDS)


def describe(chain: "ProjectChain") -> str:
    """Describe one project's chain in one line; its head is worth noting elsewhere."""
    if chain.verified:
        return f"ok      {chain.project_id}  {chain.records} audits, head {chain.head}"
    audit = f"audit {chain.first_broken} (number {chain.first_broken_sequence}): "
    place = audit if chain.first_broken else ""
    return f"BROKEN  {chain.project_id}  {place}{chain.problem}"

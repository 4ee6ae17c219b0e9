"""`dsm audit verify`: check that recorded decisions are unchanged, and that none is missing."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target
from agent.cli.words import count

if TYPE_CHECKING:
    from agent.audits.schema import AuditVerification, ComparedProject
    from domain_services.chronicle.schema import ProjectChain

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
    """Compute every hash chain of audits again, and compare the audits with the agent's runs.

    The exit code is 1 when a chain does not hold, or an audit is missing, forged or not its run's.
    """
    from agent.cli.failures import one_line

    with one_line():
        verification = asyncio.run(request_verification(target, project, head))
    if as_json:
        print(verification.model_dump_json(indent=2))
    else:
        for line in describe(verification):
            print(line)
    raise typer.Exit(0 if verification.verified else 1)


async def request_verification(
    target: Target, project: str | None, head: str | None
) -> "AuditVerification":
    """Ask the orchestrator of the running stack to verify its audits."""
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.orchestrator.verify_audits(project, head)


def describe(verification: "AuditVerification") -> Iterator[str]:
    """Describe a verification: a line for each chain, then one for each kind of difference."""
    compared = {project.project_id: project for project in verification.projects}
    for chain in verification.chains.chains:
        yield _chain(chain, compared.get(chain.project_id))
        if chain.cuts:
            yield _cuts(chain)
    for project in verification.projects:
        yield from _differences(project)
    if not (verification.chains.chains or verification.projects):
        yield "no decision audit is recorded"
    if verification.chains.noted_head_found is False:
        yield "BROKEN  the noted head is not in the chain: it was rewritten"


def _chain(chain: "ProjectChain", compared: "ComparedProject | None") -> str:
    """Describe one project's chain in one line; its head is worth noting elsewhere."""
    if chain.verified:
        counts = [count(chain.records, "audit")]
        if compared and compared.on_the_way:
            counts.append(f"{compared.on_the_way} on the way")
        if compared and compared.of_no_run:
            counts.append(f"{compared.of_no_run} of no run")
        return f"ok      {chain.project_id}  {', '.join(counts)}, head {chain.head}"
    audit = f"audit {chain.first_broken} (number {chain.first_broken_sequence}): "
    place = audit if chain.first_broken else ""
    return f"BROKEN  {chain.project_id}  {place}{chain.problem}"


def _cuts(chain: "ProjectChain") -> str:
    first, last = chain.cuts[0], chain.cuts[-1]
    audits = count(sum(cut.audits for cut in chain.cuts), "audit")
    return (
        f"CUT     {chain.project_id}  {audits} up to number"
        f" {last.last_sequence}, recorded {first.first_recorded_at:%Y-%m-%d} to"
        f" {last.last_recorded_at:%Y-%m-%d}, cut off {last.cut_at:%Y-%m-%d} by {last.rule}, signed"
    )


def _differences(project: "ComparedProject") -> Iterator[str]:
    name = project.project_id
    if project.missing_count:
        runs = _named(project.missing, project.missing_count)
        yield f"MISSING {name}  delivered audits are not in the chronicle, of the runs {runs}"
    if project.forged_count:
        audits = _named(project.forged, project.forged_count)
        yield f"FORGED  {name}  no run is known of the audits {audits}"
    for audit in project.differing:
        yield f"DIFFERS {name}  audit {audit.audit_id}: {audit.difference}"
    if more := project.differing_count - len(project.differing):
        yield f"DIFFERS {name}  and {more} more"


def _named(ids: Sequence[UUID], total: int) -> str:
    more = f" and {total - len(ids)} more" if total > len(ids) else ""
    return ", ".join(str(audit_id) for audit_id in ids) + more

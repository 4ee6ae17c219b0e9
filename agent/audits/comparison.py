"""Comparison of the chronicle's audits with the runs of the orchestrator.

Both are read by pages in the order of their ids, which are the same on both sides, so that no more
than two pages are held. The runs are read first: an audit that was delivered then must be in the
chronicle's page, which is read after them. An audit without a run in the page is looked up again,
because its run may have ended between the two.
"""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from agent.audits.schema import ComparedProject, DifferingAudit
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import AuditIdentity
from graphs.report import ACTOR
from memory.audits import AuditedRun, AuditedRuns

Item = TypeVar("Item")

# The chronicle's page of 1,000 digests takes some 30 ms, and is 300 kB on the wire.
PAGE = 1000
PAGE_SECONDS = 10.0
# Enough to look into; the counts say how many there are.
NAMED = 20

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)


@dataclass
class _Tally:
    """Counts of one project, with the first ids."""

    compared: int = 0
    on_the_way: int = 0
    of_no_run: int = 0
    missing_count: int = 0
    forged_count: int = 0
    differing_count: int = 0
    missing: list[UUID] = field(default_factory=list[UUID])
    forged: list[UUID] = field(default_factory=list[UUID])
    differing: list[DifferingAudit] = field(default_factory=list[DifferingAudit])


class Comparison:
    """Comparison of the audits of one project, or of all with `project_id` None."""

    def __init__(
        self, runs: AuditedRuns, chronicle: ChronicleClient, project_id: str | None
    ) -> None:
        self._runs = runs
        self._chronicle = chronicle
        self._project_id = project_id
        self._tallies: dict[str, _Tally] = {}

    async def run(self, page_size: int = PAGE) -> list[ComparedProject]:
        """Compare everything, by pages of `page_size`, and return the projects by id.

        Raises: `Unavailable` without the chronicle.
        """
        after, up_to = _FIRST, _FIRST
        while up_to != _LAST:
            page = await self._runs.page(self._project_id, after, page_size)
            up_to = page[-1].run_id if len(page) == page_size else _LAST
            await self._compare(page, after, up_to, page_size)
            after = up_to
        return [
            ComparedProject(project_id=project_id, **vars(tally))
            for project_id, tally in sorted(self._tallies.items())
        ]

    async def _compare(
        self, page: Iterable[AuditedRun], after: UUID, up_to: UUID, page_size: int
    ) -> None:
        unmatched = {run.run_id: run for run in page}
        async for audits in self._audits(after, up_to, page_size):
            strangers = [audit for audit in audits if audit.audit_id not in unmatched]
            for audit in audits:
                if run := unmatched.pop(audit.audit_id, None):
                    self._judge(audit, run)
            if strangers:
                known = await self._runs.known([audit.audit_id for audit in strangers])
                for audit in strangers:
                    self._judge(audit, known.get(audit.audit_id))
        for run in unmatched.values():
            self._without_audit(run)

    async def _audits(
        self, after: UUID, up_to: UUID, page_size: int
    ) -> AsyncIterator[list[AuditIdentity]]:
        while True:
            audits = await self._chronicle.list_audit_identities(
                self._project_id, after, up_to, page_size, timeout=PAGE_SECONDS
            )
            yield audits
            if len(audits) < page_size:
                return
            after = audits[-1].audit_id

    def _judge(self, audit: AuditIdentity, run: AuditedRun | None) -> None:
        tally = self._tally(audit.project_id)
        if run is None:
            if audit.run_id is None and not audit.actor.startswith(ACTOR):
                tally.of_no_run += 1
                return
            tally.forged_count += 1
            _note(tally.forged, audit.audit_id)
        elif difference := _difference(audit, run):
            tally.differing_count += 1
            _note(tally.differing, DifferingAudit(audit_id=run.run_id, difference=difference))
        else:
            tally.compared += 1

    def _without_audit(self, run: AuditedRun) -> None:
        if run.content is None:
            return
        tally = self._tally(run.project_id)
        if run.is_waiting:
            tally.on_the_way += 1
            return
        tally.missing_count += 1
        _note(tally.missing, run.run_id)

    def _tally(self, project_id: str) -> _Tally:
        return self._tallies.setdefault(project_id, _Tally())


def _difference(audit: AuditIdentity, run: AuditedRun) -> str:
    """Describe what an audit says otherwise than its run; empty when it says the same."""
    if audit.project_id != run.project_id:
        return f"its project is {audit.project_id}, and the run's {run.project_id}"
    if run.content is None or audit.content == run.content:
        return ""
    if audit.run_id != str(run.run_id):
        return f"its run is {audit.run_id}, and its id is {run.run_id}"
    if audit.decision_source != run.decision_source:
        return f"its source is {audit.decision_source}, and the run's {run.decision_source}"
    return "its content is not what the run recorded"


def _note(named: list[Item], item: Item) -> None:
    if len(named) < NAMED:
        named.append(item)

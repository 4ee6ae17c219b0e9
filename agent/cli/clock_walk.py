"""Move of an imported project by `dsm clock`: what its files kept back comes in on the way."""

from collections.abc import Mapping
from datetime import date
from typing import cast
from zoneinfo import ZoneInfo

from agent.cli.connect import Clients
from agent.clock.message import describe
from agent.clock.schema import ClockMoved, ClockMoveRequest
from agent.importing.history import holdout, known_rows
from agent.importing.history.row_store import RowStore
from agent.importing.loading.walking import Walk, walk
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.types import Answer, utc_now


class DecisionBeside(Answer):
    """Decision of a closed sprint beside what happened in its days."""

    sprint_id: str
    """The sprint."""
    planned: int
    """Tasks of the sprint."""
    rule: int | None
    """Task count of the rule; null: not recorded."""
    recommended: int | None
    """Task count that the evidence recommended; null: it recommended none."""
    completed: int
    """Planned tasks that were finished in the sprint."""
    team_finished: int | None
    """Tasks that the team finished in its days; null: no file knows."""
    known_until: date | None
    """Last day of the sprint that the files know; null: they know all of it."""

    def sentence(self) -> str:
        """Set the decision beside what happened, in words."""
        numbers = [f"rule {self.rule}" if self.rule is not None else ""]
        numbers.append("" if self.recommended is None else f"recommended {self.recommended}")
        known = ", ".join(number for number in numbers if number)
        decision = f"{self.planned} were planned" + (f" ({known})" if known else "")
        team = "" if self.team_finished is None else f"; the team finished {self.team_finished}"
        until = f" by {self.known_until}" if self.known_until else ""
        return f"{self.sprint_id}: {decision}, {self.completed} of them finished{team}{until}."


class ImportedClockMoved(ClockMoved):
    """Move of an imported project, with what came in on the way."""

    tasks_created: int
    """Tasks that entered the backlog."""
    tasks_completed: int
    """Tasks that were finished, in the sprint or outside it."""
    decision_beside: DecisionBeside | None
    """Closed sprint beside what happened; null when none ended."""


async def walk_clock(
    clients: Clients, store: RowStore, project_id: str, request: ClockMoveRequest
) -> ImportedClockMoved | None:
    """Move a held project whose rows are known; None for any other project or request.

    A release walks to the present day first, so that the rows up to it are brought in.
    """
    rows = await known_rows.find(store, project_id)
    if rows is None:
        return None
    before = await clients.project.get_project(project_id)
    target = request.to or utc_now().astimezone(ZoneInfo(before.timezone)).date()
    if before.clock == "live" or (isinstance(target, date) and target <= before.today):
        # The orchestrator says why this cannot be done.
        return None
    walked = await walk(clients, store, rows, target)
    if walked is None:
        return None
    if request.live:
        await clients.orchestrator.move_clock(project_id, request)
    after = await clients.project.get_project(project_id)
    beside = await _beside(clients, store, walked)
    completed = walked.tasks.reported + walked.tasks.completed
    sentences = [
        describe(before, after, walked.daily_scrums, walked.closed_sprint),
        f"{walked.tasks.created} tasks entered the backlog, {completed} were finished.",
    ]
    return ImportedClockMoved(
        project_id=project_id,
        clock=after.clock,
        today=after.today,
        previous_day=before.today,
        daily_scrums=walked.daily_scrums,
        closed_sprint=walked.closed_sprint,
        message=" ".join([*sentences, beside.sentence()] if beside else sentences),
        tasks_created=walked.tasks.created,
        tasks_completed=completed,
        decision_beside=beside,
    )


async def _beside(clients: Clients, store: RowStore, walked: Walk) -> DecisionBeside | None:
    closed = walked.closed_sprint
    if closed is None:
        return None
    sprint = await clients.sprint.get_sprint(closed.sprint_id)
    actual = await holdout.find(store, walked.project_id, sprint.start_date, sprint.end_date)
    rule, recommended = await _numbers(clients, walked.project_id, closed.sprint_id)
    return DecisionBeside(
        sprint_id=closed.sprint_id,
        planned=sprint.total_tasks,
        rule=rule,
        recommended=recommended,
        completed=closed.completed_tasks,
        team_finished=actual.finished if actual else None,
        known_until=actual.known_until if actual else None,
    )


async def _numbers(
    clients: Clients, project_id: str, sprint_id: str
) -> tuple[int | None, int | None]:
    """Read the rule's and the recommended number of the decision that created a sprint."""
    try:
        audits = await clients.chronicle.list_decision_audits(project_id, sprint_id)
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return None, None
        raise
    for audit in audits:
        rule = _number(audit.rule_based_decision, "tasks_to_assign")
        if audit.effect == "acted" and rule is not None:
            adjustment = (audit.intelligence_adjustments or {}).get("task_count_modification")
            return rule, _number(adjustment, "intelligence_recommendation")
    return None, None


def _number(document: object, name: str) -> int | None:
    if not isinstance(document, Mapping):
        return None
    value = cast("Mapping[str, object]", document).get(name)
    return value if isinstance(value, int) else None

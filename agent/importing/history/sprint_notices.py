"""Sentences about the sprints of an import: how their days and commitments are known."""

from collections.abc import Iterator
from itertools import pairwise

from agent.importing.history.filling import PastSprint
from agent.importing.history.history_windows import ProjectHistory
from agent.importing.history.sprint_length import SprintLength
from agent.importing.history.tracker_sprints import last_day
from agent.importing.notices import Notice
from domain_services.kernel.words import counted, listed


def length_notice(project_id: str, length: SprintLength) -> Notice | None:
    """Say that a length follows the tracker's sprints; None for one that does not."""
    if not length.sprints:
        return None
    return Notice(
        f"{project_id}: sprints are taken as {counted(length.days, 'day')} long, the typical length"
        f" of the last {counted(length.sprints, 'sprint')} of the tracker that are over;"
        " --cadence names another."
    )


def sprint_notices(history: ProjectHistory) -> Iterator[Notice]:
    """Say what was inferred about the sprints of a project, and which of them run."""
    named = [sprint for sprint in history.sprints if sprint.name]
    if inferred := [sprint for sprint in named if sprint.inferred]:
        have, their = ("has", "its") if len(inferred) == 1 else ("have", "their")
        yield Notice(
            f"{history.project_id}: {counted(len(inferred), 'sprint')} {have} no days in the files:"
            f" {their} days are inferred from the days on which {their} tasks were finished."
        )
    if any(not sprint.inferred for sprint in named):
        known = sum(sprint.commitment_known for sprint in named)
        others = sum(not sprint.inferred for sprint in named) - known
        if others > 0:
            yield Notice(
                f"{history.project_id}: the commitment of {counted(others, 'sprint')} is counted"
                " from the tasks of the sprint that existed on its first day, because no history of"
                " the sprints is known."
            )
    if overlapping := _side_by_side(named):
        yield Notice(
            f"{history.project_id}: {listed(overlapping)} ran side by side; each counts with its"
            " own tasks, so that one of them shows less than the whole team finished.",
            "warning",
        )
    for sprint in history.timeline.running:
        tasks = [task for task in history.backlog if sprint.name in task.sprints]
        end = last_day(sprint)
        until = f" until {end}" if end is not None and not sprint.inferred else ""
        are = "is" if len(tasks) == 1 else "are"
        unfinished = (
            f"{counted(len(tasks), 'task')} of it {are} unfinished and will be planned first."
            if tasks
            else "nothing of it is unfinished."
        )
        yield Notice(f'{history.project_id}: "{sprint.name}" runs{until}; {unfinished}')


def _side_by_side(sprints: list[PastSprint]) -> list[str]:
    """Name the sprints that began before an earlier one had ended."""
    names: dict[str, None] = {}
    for earlier, later in pairwise(sprints):
        if later.start_date <= (earlier.ended_on or earlier.end_date):
            names |= {earlier.name or "": None, later.name or "": None}
    return list(names)

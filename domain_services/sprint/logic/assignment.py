"""Who takes which task: a round robin that goes on from sprint to sprint."""

from collections.abc import Iterable, Sequence

from domain_services.project.schema import PersonCapacity


def assign(
    holders: Iterable[str | None], team: Sequence[PersonCapacity], last: str | None
) -> tuple[list[str | None], str | None]:
    """An assignee for each task, and the last person who was given one.

    `holders` are the present assignees, who keep their tasks; `team` is in the order of joining;
    `last` is who was given a task last in the sprint before. Nobody without a working day is
    given one; when that is everybody, the tasks stay without an assignee.
    """
    order = [person.employee_id for person in team]
    start = order.index(last) + 1 if last in order else 0
    queue = [each for each in team[start:] if each.working_days > 0]
    queue += [each for each in team[:start] if each.working_days > 0]
    given = 0
    assignees: list[str | None] = []
    for holder in holders:
        if holder is None and queue:
            last = queue[given % len(queue)].employee_id
            given += 1
            assignees.append(last)
        else:
            assignees.append(holder)
    return assignees, last

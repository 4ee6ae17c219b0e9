"""Assignment of tasks to people: a round robin that continues from sprint to sprint."""

from collections.abc import Iterable, Sequence

from domain_services.project.schema import PersonCapacity


def assign(
    holders: Iterable[str | None], team: Sequence[PersonCapacity], last: str | None
) -> tuple[list[str | None], str | None]:
    """Choose an assignee for each task; returns them and the last person who was assigned.

    `holders` are the present assignees, who keep their tasks. `team` is in the order of joining.
    `last` was the last person assigned in the sprint before. People without a working day get no
    task; when that is everybody, or the team is empty, the tasks stay without an assignee.
    """
    order = [person.employee_id for person in team]
    # A new round at every sprint would give the first to join the most tasks.
    start = order.index(last) + 1 if last in order else 0
    queue = [person for person in team[start:] if person.working_days > 0]
    queue += [person for person in team[:start] if person.working_days > 0]
    position = 0
    assignees: list[str | None] = []
    for holder in holders:
        if holder is None and queue:
            last = queue[position % len(queue)].employee_id
            position += 1
            assignees.append(last)
        else:
            assignees.append(holder)
    return assignees, last

"""How the sprints that the chronicle has differ from those that an import would record."""

from collections.abc import Sequence

from domain_services.chronicle.schema import SprintRetrospective, SprintRetrospectiveCreate

_NAMED_SPRINTS = 5


def difference(
    recorded: Sequence[SprintRetrospective], wanted: Sequence[SprintRetrospectiveCreate]
) -> str | None:
    """What differs in words, as the end of a sentence; None when each recorded sprint is the same.

    Sprints that only one side has are no difference: an import adds what is missing.
    """
    by_id = {note.sprint_id: note for note in wanted}
    pairs = [(kept, by_id[kept.sprint_id]) for kept in recorded if kept.sprint_id in by_id]
    for kept, note in pairs:
        if kept.origin == note.origin and (before := _days(kept)) != (now := _days(note)):
            return f"has sprints of {before} days, not of {now} (--cadence)"
    differing = [(note, found) for kept, note in pairs if (found := _contents(kept, note))]
    if not differing:
        return None
    named = "; ".join(
        f"{note.sprint_id} ({note.start_date} to {note.end_date}): {found}"
        for note, found in differing[:_NAMED_SPRINTS]
    )
    left = len(differing) - _NAMED_SPRINTS
    more = f"; and {left} more" if left > 0 else ""
    return f"its past sprints would change: {named}{more}"


def _days(note: SprintRetrospective | SprintRetrospectiveCreate) -> int:
    return (note.end_date - note.start_date).days + 1


def _contents(kept: SprintRetrospective, note: SprintRetrospectiveCreate) -> str:
    """What of a sprint differs; "" when nothing does."""
    if kept.origin != note.origin:
        return "it is recorded as one that was closed here, not imported"
    if kept.start_date != note.start_date:
        return f"it is recorded as {kept.start_date} to {kept.end_date}"
    before = {each.task_id: each.model_dump() for each in kept.tasks_summary}
    now = {each.task_id: each.model_dump() for each in note.tasks_summary}
    changed = sum(before[name] != now[name] for name in before.keys() & now.keys())
    counts = (
        (len(now.keys() - before.keys()), "finished tasks are new"),
        (len(before.keys() - now.keys()), "finished tasks are gone"),
        (changed, "finished tasks have another title or assignee"),
    )
    found = [f"{count} {what}" for count, what in counts if count]
    for name, what in (
        ("open_at_start", "open tasks at its start"),
        ("tasks_created_during", "tasks created in it"),
    ):
        old, new = getattr(kept, name), getattr(note, name)
        if old != new:
            found.append(f"{new} {what} instead of {old}")
    return ", ".join(found)

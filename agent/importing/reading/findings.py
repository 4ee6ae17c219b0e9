"""Sentences of a preview about what the rows mean, and the doubts that a person must settle."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.importing.loading.limits import MAX_LABELS
from agent.importing.meaning.estimates import estimate_of, is_doubtful
from agent.importing.meaning.statuses import State
from agent.importing.meaning.work_times import hours_of
from agent.importing.notices import Notice, Question
from agent.importing.profiles.profile import Profile
from agent.importing.reading.counts import KindCount, StateCounts
from agent.importing.reading.mapping import MappedColumn
from agent.importing.reading.remedies import remedy_of
from agent.importing.reading.tally import Occurrences, Tally
from agent.importing.tasks import Kind, Task

_SHOWN_STATUSES = 8
# Fields of a tracker's API that tell when a task was finished.
_API_FINISHES = {
    "finished": "the day on which the tracker closed the task",
    "status_changed": "the last change of the status category",
    "updated": "the last change",
    "history of the status": "the history of the status",
}
_PROJECT_SOURCES = {"id": "their ids", "url": "their addresses"}


def plural(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def state_notices(
    states: StateCounts, tally: Tally, columns: Mapping[str, MappedColumn], profile: Profile
) -> Iterator[Notice]:
    """Say what is closed without work, what has no known day, and where the days came from."""
    if states.dropped:
        yield Notice(
            f"{plural(states.dropped, 'task')} closed without work: in neither backlog nor "
            "completed work.",
            "warning",
        )
    if states.done_on_unknown_day:
        yield Notice(_unknown_days(states, columns, profile), "warning")
    finish = columns.get("finished")
    if any(finish is None or name != finish.header for name in tally.finish_columns):
        yield _finish_days(tally, columns)
    if tally.reopened:
        yield Notice(
            f"{plural(tally.reopened, 'task')} with a finish day, though the tracker itself says "
            "that they are open: they count as open.",
            "warning",
        )
    if tally.closed_by_day and not profile.status_is_place:
        yield Notice(
            f"{tally.closed_by_day} tasks have a finish date though their status says they are "
            "not done: the finish date counts. Say what the status means with --status, if that "
            "is wrong.",
            "warning",
        )
    yield from _resolutions(tally)
    if tally.corrected:
        yield Notice(
            f"{plural(tally.corrected, 'finish day')} before the creation of the task: "
            "moved to the day of its creation."
        )


def _finish_days(tally: Tally, columns: Mapping[str, MappedColumn]) -> Notice:
    """Say where the finish days came from; a tracker's API has no columns."""
    words = _API_FINISHES if not columns else {}
    counts = tally.finish_columns.most_common()
    sources = (f"{days:,} from {words.get(name, repr(name))}" for name, days in counts)
    return Notice(f"Finish days: {', '.join(sources)}.")


def _resolutions(tally: Tally) -> Iterator[Notice]:
    if unknown := tally.unknown_resolutions:
        yield Notice(
            f"{plural(unknown.total(), 'task')} closed with a resolution that is not known "
            f"({_counted(unknown)}): counted as completed. If no work was done, say so with "
            f'--status "{unknown.most_common(1)[0][0]}=dropped".',
            "warning",
        )
    if stale := tally.resolved_open:
        yield Notice(
            f"{plural(stale.total(), 'open task')} with a resolution ({_counted(stale)}): "
            "the status counts, so they are open.",
            "warning",
        )


def _counted(names: Counter[str]) -> str:
    shown = names.most_common(_SHOWN_STATUSES)
    more = len(names) - len(shown)
    listing = ", ".join(f"{name!r} {count:,}" for name, count in shown)
    return f"{listing} and {more} more" if more else listing


def _unknown_days(
    states: StateCounts, columns: Mapping[str, MappedColumn], profile: Profile
) -> str:
    subject = plural(states.done_on_unknown_day, "task")
    sentence = f"{subject} done on an unknown day: in neither backlog nor past sprints."
    told_by = [
        repr(name)
        for field in ("finished", "status_changed")
        if field in columns
        for name in columns[field].names
    ]
    if not states.completed:
        sentence += " Without finish days there is no velocity."
    if told_by:
        return f"{sentence} Their cells in {' and '.join(told_by)} are empty."
    for lack in profile.lacks:
        if lack.field == "finished":
            remedy = remedy_of(lack, profile, columns)
            return f"{sentence} {remedy[0].upper()}{remedy[1:]}."
    return (
        f"{sentence} Add the column of the finish day to the export, such as 'Resolved' or "
        "'Status Category Changed' in Jira, or map it with --map finished=COLUMN."
    )


def kind_notices(
    kinds: Sequence[KindCount], tasks: Sequence[Task], work: Sequence[Task], types: Sequence[str]
) -> Iterator[Notice]:
    """Say which rows are no work of their own, and why."""
    containers = [count for count in kinds if count.kind is Kind.CONTAINER]
    if containers:
        text = f"Not planned and not counted: {_listing(containers)}; they hold other tasks."
        if not work:
            text += f" No task is left: --types {_type_names(containers)} plans and counts them."
        yield Notice(text, "warning")
    if left_out := [count for count in kinds if count.kind is Kind.LEFT_OUT]:
        yield Notice(
            f"Left out by --types {','.join(types)}: {_listing(left_out)}; neither planned nor "
            "counted.",
            "warning",
        )
    parts = sum(count.tasks for count in kinds if count.kind is Kind.PART)
    alone = sum(task.kind is Kind.PART for task in work)
    if parts > alone:
        yield Notice(
            f"{plural(parts - alone, 'step')} of other tasks "
            f"({_listing([count for count in kinds if count.kind is Kind.PART])}): planned and "
            "counted with their tasks, not alone. --types chooses otherwise.",
            "warning",
        )
    if alone:
        yield Notice(
            f"{plural(alone, 'step')} whose task is not among the rows: planned and counted as "
            "tasks of their own."
        )


def _type_names(kinds: Iterable[KindCount]) -> str:
    names = ",".join(count.type for count in kinds if count.type)
    return f'"{names}"' if " " in names else names or "all"


def _listing(kinds: Iterable[KindCount]) -> str:
    return ", ".join(f"{count.tasks:,} {count.type or 'without a type'}" for count in kinds)


def reading_notices(
    tally: Tally, columns: Mapping[str, MappedColumn], tasks: Sequence[Task], *, is_file: bool
) -> Iterator[Notice]:
    """Say which values were read otherwise than they stand; a tracker's API has no columns."""
    if "finished" not in columns and not tally.finish_columns and tasks:
        yield from _no_finish(tasks, is_file=is_file)
    yield from _projects(tally, columns, tasks)
    if tally.estimates.count:
        yield _estimates(tally, columns)
    for field, texts in tally.shortened.items():
        yield Notice(
            f"{plural(texts.count, 'text')} of the field {field} shortened to what is kept, "
            f"first of {_examples(texts)}."
        )
    for field, days in tally.days.items():
        name = columns[field].header if field in columns else field
        yield Notice(
            f"{plural(days.count, 'value')} of {name!r} cannot be read as a day "
            f"({_examples(days)}): left out.",
        )
    if tally.repeated:
        rows = plural(tally.repeated, "row repeats", "rows repeat")
        yield Notice(f"{rows} a task as it is: each counts once.")
    if tally.differing.count:
        rows = plural(tally.differing.count, "row repeats", "rows repeat")
        yield Notice(
            f"{rows} an id with other values "
            f"({_examples(tally.differing)}): of each id the row that was updated last counts, "
            "or the later one.",
            "warning",
        )
    labelled = sum(len(task.labels) > MAX_LABELS for task in tasks)
    if labelled:
        yield Notice(
            f"{labelled} tasks have more than {MAX_LABELS} labels: the first {MAX_LABELS} are kept."
        )


def _projects(
    tally: Tally, columns: Mapping[str, MappedColumn], tasks: Sequence[Task]
) -> Iterator[Notice]:
    for source, name in _PROJECT_SOURCES.items():
        if tally.project_sources[source]:
            projects = sorted({task.project for task in tasks})
            yield Notice(
                f"The project of {plural(tally.project_sources[source], 'task')} is taken from "
                f"{name}: {', '.join(projects[:_SHOWN_STATUSES])}."
            )
    if (texts := tally.several_projects).count:
        column = columns["project"].header
        verb = "names" if texts.count == 1 else "name"
        yield Notice(
            f"{plural(texts.count, 'row')} {verb} several projects in {column!r} "
            f"({_examples(texts)}): each is a task of the first one. --project TEAM takes the file "
            "as one project.",
            "warning",
        )


def _no_finish(tasks: Sequence[Task], *, is_file: bool) -> Iterator[Notice]:
    if not any(task.state in (State.DONE, State.DROPPED) for task in tasks):
        reason = (
            "No column is mapped to finished" if is_file else "The tracker names no closed task"
        )
        yield Notice(f"{reason}: every task counts as open.", "warning")


def _estimates(tally: Tally, columns: Mapping[str, MappedColumn]) -> Notice:
    column, texts = columns.get("estimate"), tally.estimates
    place = f" in {' and '.join(map(repr, column.names))}" if column else ""
    if not tally.read_estimates:
        advice = " Map another column with --map estimate=COLUMN." if column else ""
        return Notice(
            f"No estimate{place} is a number ({_examples(texts)}): tasks have no estimate."
            f"{_doubt(texts)}{advice}",
            "warning",
        )
    kind = "time" if tally.are_times else "number"
    verb = f"is no {kind}" if texts.count == 1 else f"are no {kind}s"
    return Notice(
        f"{plural(texts.count, 'estimate')}{place} {verb} ({_examples(texts)}): these "
        f"tasks have none.{_doubt(texts)}{_other_unit(tally)}",
        "warning",
    )


def _other_unit(tally: Tally) -> str:
    """Say what to do about times among points, or numbers among times; "" without any."""
    is_other = estimate_of if tally.are_times else hours_of
    if all(is_other(text) is None for text in tally.estimates.examples):
        return ""
    return (
        " Points and times are two units: write these as the others are, or name a column of one "
        "unit with --map estimate=COLUMN."
    )


def _doubt(texts: Occurrences) -> str:
    doubtful = next(filter(is_doubtful, texts.examples), None)
    if doubtful is None:
        return ""
    return f" Nothing tells whether the comma of {doubtful!r} begins decimals or groups thousands."


def _examples(texts: Occurrences) -> str:
    return ", ".join(repr(text) for text in texts.examples)


def status_questions(work: Sequence[Task]) -> Iterator[Question]:
    """Ask for the meaning of statuses that nothing explains, of tasks that would be planned."""
    counts = Counter(task.status for task in work if task.state is None and task.status)
    unknown = counts.most_common()
    if not unknown:
        return
    listing = ", ".join(f"{name!r} ({count:,})" for name, count in unknown[:_SHOWN_STATUSES])
    more = len(unknown) - _SHOWN_STATUSES
    tail = f" and {more} more" if more > 0 else ""
    number = counts.total()
    yield Question(
        f"The meaning of {plural(len(unknown), 'status', 'statuses')} of "
        f"{plural(number, 'task')} without a finish day is not known: {listing}{tail}.",
        " ".join(f'--status "{name}=todo|doing|done|dropped"' for name, _ in unknown),
    )

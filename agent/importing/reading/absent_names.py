"""Names of options that no row has: a typing error would otherwise pass without a word."""

from collections.abc import Collection, Iterable, Iterator, Sequence

from agent.importing.meaning.statuses import plain_name
from agent.importing.nearest import did_you_mean, nearest
from agent.importing.notices import Notice, Question
from agent.importing.option_texts import ALL_TYPES
from agent.importing.options import ImportOptions
from agent.importing.tasks import Task
from domain_services.kernel.words import listed

_SHOWN_NAMES = 12


def absent_types(
    tasks: Sequence[Task], options: ImportOptions
) -> tuple[tuple[Notice, ...], tuple[Question, ...]]:
    """Name the types of the options that no task has, and ask when no task has any of them."""
    if not tasks or [plain_name(name) for name in options.types] == [ALL_TYPES]:
        return (), ()
    present = dict.fromkeys(task.type for task in tasks if task.type)
    known = {plain_name(name) for name in present}
    absent = [name for name in options.types if plain_name(name) not in known]
    if not absent:
        return (), ()
    types = f"the types are {_listing(present)}" if present else "no row has a type"
    text = f"No row is of the type {_listing(absent)} that --types names; {types}."
    if len(absent) < len(options.types):
        return (Notice(text + did_you_mean(absent[0], present), "warning"),), ()
    return (), (
        Question(f"{text} Nothing would be planned or counted.", _answer(absent[0], present)),
    )


def absent_statuses(
    tasks: Iterable[Task], used: Collection[str], options: ImportOptions
) -> Iterator[Notice]:
    """Name each status of the options that no row has as a status or resolution.

    `used` are those that one has, as `plain_name` gives them.
    """
    absent = [name for name in options.statuses if name not in used]
    if not absent:
        return
    present = {plain_name(task.status): task.status for task in tasks if task.status}
    for name in absent:
        near = nearest(name, present)
        advice = f" Did you mean {present[near]!r}?" if near is not None else ""
        yield Notice(f"No row has the status {name!r} that --status names.{advice}", "warning")


def _answer(absent: str, present: Collection[str]) -> str:
    if not present:
        return f"--types {ALL_TYPES}"
    near = nearest(absent, present) or next(iter(present))
    return f'--types "{near}" or another of them'


def _listing(names: Iterable[str]) -> str:
    return listed([repr(name) for name in names], _SHOWN_NAMES)

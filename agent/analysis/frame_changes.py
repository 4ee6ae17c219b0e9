"""Changes of a run's state by each node, as flat rows."""

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from agent.analysis.frame_rows import ChangeRow, Value
from agent.run_schema import RunStep

MOST_ITEMS = 3  # of a list that is opened; longer ones are counted


def change_rows(steps: Iterable[RunStep]) -> list[ChangeRow]:
    """List the fields that each node changed, in the order in which the nodes ended."""
    state: dict[str, Value] = {}
    rows: list[ChangeRow] = []
    for step in steps:
        for field, after in _leaves("", step.update):
            before = state.get(field)
            if field not in state or before != after:
                rows.append(ChangeRow(node=step.node, field=field, before=before, after=after))
            state[field] = after
    return rows


def _leaves(place: str, value: JsonValue) -> Iterator[tuple[str, Value]]:
    """Yield the single values of a JSON value with their places."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(f"{place}.{name}" if place else name, item)
    elif not isinstance(value, list):
        yield place, value
    elif len(value) > MOST_ITEMS or not any(isinstance(item, dict | list) for item in value):
        shown = ", ".join(str(item) for item in value if not isinstance(item, dict | list))
        yield place, shown or (f"{len(value)} items" if value else "none")
    else:
        for number, item in enumerate(value):
            yield from _leaves(f"{place}[{number}]", item)

"""Steps of a run: the update of each node, bounded in size."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import cast

from pydantic import BaseModel, JsonValue

from graphs.answer import Orchestration
from graphs.state import State
from memory.run_steps import Step, size_of

MOST_CHARACTERS = 1000  # of a text
MOST_BYTES = 16_384  # of a step as JSON
FEWER_ITEMS = (20, 8, 3, 0)  # tried in turn until a step is small enough
SHORT_ITEMS = (3, 0)  # of a stream, whose reader wants a line a step
_ELSEWHERE = frozenset({"timings"})  # `ms` says it
# Of the answer: the row of the run holds it whole.
_SHOWN = ("status", "effect", "actions_taken", "created")

Observer = Callable[[Mapping[str, JsonValue]], None]


def ignore(_: Mapping[str, JsonValue]) -> None:
    """Observe nothing."""


@dataclasses.dataclass
class Steps:
    """Steps of one run in one process; `observe` gets what happens as events of a stream."""

    observe: Observer = ignore
    new: list[Step] = dataclasses.field(default_factory=list[Step])
    """Steps that no statement has stored yet."""

    def add(self, node: str, update: State) -> None:
        """Add the update of a node."""
        self.new.append(make_step(node, update))
        if self.observe is not ignore:
            short = make_step(node, update, SHORT_ITEMS)
            self.observe({"event": "step", **cast(dict[str, JsonValue], short)})

    def stored(self) -> None:
        """Note that the steps so far are stored."""
        self.new.clear()


def make_step(node: str, update: State, numbers: Sequence[int] = FEWER_ITEMS) -> Step:
    """Return a node's update as JSON of at most MOST_BYTES.

    `numbers` of items a list are tried in turn.
    """
    ms = next(iter(update.get("timings", {}).values()), None)
    # LangGraph names the handler of a node's failure apart from the node.
    name = node.removeprefix("__error_handler__")
    for most_items in numbers:
        left_out: dict[str, int] = {}
        bounded = {
            channel: _bounded(_shown(value, channel, left_out), channel, most_items, left_out)
            for channel, value in update.items()
            if channel not in _ELSEWHERE
        }
        step = Step(node=name, ms=ms, update=bounded, left_out=left_out)
        if size_of(step) <= MOST_BYTES:
            return step
    channels = dict.fromkeys(update.keys() - _ELSEWHERE, 1)
    return Step(node=name, ms=ms, update={}, left_out=channels)


def _shown(value: object, place: str, left_out: dict[str, int]) -> object:
    """Return what a step shows of a channel; of an answer that is its end."""
    if not isinstance(value, Orchestration):
        return value
    left_out[place] = len(Orchestration.model_fields) - len(_SHOWN)
    return {name: getattr(value, name) for name in _SHOWN}


def _bounded(value: object, place: str, most: int, left_out: dict[str, int]) -> JsonValue:
    """Convert a value to JSON with at most `most` items a list; note in `left_out` what is not."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _text(value, place, left_out)
    if isinstance(value, BaseModel):
        return {name: _bounded(item, f"{place}.{name}", most, left_out) for name, item in value}
    if dataclasses.is_dataclass(value):
        return {
            field.name: _bounded(
                getattr(value, field.name), f"{place}.{field.name}", most, left_out
            )
            for field in dataclasses.fields(value)
        }
    if isinstance(value, Mapping):
        pairs = list(cast(Mapping[object, object], value).items())
        _note(place, len(pairs), most, left_out)
        return {
            str(name): _bounded(item, f"{place}.{name}", most, left_out)
            for name, item in pairs[:most]
        }
    if isinstance(value, Sequence | frozenset | set):
        items = list(cast(Sequence[object], value))
        _note(place, len(items), most, left_out)
        return [_bounded(item, f"{place}[]", most, left_out) for item in items[:most]]
    return _text(value.isoformat() if isinstance(value, date) else str(value), place, left_out)


def _note(place: str, count: int, most: int, left_out: dict[str, int]) -> None:
    if count > most:
        left_out[place] = left_out.get(place, 0) + count - most


def _text(text: str, place: str, left_out: dict[str, int]) -> str:
    _note(place, len(text), MOST_CHARACTERS, left_out)
    # PostgreSQL stores neither NUL nor a lone surrogate: such a text must not cost the run.
    plain = text[:MOST_CHARACTERS].replace("\x00", "")
    return plain if plain.isascii() else plain.encode(errors="replace").decode()

"""Ids behind an answer: those that tools have shown, and those that a text names."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from agent.chat.schema import Sources

MOST_IDS = 20  # of a kind
_IN_WORDS = 5
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PREFIX = r"[A-Z][A-Z0-9_-]{0,31}"  # a project id
# Forms of ids: of runs and episodes, of sprints (P1-S46), and of tasks (P1-TASK003, P0-T5052,
# WEB-12). Only the forms that this system makes itself count in small letters too.
_LOOKS_LIKE_AN_ID = re.compile(rf"\b(?:(?i:{_UUID}|{_PREFIX}-(?:S|TASK)\d+)|{_PREFIX}-[A-Z]*\d+)\b")
_KINDS = {
    "run_id": "runs",
    "sprint_id": "sprints",
    "task_id": "tasks",
    "task_ids": "tasks",
    "episode_id": "episodes",
}


class SeenIds:
    """Ids in the results of the tools of one answer, by kind and in order."""

    def __init__(self) -> None:
        self._ids: dict[str, dict[str, None]] = {kind: {} for kind in _KINDS.values()}
        self._shown: set[str] = set()

    def add(self, result: str) -> None:
        """Note the ids in a tool's result, which is JSON."""
        self._shown.update(_ids_in(result))
        try:
            document = json.loads(result)
        except ValueError:
            return
        for kind, value in _walk(document):
            self._ids[kind][value] = None

    def add_earlier(self, result: str) -> None:
        """Note a result from before this answer: its ids are no inventions."""
        self._shown.update(_ids_in(result))

    def add_refusal(self, words: str, arguments: object) -> None:
        """Note a refusal, whose ids count but for those that the call itself brought."""
        self._shown.update(_ids_in(words) - _ids_in(json.dumps(arguments)))

    def behind(self, text: str) -> Sources:
        """Return the ids that a text names, or all that were seen when it names none."""
        named = {
            kind: [value for value in values if _names(text, value)]
            for kind, values in self._ids.items()
        }
        if not any(named.values()):
            named = {kind: list(values) for kind, values in self._ids.items()}
        return Sources(**{kind: values[:MOST_IDS] for kind, values in named.items()})

    def names_any(self, text: str) -> bool:
        """Check that a text names an id that was seen."""
        return any(_names(text, value) for values in self._ids.values() for value in values)

    def unconfirmed(self, text: str, known: Iterable[str]) -> list[str]:
        """Return what looks like an id in a text, and is in no result nor in `known`."""
        confirmed = self._shown | {value.lower() for value in known}
        candidates = dict.fromkeys(_LOOKS_LIKE_AN_ID.findall(text))
        return [value for value in candidates if value.lower() not in confirmed][:MOST_IDS]


def in_words(sources: Sources) -> str:
    """Name the ids of `sources` in a sentence; empty without any."""
    kinds: dict[str, list[str]] = sources.model_dump()
    parts = [
        f"{kind.removesuffix('s') if len(values) == 1 else kind} {', '.join(values[:_IN_WORDS])}"
        + (f" and {len(values) - _IN_WORDS} more" if len(values) > _IN_WORDS else "")
        for kind, values in kinds.items()
        if values
    ]
    return f"This rests on {'; '.join(parts)}." if parts else ""


def _ids_in(text: str) -> set[str]:
    return {value.lower() for value in _LOOKS_LIKE_AN_ID.findall(text)}


def _names(text: str, value: str) -> bool:
    pattern = rf"(?<![\w-]){re.escape(value)}(?![\w-])"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _walk(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for member in cast(list[Any], value):
            yield from _walk(member)
    elif isinstance(value, dict):
        for name, member in cast(dict[str, Any], value).items():
            kind = _KINDS.get(name)
            if kind is None:
                yield from _walk(member)
                continue
            members = cast(list[Any], member) if isinstance(member, list) else [member]
            yield from ((kind, value) for value in members if isinstance(value, str))

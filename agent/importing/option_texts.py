"""Values of the options of an import, as a person writes them."""

import re
from collections.abc import Iterable

from agent.importing.errors import CsvRefused
from agent.importing.meaning.statuses import State, plain_name

STATE_WORDS: dict[str, State] = {
    "todo": State.TO_DO,
    "doing": State.DOING,
    "done": State.DONE,
    "dropped": State.DROPPED,
}
# Value of --types with which every row is work.
ALL_TYPES = "all"
_SHARE = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,4})?)\s*%")


def parse_statuses(texts: Iterable[str]) -> dict[str, State]:
    """Parse texts of the form `Live=done` into states by the plain names of the statuses.

    Raises: `CsvRefused` for a part of another form, or a status with two meanings.
    """
    states: dict[str, State] = {}
    for text in texts:
        # A status may hold an equals sign itself.
        name, _, word = (part.strip() for part in text.rpartition("="))
        state = STATE_WORDS.get(plain_name(word).replace(" ", ""))
        if not name or state is None:
            raise CsvRefused(
                f"--status {text!r} is not of the form STATUS=MEANING, such as Live=done; "
                f"the meanings are {', '.join(STATE_WORDS)}."
            )
        if states.setdefault(plain_name(name), state) is not state:
            raise CsvRefused(
                f"--status gives {name!r} two meanings, {states[plain_name(name)]} and {state}: "
                "keep one."
            )
    return states


def parse_types(text: str | None) -> tuple[str, ...]:
    """Parse a list such as `Story,Bug,Task`; empty for None. Raises: `CsvRefused`."""
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise CsvRefused("--types names no type: give some, such as Story,Bug,Task, or all.")
    if len(names) > 1 and any(plain_name(name) == ALL_TYPES for name in names):
        raise CsvRefused("--types all stands alone: give it alone, or name the types.")
    return names


def parse_share(text: str) -> float:
    """Parse a share such as `5%` into a number from 0 to 1. Raises: `CsvRefused`."""
    match = _SHARE.fullmatch(text.strip())
    share = float(match[1].replace(",", ".")) / 100 if match else -1.0
    if not 0 <= share <= 1:
        raise CsvRefused(f"--refusals {text!r} is no share from 0% to 100%, such as 5%.")
    return share

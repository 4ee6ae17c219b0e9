"""Priorities of trackers as numbers from 1 (the highest) to 5."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from agent.importing.meaning.priority_names import NAMES
from agent.importing.meaning.status_names import NO_PRIORITY, names_in
from agent.importing.meaning.statuses import plain_name

DEFAULT_PRIORITY = 3
# No priority was given: the default one, and no unknown name.
_NONE = frozenset(names_in(NO_PRIORITY))


def _folded(text: str) -> str:
    """Return a name without case, marks above letters, and spaces too many."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


_LEVELS = {_folded(name): level for name, level in NAMES.items()}
# Boards put a coloured circle or an arrow beside a name, and some write a word in brackets behind.
_SYMBOLS = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
# `High priority` and `Severity: 2` say no more than `High` and `2`.
_SUBJECT = (
    "priority|prio|severity|sev|level|importance|prioritat|schweregrad|dringlichkeit|priorite|"
    "gravite|severite|prioridad|severidad|gravedad|prioridade|severidade|gravidade|приоритет|"
    "важность|серьезность|priorita|gravita|prioriteit|priorytet"
)
_SUBJECT_BEFORE = re.compile(rf"(?:{_SUBJECT})\b\s*[-\u2013:=#]?\s*(?=\S)|(?:sev|prio)(?=[0-9])")
_SUBJECT_BEHIND = re.compile(rf"(?<=\S)\s+(?:{_SUBJECT})$")
# Alone as in 2 and P2, before a name as in Azure's "2 - High", or behind one as in "High (P1)".
# 0 is above 1 in some trackers.
_MARK = r"(?:[ps] ?[-_]?[0-5]|[1-5])"
_BEFORE = re.compile(rf"(?P<mark>{_MARK})(?:(?:\s*[-\u2013:.)(/]\s*|\s+)(?P<name>[^\W\d].*?))?\)?")
_BEHIND = re.compile(rf"(?P<name>[^\W\d].*?)(?:\s*[-\u2013:(\[/]\s*|\s+)(?P<mark>{_MARK})[)\]]?")
_EDGES = " \t!*\"'.,;:?#\u00a1\u00bf"


def is_no_priority(text: str, own: Mapping[str, int | None] | None = None) -> bool:
    """Return True for a text that says that no priority was given.

    `own` are priorities of the tracker; None as a value says the same.
    """
    if own and own.get(name := plain_name(text), name) is None:
        return True
    return " ".join(text.split()).casefold() in _NONE


def level_of(text: str, own: Mapping[str, int | None]) -> int | None:
    """Return the number that a priority's name means; None when the name is not known.

    `own` are priorities of the tracker, which go before the common names.
    """
    return own.get(plain_name(text)) or priority_of(text)


@lru_cache(maxsize=1024)
def priority_of(text: str) -> int | None:
    """Return the number that a common name of a priority means; None when it is not known."""
    name = _plain(text)
    if (level := _LEVELS.get(name)) is not None:
        return level
    if (match := _BEFORE.fullmatch(name) or _BEHIND.fullmatch(name)) is None:
        return None
    # A name tells which end of a team's numbers is the top.
    if (level := _LEVELS.get(_plain(match["name"] or ""))) is not None:
        return level
    return max(1, int(match["mark"][-1]))


def _plain(text: str) -> str:
    """Return a name without symbols, marks at its edges, and the word that it is a priority."""
    name = _folded(_SYMBOLS.sub(" ", text)).strip(_EDGES)
    if len(name) > 1 and name[0] + name[-1] in ("()", "[]"):
        name = name[1:-1].strip(_EDGES)
    for subject in (_SUBJECT_BEFORE.match(name), _SUBJECT_BEHIND.search(name)):
        if subject is not None:
            name = name.replace(subject[0], "", 1).strip(_EDGES)
    return name

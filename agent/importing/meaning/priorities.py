"""Priorities of trackers as numbers from 1 (the highest) to 5."""

import re
from collections.abc import Mapping
from functools import lru_cache

from agent.importing.meaning.status_names import NO_PRIORITY, names_in
from agent.importing.meaning.statuses import plain_name

DEFAULT_PRIORITY = 3
# No priority was given: the default one, and no unknown name.
_NONE = frozenset(names_in(NO_PRIORITY))
_NAMES = {
    "blocker": 1,
    "highest": 1,
    "critical": 1,
    "urgent": 1,
    "high": 2,
    "major": 2,
    "medium": 3,
    "normal": 3,
    "moderate": 3,
    "low": 4,
    "minor": 4,
    "lowest": 5,
    "trivial": 5,
    "immediate": 1,
    "show stopper": 1,
    "más alta": 1,
    "crítica": 1,
    "urgente": 1,
    "alta": 2,
    "media": 3,
    "baja": 4,
    "más baja": 5,
    "höchste": 1,
    "kritisch": 1,
    "dringend": 1,
    "hoch": 2,
    "mittel": 3,
    "niedrig": 4,
    "niedrigste": 5,
    "am höchsten": 1,
    "am niedrigsten": 5,
    "la plus élevée": 1,
    "la plus haute": 1,
    "critique": 1,
    "élevée": 2,
    "haute": 2,
    "moyenne": 3,
    "normale": 3,
    "faible": 4,
    "basse": 4,
    "la plus basse": 5,
    "la plus faible": 5,
    "mais alta": 1,
    "altíssima": 1,
    "média": 3,
    "baixa": 4,
    "mais baixa": 5,
    "наивысший": 1,
    "критический": 1,
    "срочный": 1,
    "высокий": 2,
    "средний": 3,
    "обычный": 3,
    "низкий": 4,
    "наименьший": 5,
    "самый низкий": 5,
    "sehr hoch": 1,
    "sehr niedrig": 5,
    "gering": 4,
    "sofort": 1,
    "unwichtig": 5,
    "wichtig": 2,
    "very high": 1,
    "very low": 5,
    "severe": 1,
    "important": 2,
    "muy alta": 1,
    "muy baja": 5,
    "bloqueante": 1,
    "bloqueador": 1,
    "mayor": 2,
    "menor": 4,
    "normale priorität": 3,
    "très haute": 1,
    "très élevée": 1,
    "très basse": 5,
    "très faible": 5,
    "bloquant": 1,
    "bloquante": 1,
    "majeur": 2,
    "majeure": 2,
    "mineur": 4,
    "mineure": 4,
    "urgent(e)": 1,
    "muito alta": 1,
    "muito baixa": 5,
    "baixíssima": 5,
    "média alta": 2,
    "bloqueadora": 1,
    "maior": 2,
    "очень высокий": 1,
    "очень низкий": 5,
    "крайне важный": 1,
    "важный": 2,
    "неотложный": 1,
    "блокирующий": 1,
    "значительный": 2,
    "незначительный": 4,
    "тривиальный": 5,
    "самый высокий": 1,
    "нормальный": 3,
    "altissima": 1,
    "bassa": 4,
    "bassissima": 5,
    "hoog": 2,
    "hoogste": 1,
    "gemiddeld": 3,
    "laag": 4,
    "laagste": 5,
    "wysoki": 2,
    "najwyższy": 1,
    "średni": 3,
    "niski": 4,
    "najniższy": 5,
    "最高": 1,
    "高": 2,
    "中": 3,
    "低": 4,
    "最低": 5,
}
# Boards put a coloured circle or an arrow beside a name, and some write a word in brackets behind.
_SYMBOLS = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\ufe0f\U0001f000-\U0001faff]")
# Alone as in 2 and P2, or before a name as in Azure's "2 - High"; P0 is above P1 in some trackers.
_NUMBERED = re.compile(r"(?:p ?(?P<p>[0-5])|(?P<n>[1-5]))(?:\s*[-\u2013:.)(]\s*\D*|\s+[^\W\d].*)?")


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
    normalised = " ".join(_SYMBOLS.sub(" ", text).split()).casefold()
    if (priority := _NAMES.get(normalised)) is not None:
        return priority
    match = _NUMBERED.fullmatch(normalised)
    return max(1, int(match["p"] or match["n"])) if match else None

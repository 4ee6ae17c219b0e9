"""Labels of a row."""

import re
from collections.abc import Sequence
from functools import lru_cache

from agent.importing.meaning.json_cells import json_names
from agent.importing.meaning.plain_text import plain_line, shortened
from domain_services.backlog.schema import MAX_LABEL

_ENDS = re.compile(r"[,;\n]")


def labels_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the labels in the texts of a row, each once, in their order.

    Jira repeats the column for each label; other trackers join labels by commas or semicolons, and
    ClickUp puts brackets around them. A table made from an API's answers has JSON.
    """
    return _labels(tuple(texts))


# Cached, so that tasks with the same labels share them.
@lru_cache(maxsize=4096)
def _labels(texts: tuple[str, ...]) -> tuple[str, ...]:
    joined = "\n".join([_listed(text) for text in texts if text])
    labels = (shortened(plain_line(part.strip()), MAX_LABEL) for part in _ENDS.split(joined))
    return tuple(dict.fromkeys(label for label in labels if label))


def _listed(text: str) -> str:
    if (names := json_names(text)) is not None:
        return "\n".join(names)
    return text[1:-1] if text.startswith("[") and text.endswith("]") else text

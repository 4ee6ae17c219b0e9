"""Project of a task by its key or its address."""

import re

_KEY = re.compile(r"([A-Za-z][A-Za-z0-9_]*)-[0-9]+")
_NUMBER = re.compile(r"[0-9]+")
# Words of addresses that stand between the project and the number of a task.
_WORDS = frozenset(
    {"-", "issues", "issue", "pull", "merge_requests", "work_items", "us", "task", "work_packages"}
)


def project_of_key(key: str) -> str | None:
    """Return the text before the number of a key such as `SHOP-12`; None for another form."""
    match = _KEY.fullmatch(key.strip())
    return match[1] if match else None


def project_of_url(url: str) -> str | None:
    """Return the project in the address of a task, such as `shop` of `.../team/shop/issues/1`.

    A key at the end of the address names it too. None when nothing does.
    """
    path = url.partition("://")[2].partition("?")[0].partition("#")[0]
    parts = [part for part in path.split("/")[1:] if part]
    if not parts:
        return None
    # The title of the task may stand behind its key.
    for part in parts[-2:]:
        if (key := project_of_key(part)) is not None and key.isupper():
            return key
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    names = parts[:-1]
    while names and names[-1] in _WORDS:
        names.pop()
    # A host of one word a path, such as `/issues/7`, names no project.
    return names[-1] if names else None

"""Ids of projects from the names of repositories."""

import re

_MAX_ID = 32


def project_text(name: str) -> str:
    """Return a name as a project id: other characters than letters, digits, _ and - become -.

    At most 32 characters; an option of the import can name another id.
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")[:_MAX_ID] or "PROJECT"

"""The project's Markdown pages, for the tests of the documents."""

import re
import subprocess
from pathlib import Path

FENCE = re.compile(r"^(```+).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def tracked(repository: Path, pattern: str) -> list[Path]:
    """List the files under version control whose path matches a glob."""
    command = ["git", "-C", str(repository), "ls-files", "-z", "--", pattern]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # A file that was moved but not committed yet is listed under its old name too.
    return [path for name in names.split("\0") if name and (path := repository / name).exists()]


def prose(page: Path) -> str:
    """Read a page without its code fences."""
    return FENCE.sub("", page.read_text())

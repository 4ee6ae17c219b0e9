"""URLs given by a file or by the environment; a command line would show them to every process."""

import os
import sys
from pathlib import Path

from deploy.errors import StackError
from deploy.manifests.stores import names


def from_environment() -> dict[str, str]:
    """Read the variables that are set."""
    return {name: value for name in names() if (value := os.environ.get(name))}


def from_file(path: str) -> dict[str, str]:
    """Read lines NAME=URL of a file, or of stdin for "-". Raises: `StackError`."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
    except OSError as error:
        raise StackError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise StackError(f"cannot read {path}: it is no text in UTF-8") from error
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name, equals, value = line.strip().partition("=")
        if not line.strip() or line.strip().startswith("#"):
            continue
        # The line itself may hold a password: its number is enough.
        if not equals or name.strip() not in names():
            raise StackError(
                f"line {number} of {path} is not NAME=URL; the names are {', '.join(names())}"
            )
        values[name.strip()] = _unquoted(value.strip())
    return values


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value

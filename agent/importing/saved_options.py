"""Options of the last import, which the next one takes where a person says nothing else."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.importing.meaning.statuses import plain_name
from agent.importing.options import ImportOptions
from agent.importing.sources.last_read import setup_of
from agent.importing.tasks import option_project_id

# Fields of a request that hold for the next import too. Project and prefix do not: a file of the
# same columns may be of another team.
SAVED = (
    "mapping",
    "statuses",
    "types",
    "date_format",
    "sheet",
    "encoding",
    "cadence_days",
    "country",
    "subdivision",
    "timezone",
)
# Of these, what says how a file is read; an API has no columns and one way to write dates.
OF_FILES = ("mapping", "date_format", "sheet", "encoding")
_OPTIONS = {
    "mapping": "--map",
    "statuses": "--status",
    "types": "--types",
    "date_format": "--date-format",
    "cadence_days": "--cadence",
}

Values = Mapping[str, Any]


def hash_headers(headers: Iterable[Sequence[str]]) -> str:
    """Hash the columns of files, whatever their order and letters."""
    names = sorted({name.strip().lower() for header in headers for name in header})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def hash_options(options: ImportOptions) -> str:
    """Hash the options that decide what a row of a tracker means."""
    statuses = {plain_name(name): str(state) for name, state in options.statuses.items()}
    types = sorted(map(plain_name, options.types))
    named = None if options.project is None else option_project_id(options.project)
    return setup_of(statuses, types, options.prefix, named)


def choose_saved(saved: Iterable[Values]) -> Values:
    """Return the values that all of several imports agree on; empty without any."""
    choices = [{name: values[name] for name in SAVED if values.get(name)} for values in saved]
    first = choices[0] if choices else {}
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in choices)
    }


def fill_in(request: Values, saved: Values) -> tuple[dict[str, Any], dict[str, Any]]:
    """Add saved values to those of a request; return all of them, and those that were added.

    A value of the request replaces the saved one as a whole.
    """
    added = {name: value for name, value in saved.items() if not request.get(name)}
    # A part of a country means nothing in another one.
    if request.get("country"):
        added.pop("subdivision", None)
    return {**request, **added}, added


def describe_saved(added: Values) -> str:
    """Say which options were taken from the last import; "" without any."""
    if not added:
        return ""
    words = ", ".join(
        f"{_OPTIONS.get(name, f'--{name}')} {_text(name, added[name])}" for name in added
    )
    return f"Used from the last import: {words}. Name another value, or give --forget-options."


def _text(name: str, value: Any) -> str:
    if name == "statuses":
        # As the option takes them: todo, not "To do".
        words = {key: str(state).lower().replace(" ", "") for key, state in value.items()}
        return ",".join(f"{key}={word}" for key, word in words.items())
    if name == "mapping":
        return ",".join(f"{key}={other}" for key, other in value.items())
    if name == "types":
        return ",".join(value)
    return f"{value}d" if name == "cadence_days" else str(value)

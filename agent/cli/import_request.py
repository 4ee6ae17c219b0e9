"""Request of an import by route, made of the options of a command."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from agent.cli.importing import ImportChoices
from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.imports.schema import ImportedProject, ImportRequest, ImportSource


def request_of(
    source: Mapping[str, Any] | None,
    options: ImportOptions,
    choices: ImportChoices,
    forget_options: bool,
) -> ImportRequest:
    """Make the request of an import. Raises: `CsvRefused` for values that no import takes."""
    values = {
        **options.to_json(),
        **choices.place.values,
        "as_of": choices.day,
        "cadence_days": choices.cadence_days,
        "autonomy": choices.level,
        "forget_options": forget_options,
        "source": source,
    }
    # Only what was said: what is absent may come from the last import.
    values_given = {
        name: value for name, value in values.items() if value not in (None, "", {}, [])
    }
    try:
        return ImportRequest.model_validate(values_given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = " ".join(map(str, first["loc"]))
        reason = first["msg"].removeprefix("Value error, ")
        raise CsvRefused(f"The option {place} cannot be taken: {reason}; correct it.") from error


def repeated_request(last: ImportedProject, source: ImportSource | None) -> ImportRequest:
    """Make the request that repeats the last import of a project as of its newest day."""
    assert last.options is not None
    return last.options.model_copy(update={"as_of": None, "forget_options": True, "source": source})

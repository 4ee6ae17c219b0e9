"""Request of an import by route, made of the options of a command."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from agent.cli.importing import ImportChoices
from agent.cli.last_import import files_source
from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.imports.schema import ImportedProject, ImportRequest


def request_of(
    paths: Sequence[Path], options: ImportOptions, choices: ImportChoices, forget_options: bool
) -> ImportRequest:
    """Make the request of files. Raises: `CsvRefused` for values that no import takes."""
    values = {
        **options.to_json(),
        **choices.place.values,
        "as_of": choices.day,
        "cadence_days": choices.cadence_days,
        "autonomy": choices.level,
        "forget_options": forget_options,
        "source": files_source(paths),
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


def repeated_request(last: ImportedProject) -> ImportRequest:
    """Make the request that repeats the last import of a project as of its newest day."""
    assert last.options is not None
    return last.options.model_copy(
        update={"as_of": None, "forget_options": True, "source": last.source}
    )

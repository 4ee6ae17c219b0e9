"""Reader of the rows of one source, by its profile and the options."""

from collections.abc import Mapping, Sequence
from datetime import date

from agent.importing.dates.date_format import DateFormat
from agent.importing.dates.formats import LATEST
from agent.importing.options import ImportOptions
from agent.importing.profiles.profile import Profile
from agent.importing.reading.estimate_columns import POINTS, EstimateReader
from agent.importing.reading.row_days import RowDays
from agent.importing.reading.row_project import RowProject
from agent.importing.reading.row_reader import RowReader
from agent.importing.reading.row_sprints import RowSprints
from agent.importing.reading.tally import Tally
from agent.importing.reading.vocabulary import Vocabulary
from agent.importing.tasks import option_project_id


def reader_for(
    profile: Profile,
    options: ImportOptions,
    headers: Mapping[str, Sequence[str]],
    formats: Mapping[str, DateFormat | None],
    today: date,
    estimates: EstimateReader = POINTS,
) -> RowReader:
    """Return a reader of rows of a profile.

    `headers` are the names of the columns of each field, `formats` those of the date fields. No
    day of the past lies after `today`. `estimates` reads estimates.
    """
    tally = Tally(are_times=estimates.are_times)
    return RowReader(
        profile=profile,
        options=options,
        headers=headers,
        days=RowDays(
            formats, headers, min(LATEST, today), tally, is_format_chosen=bool(options.date_format)
        ),
        vocabulary=Vocabulary(
            profile,
            options,
            several_people=_is_list(headers, "assignee"),
            used=tally.named_statuses,
            estimates=estimates,
        ),
        project=RowProject(
            column=next(iter(headers.get("project", ())), "project"),
            tally=tally,
            prefix=options.prefix,
            by_name=profile.project_from == "name",
            is_list=_is_list(headers, "project"),
            named=None if options.project is None else option_project_id(options.project),
        ),
        sprints=RowSprints(headers.get("sprint", ()), profile.sprint_from, profile.sprint_word),
        tally=tally,
        alternatives=tuple(name for name, names in headers.items() if len(set(names)) > 1),
    )


def _is_list(headers: Mapping[str, Sequence[str]], field: str) -> bool:
    """Tell whether cells of a field are lists, as those of a column called Assignees."""
    name = next(iter(headers.get(field, ())), field)
    return name.rstrip(")").casefold().endswith("s")

"""Project of a row: named by an option, in a column, in the key or in the address."""

from dataclasses import dataclass, field

from agent.importing.meaning.project_names import project_of_name
from agent.importing.meaning.projects import project_of_key, project_of_url
from agent.importing.reading.tally import Tally
from agent.importing.reading.values import Values
from agent.importing.tasks import RowRefused, is_project_id, project_id


@dataclass(frozen=True, slots=True)
class RowProject:
    """Reader of the project of rows."""

    column: str
    """Name of the column of projects, for refusals."""
    tally: Tally
    """Counts of where the project came from."""
    prefix: str = ""
    """Text before every project."""
    by_name: bool = False
    """True when the column holds names of projects instead of their ids."""
    is_list: bool = False
    """True when a cell of the column lists all projects of a task, separated by commas."""
    named: str | None = None
    """Project id of every row; None when the rows tell it."""
    ids: dict[str, str] = field(default_factory=dict[str, str])
    """Project ids by their text, so that each is checked once."""

    def read(self, values: Values, key: str) -> str:
        """Return the project id of a row. Raises: `RowRefused` when nothing tells it."""
        if self.named is not None:
            return self.named
        text = values.first.get("project", "")
        source = "project"
        if self.is_list and "," in text:
            text = self._first(text)
        if self.by_name and text:
            text = project_of_name(text) or text
        if not text or (text not in self.ids and not is_project_id(self.prefix + text)):
            source, text = find_in_row(values, key) or (source, text)
        if not text:
            reason = "is empty, but project is required"
            raise RowRefused(self.column, reason)
        self.tally.project_sources[source] += 1
        if (known := self.ids.get(text)) is not None:
            return known
        try:
            return self.ids.setdefault(text, project_id(self.prefix + text))
        except ValueError as error:
            raise RowRefused(self.column, str(error)) from error

    def _first(self, text: str) -> str:
        """Return the first of several projects of a row, and count it when there are others."""
        names = [name for part in text.split(",") if (name := part.strip())]
        if len(names) > 1:
            self.tally.several_projects.add(text)
        return next(iter(names), "")


def find_in_row(values: Values, key: str) -> tuple[str, str] | None:
    """Return the field that tells the project beside its column, and the project; None: neither."""
    if (project := project_of_key(key)) is not None:
        return "id", project
    url = values.first.get("url", "")
    if url and (project := project_of_url(url)) is not None:
        # A repository such as next.js has a name that is no id as it stands.
        return "url", project if is_project_id(project) else project_of_name(project) or project
    return None

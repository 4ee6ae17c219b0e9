"""Request for the rows of a tracker: what is read, without any secret, so that it can be saved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast, get_args

from agent.importing.sources.addresses import check_url
from agent.importing.sources.errors import SourceRefused

SourceKind = Literal["jira", "github", "gitlab"]


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """One source of tasks."""

    kind: SourceKind
    """Tracker."""
    url: str
    """Base URL of the tracker or of its API, without a slash at the end."""
    scope: str
    """Name or id of the board (Jira), OWNER/REPO (GitHub), path of the project (GitLab)."""
    query: str = ""
    """Further JQL (Jira), or labels between commas (GitHub and GitLab); empty reads all."""
    projects: bool = False
    """True to read GitHub's Projects too: status, iteration, estimate and order."""
    insecure_http: bool = False
    """True to allow http:// beyond this machine, where others can read the token."""

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "SourceRequest":
        """Read what `to_json` wrote. Raises: `SourceRefused` for anything else."""
        kind, url, scope = (values.get(name) for name in ("kind", "url", "scope"))
        query, projects = values.get("query", ""), values.get("projects", False)
        insecure = values.get("insecure_http", False)
        texts, choices = (url, scope, query), (projects, insecure)
        if (
            kind not in get_args(SourceKind)
            or not all(isinstance(text, str) for text in texts)
            or not all(isinstance(choice, bool) for choice in choices)
        ):
            raise SourceRefused(
                "The saved source cannot be read; import once more by `dsm import jira`, "
                "`dsm import github` or `dsm import gitlab`."
            )
        check_url(cast(str, url), insecure_http=cast(bool, insecure))
        return SourceRequest(
            cast(SourceKind, kind),
            cast(str, url),
            cast(str, scope),
            cast(str, query),
            cast(bool, projects),
            cast(bool, insecure),
        )


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Progress of reading, for a line that a person watches."""

    text: str
    """What happens, such as `issues`, or `waits 42 s: the tracker's limit is reached`."""
    read: int
    """Things read so far."""
    total: int | None
    """Things to read; None when not known."""

    def __str__(self) -> str:
        """Return a line such as `read 1,200 of 5,400 issues`."""
        if self.read == 0 and self.total is None:
            return self.text
        of = "" if self.total is None else f" of {max(self.total, self.read):,}"
        return f"read {self.read:,}{of} {self.text}"

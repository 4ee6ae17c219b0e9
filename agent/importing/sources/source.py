"""Reading of a source: one request, whichever tracker it is of."""

from datetime import UTC, datetime

from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.github.issues import ADVICE as GITHUB_ADVICE
from agent.importing.sources.github.issues import read_github
from agent.importing.sources.gitlab import ADVICE as GITLAB_ADVICE
from agent.importing.sources.gitlab import read_gitlab
from agent.importing.sources.jira.board_rows import read_jira
from agent.importing.sources.jira.site import open_site
from agent.importing.sources.last_read import LastRead
from agent.importing.sources.rate_limits import Clock
from agent.importing.sources.requests import Progress, open_client
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.tokens import Credentials, credentials_of

__all__ = ["Credentials", "LastRead", "Progress", "SourceRequest", "credentials_of", "fetch"]


def fetch(
    request: SourceRequest,
    last: LastRead | None,
    progress: Progress,
    credentials: Credentials | None = None,
    *,
    clock: Clock | None = None,
) -> SourceRows:
    """Read all tasks of a source, or those changed after its last read.

    All are read too where changes alone would not do: the rows' `since` is None then, and a notice
    says why. It blocks, so call it in a thread of its own. `progress` is called often; what it
    raises stops the read. Nothing is written anywhere. `credentials` None takes them from the
    environment. Raises: `SourceRefused` for a wrong address, token, right or answer;
    `SourceUnavailable` when the tracker is down or its limit resets late.
    """
    credentials, clock = credentials or credentials_of(request), clock or Clock()
    today = datetime.fromtimestamp(clock.now(), UTC).date()
    if request.kind == "jira":
        with open_site(request, credentials, progress, clock) as site:
            return read_jira(site, request, last)
    is_github = request.kind == "github"
    headers = (
        credentials.bearer() | {"X-GitHub-Api-Version": "2022-11-28"}
        if is_github
        else credentials.private_token()
    )
    with open_client(
        request.url,
        headers,
        GITHUB_ADVICE if is_github else GITLAB_ADVICE,
        progress,
        insecure_http=request.insecure_http,
        clock=clock,
    ) as client:
        read = read_github if is_github else read_gitlab
        return read(client, request, last, today)

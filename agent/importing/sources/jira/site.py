"""One Jira site: which of the two products it is, and how it is asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.importing.sources.answers import Refusal
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.rate_limits import Clock
from agent.importing.sources.requests import Progress, TrackerClient, open_client
from agent.importing.sources.shapes import as_object, text_in
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.tokens import Credentials

ADVICE = Refusal(
    unauthorized=(
        "Jira Cloud: make a token at https://id.atlassian.com/manage-profile/security/api-tokens "
        "and set JIRA_TOKEN, and JIRA_EMAIL to the address of the same account. Jira Server and "
        "Data Center: make one in your profile > Personal access tokens and set JIRA_TOKEN."
    ),
    forbidden=(
        "The account of the token needs the permission Browse projects in the board's projects, "
        "and access to Jira Software."
    ),
    unknown="Copy Jira's address from the browser, up to /browse, /secure or /projects.",
)
_PRODUCTS = {True: "Jira Cloud", False: "Jira Server"}
_CLOUD_HOSTS = (".atlassian.net", ".jira.com", "api.atlassian.com")


@dataclass(frozen=True, slots=True)
class Site:
    """An open Jira site."""

    client: TrackerClient
    """Its client, with credentials."""
    is_cloud: bool
    """True for Jira Cloud; False for Server and Data Center."""

    @property
    def api(self) -> str:
        """Return the path of the platform's API."""
        return "/rest/api/3" if self.is_cloud else "/rest/api/2"

    @property
    def product(self) -> str:
        """Return the name of the product."""
        return _PRODUCTS[self.is_cloud]


@contextmanager
def open_site(
    request: SourceRequest, credentials: Credentials, progress: Progress, clock: Clock
) -> Iterator[Site]:
    """Open the site, and find out which product it is. Raises: `SourceRefused`."""
    host = urlsplit(request.url).hostname or ""
    is_known_cloud = host.endswith(_CLOUD_HOSTS)
    if is_known_cloud:
        _check_email(credentials)
    headers = credentials.basic() if is_known_cloud else credentials.bearer()
    with open_client(
        request.url,
        headers,
        ADVICE,
        progress,
        insecure_http=request.insecure_http,
        clock=clock,
    ) as client:
        about = as_object(client.get("/rest/api/2/serverInfo").json, "/rest/api/2/serverInfo")
        if "version" not in about and "deploymentType" not in about:
            raise SourceRefused(f"{request.url} does not say that it is a Jira. {ADVICE.unknown}")
        is_cloud = text_in(about, "deploymentType") == "Cloud"
        if is_cloud and not is_known_cloud:
            _check_email(credentials)
            client.http.headers.update(credentials.basic())
        yield Site(client, is_cloud)


def _check_email(credentials: Credentials) -> None:
    if credentials.email is None:
        raise SourceRefused(
            "Jira Cloud takes a token together with an address: set JIRA_EMAIL to the address of "
            "the account that made JIRA_TOKEN."
        )

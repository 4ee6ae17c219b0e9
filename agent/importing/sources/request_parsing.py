"""Requests from what a person types: the address of a board, a repository or a project."""

import re
from urllib.parse import SplitResult, unquote

from agent.importing.sources.addresses import base_url, check_url, with_scheme
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.source_request import SourceRequest

GITHUB_API = "https://api.github.com"
# Pages of Jira; a company's own Jira may itself lie below a path, such as /jira.
_JIRA_PAGES = re.compile(
    r"/jira/(?:software|core|boards|your-work|for-you|dashboards|people|plans)(?:/.*)?$"
    r"|/(?:secure|browse|projects|servicedesk|rest|issues|plugins|login(?:\.jsp)?)(?:/.*)?$"
)
_SCOPED = re.compile(r"/ex/jira/[0-9a-fA-F-]+")
_BOARD = re.compile(r"/boards/([0-9]+)|[?&]rapidView=([0-9]+)")
_OWNER_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")


def jira_request(url: str, board: str | None, query: str, insecure_http: bool) -> SourceRequest:
    """Make the request for a Jira board from the address of the site, or of a page in it.

    A board may also stand in the address. Raises: `SourceRefused`.
    """
    parts = check_url(with_scheme(url), insecure_http=insecure_http)
    match = _BOARD.search(f"{parts.path}?{parts.query}&{parts.fragment}")
    scope = (board or "").strip() or ((match[1] or match[2]) if match else "")
    host, path = parts.hostname or "", _JIRA_PAGES.sub("", parts.path)
    if host == "api.atlassian.com":
        # The address for tokens of a narrow scope.
        path = match[0] if (match := _SCOPED.match(parts.path)) else ""
    elif host.endswith(".atlassian.net"):
        path = ""
    return SourceRequest("jira", base_url(parts, path), scope, query, False, insecure_http)


def github_request(
    repository: str, query: str, *, projects: bool, api: str | None, insecure_http: bool
) -> SourceRequest:
    """Make the request for a repository, named as OWNER/REPO or by its address.

    `api` is the address of another API than github.com's. Raises: `SourceRefused`.
    """
    name, base = repository.strip().removesuffix("/"), GITHUB_API
    if "://" in name or name.lower().startswith("github.com/"):
        parts = check_url(with_scheme(name), insecure_http=insecure_http)
        base = _github_api(parts)
        path = parts.path.removeprefix("/api/v3")
        if path != parts.path or (parts.hostname or "").startswith("api."):
            path = path.removeprefix("/repos/")
        name = "/".join(path.strip("/").split("/")[:2])
    name = name.removesuffix(".git")
    if not _OWNER_REPO.fullmatch(name) or name.rsplit("/", 1)[1] in (".", ".."):
        raise SourceRefused(f"{repository!r} is no repository; name it as OWNER/REPO.")
    if api is not None:
        parts = check_url(api, insecure_http=insecure_http)
        base = base_url(parts, parts.path)
    return SourceRequest("github", base, name, query, projects, insecure_http)


def _github_api(parts: SplitResult) -> str:
    """Return the base of the API for an address of github.com, or of a company's own GitHub."""
    host = (parts.hostname or "").removeprefix("www.")
    if host in ("github.com", "api.github.com"):
        return GITHUB_API
    if host.endswith(".ghe.com"):
        # A company's part of GitHub's cloud has a host for its API, as github.com has.
        return f"https://api.{host.removeprefix('api.')}"
    return base_url(parts, "/api/v3")


def gitlab_request(url: str, query: str, insecure_http: bool) -> SourceRequest:
    """Make the request for a GitLab project from its address.

    Only the answers tell a GitLab below a path: the path then stands before the project's.
    Raises: `SourceRefused`.
    """
    parts = check_url(with_scheme(url), insecure_http=insecure_http)
    path = unquote(parts.path).split("/-/")[0].strip("/").removesuffix(".git")
    if "/" not in path:
        raise SourceRefused(
            f"{url!r} names no project; copy its address from the browser, such as "
            "https://gitlab.com/group/project."
        )
    return SourceRequest("gitlab", base_url(parts, ""), path, query, False, insecure_http)

"""`dsm import jira`, `github` and `gitlab`: import a team's history from its tracker's API."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.importing import (
    AsOf,
    AutonomyName,
    Cadence,
    Country,
    DryRun,
    Forget,
    Prefix,
    Project,
    Refusals,
    Statuses,
    Subdivision,
    TimeZone,
    Types,
    parse_choices,
)
from agent.cli.interrupts import NOTHING_IMPORTED, stoppable
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.importing.options import ImportOptions

JiraUrl = Annotated[str, typer.Argument(metavar="URL", help="Address of the site, or of a board.")]
Board = Annotated[str | None, typer.Option(help="Name or id; default: the board in the address.")]
Jql = Annotated[str, typer.Option(help="Only issues that this JQL finds.")]
Repository = Annotated[
    str, typer.Argument(metavar="OWNER/REPO", help="Repository, or its address.")
]
WithProjects = Annotated[
    bool,
    typer.Option("--projects", help="Read its Projects too: status, iteration, estimate, order."),
]
Api = Annotated[
    str | None, typer.Option(help="Address of another API than github.com's; rarely needed.")
]
Labels = Annotated[str, typer.Option(help="Only issues with all these labels, between commas.")]
GitlabUrl = Annotated[str, typer.Argument(metavar="URL", help="Address of the project.")]
SourceRejects = Annotated[
    Path | None, typer.Option("--rejects", help="CSV for refused rows; default: they are counted.")
]
InsecureHttp = Annotated[
    bool,
    typer.Option("--insecure-http", help="Allow http://, where others can read the token."),
]


def import_jira(
    site: JiraUrl,
    board: Board = None,
    jql: Jql = "",
    statuses: Statuses = None,
    types: Types = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = None,
    country: Country = None,
    subdivision: Subdivision = None,
    timezone: TimeZone = None,
    dry_run: DryRun = False,
    rejects: SourceRejects = None,
    refusals: Refusals = "2%",
    autonomy: AutonomyName = "approve",
    insecure_http: InsecureHttp = False,
    forget_options: Forget = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Import a board of Jira Cloud, Server or Data Center, with its sprints and history.

    The token comes from JIRA_TOKEN (for Cloud with JIRA_EMAIL), else you are asked for it.
    """
    from agent.cli.failures import one_line
    from agent.cli.tracker_import import import_tracker
    from agent.importing.sources.request_parsing import jira_request

    with stoppable(NOTHING_IMPORTED), one_line():
        choices = parse_choices(as_of, cadence, (country, subdivision, timezone), autonomy)
        request = jira_request(site, board, jql, insecure_http)
        options = _options(statuses, types, prefix, project, refusals)
        import_tracker(request, options, choices, target, forget_options, dry_run, as_json, rejects)


def import_github(
    repository: Repository,
    projects: WithProjects = False,
    labels: Labels = "",
    api: Api = None,
    statuses: Statuses = None,
    types: Types = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = None,
    country: Country = None,
    subdivision: Subdivision = None,
    timezone: TimeZone = None,
    dry_run: DryRun = False,
    rejects: SourceRejects = None,
    refusals: Refusals = "2%",
    autonomy: AutonomyName = "approve",
    insecure_http: InsecureHttp = False,
    forget_options: Forget = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Import the issues of a GitHub repository, and with --projects its Projects.

    The token comes from GITHUB_TOKEN or GH_TOKEN, else you are asked for it.
    """
    from agent.cli.failures import one_line
    from agent.cli.tracker_import import import_tracker
    from agent.importing.sources.request_parsing import github_request

    with stoppable(NOTHING_IMPORTED), one_line():
        choices = parse_choices(as_of, cadence, (country, subdivision, timezone), autonomy)
        request = github_request(
            repository, labels, projects=projects, api=api, insecure_http=insecure_http
        )
        options = _options(statuses, types, prefix, project, refusals)
        import_tracker(request, options, choices, target, forget_options, dry_run, as_json, rejects)


def import_gitlab(
    address: GitlabUrl,
    labels: Labels = "",
    statuses: Statuses = None,
    types: Types = None,
    prefix: Prefix = "",
    project: Project = None,
    as_of: AsOf = None,
    cadence: Cadence = None,
    country: Country = None,
    subdivision: Subdivision = None,
    timezone: TimeZone = None,
    dry_run: DryRun = False,
    rejects: SourceRejects = None,
    refusals: Refusals = "2%",
    autonomy: AutonomyName = "approve",
    insecure_http: InsecureHttp = False,
    forget_options: Forget = False,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Import the issues of a GitLab project.

    The token comes from GITLAB_TOKEN, else you are asked for it.
    """
    from agent.cli.failures import one_line
    from agent.cli.tracker_import import import_tracker
    from agent.importing.sources.request_parsing import gitlab_request

    with stoppable(NOTHING_IMPORTED), one_line():
        choices = parse_choices(as_of, cadence, (country, subdivision, timezone), autonomy)
        request = gitlab_request(address, labels, insecure_http)
        options = _options(statuses, types, prefix, project, refusals)
        import_tracker(request, options, choices, target, forget_options, dry_run, as_json, rejects)


def _options(
    statuses: list[str] | None, types: str | None, prefix: str, project: str | None, refusals: str
) -> "ImportOptions":
    """Read the options about the rows. Raises: `CsvRefused`."""
    from agent.importing.option_texts import parse_share, parse_statuses, parse_types
    from agent.importing.options import ImportOptions

    return ImportOptions(
        statuses=parse_statuses(statuses or []),
        types=parse_types(types),
        prefix=prefix,
        project=project,
        refusal_share=parse_share(refusals),
    )

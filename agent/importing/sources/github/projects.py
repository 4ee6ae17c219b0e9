"""Items of GitHub's Projects, over the GraphQL API: status, iteration, estimate and order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agent.importing.sources.errors import SourceRefused, SourceUnavailable
from agent.importing.sources.paging import PageGuard
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.shapes import as_object, object_in, objects_in, text_in
from agent.importing.sources.source_request import ReadProgress
from agent.importing.tasks import TrackerSprint

PAGE = 100
# Names of number fields that hold an estimate; a lone number field of another name does too.
ESTIMATES = ("estimate", "story points", "points", "size", "effort", "sp")
_MAX_DAYS = 366

_PROJECTS = """
query($owner: String!, $name: String!, $after: String) {
  repository(owner: $owner, name: $name) {
    projectsV2(first: 20, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id title closed
        fields(first: 100) {
          nodes {
            ... on ProjectV2IterationField {
              name
              configuration {
                iterations { title startDate duration }
                completedIterations { title startDate duration }
              }
            }
          }
        }
      }
    }
  }
}
"""
_ITEMS = """
query($project: ID!, $after: String) {
  node(id: $project) {
    ... on ProjectV2 {
      items(first: 100, after: $after) {
        totalCount
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          content { ... on Issue { number repository { nameWithOwner } } }
          fieldValues(first: 50) {
            nodes {
              __typename
              ... on ProjectV2ItemFieldSingleSelectValue {
                name field { ... on ProjectV2FieldCommon { name } }
              }
              ... on ProjectV2ItemFieldIterationValue {
                title startDate duration field { ... on ProjectV2FieldCommon { name } }
              }
              ... on ProjectV2ItemFieldNumberValue {
                number field { ... on ProjectV2FieldCommon { name } }
              }
            }
          }
        }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Item:
    """Fields of one issue in a project."""

    place: int
    """Place in the project, from 1."""
    status: str
    """Value of the field Status; "" without one."""
    priority: str
    """Value of the field Priority; "" without one."""
    iteration: str
    """Name of the iteration; "" without one."""
    estimate: str
    """Number of the field that holds estimates; "" without one."""


@dataclass(frozen=True, slots=True)
class Projects:
    """Everything that the Projects of a repository tell."""

    items: Mapping[int, Item]
    """Items by the number of their issue; of several projects the first open one's."""
    iterations: tuple[TrackerSprint, ...]
    """Iterations, each name once, by start."""


def read_projects(client: TrackerClient, repository: str, project: str, today: date) -> Projects:
    """Read the open Projects of a repository; `project` is the id of the sprints' project.

    Raises: `SourceRefused`, `SourceUnavailable`.
    """
    owner, name = repository.split("/")
    items: dict[int, Item] = {}
    iterations: dict[str, TrackerSprint] = {}
    variables = {"owner": owner, "name": name}
    for board in _nodes(client, _PROJECTS, variables, ("repository", "projectsV2"), "projects"):
        if board.get("closed") is True:
            continue
        for sprint in _iterations(board, project, today):
            iterations.setdefault(sprint.name, sprint)
        for number, item in _items(client, text_in(board, "id"), repository):
            items.setdefault(number, item)
    ordered = sorted(
        iterations.values(), key=lambda sprint: (sprint.start or date.max, sprint.name)
    )
    return Projects(items, tuple(ordered))


def _items(client: TrackerClient, board: str, repository: str) -> Iterator[tuple[int, Item]]:
    nodes = _nodes(client, _ITEMS, {"project": board}, ("node", "items"), "items of a project")
    for place, node in enumerate(nodes, start=1):
        content = object_in(node, "content")
        number = content.get("number")
        home = text_in(object_in(content, "repository"), "nameWithOwner")
        # A project also holds drafts, pull requests and issues of other repositories.
        if isinstance(number, int) and home.casefold() == repository.casefold():
            yield number, _item(place, objects_in(object_in(node, "fieldValues"), "nodes"))


def _item(place: int, values: list[Mapping[str, Any]]) -> Item:
    choices: dict[str, str] = {}
    numbers: dict[str, str] = {}
    iteration = ""
    for value in values:
        field = text_in(object_in(value, "field"), "name").casefold()
        if value.get("__typename") == "ProjectV2ItemFieldSingleSelectValue":
            choices[field] = text_in(value, "name")
        elif value.get("__typename") == "ProjectV2ItemFieldNumberValue":
            numbers[field] = text_in(value, "number")
        elif value.get("__typename") == "ProjectV2ItemFieldIterationValue":
            iteration = text_in(value, "title")
    known = [numbers[name] for name in ESTIMATES if numbers.get(name)]
    estimate = known[0] if known else next(iter(numbers.values()), "") if len(numbers) == 1 else ""
    return Item(place, choices.get("status", ""), choices.get("priority", ""), iteration, estimate)


def _iterations(board: Mapping[str, Any], project: str, today: date) -> Iterator[TrackerSprint]:
    for field in objects_in(object_in(board, "fields"), "nodes"):
        configuration = object_in(field, "configuration")
        for name in ("completedIterations", "iterations"):
            for iteration in objects_in(configuration, name):
                if sprint := _sprint(iteration, project, today):
                    yield sprint


def _sprint(iteration: Mapping[str, Any], project: str, today: date) -> TrackerSprint | None:
    title, days = text_in(iteration, "title"), iteration.get("duration")
    if not title or not isinstance(days, int) or not 1 <= days <= _MAX_DAYS:
        return None
    try:
        start = date.fromisoformat(text_in(iteration, "startDate"))
        end = start + timedelta(days=days - 1)
    except (ValueError, OverflowError):
        return None
    state = "closed" if end < today else "future" if start > today else "active"
    # An iteration ends by itself: it is closed on its last day.
    closed = end if state == "closed" else None
    return TrackerSprint(project, title, start, end, closed, state)


def _nodes(
    client: TrackerClient,
    query: str,
    variables: Mapping[str, str],
    way: tuple[str, str],
    what: str,
) -> Iterator[Mapping[str, Any]]:
    """Read the nodes of all pages of a connection, each once."""
    guard, after, total = PageGuard(f"{what} of {client.base}"), None, None
    ids: set[str] = set()
    while True:
        guard.enter(after or "first")
        data = _data(client, query, {**variables, "after": after})
        connection = object_in(object_in(data, way[0]), way[1])
        page = {text_in(node, "id"): node for node in objects_in(connection, "nodes")}
        new = [node for key, node in page.items() if key not in ids]
        yield from new
        ids |= page.keys()
        count = connection.get("totalCount")
        total = count if isinstance(count, int) else None
        client.progress(ReadProgress(what, len(ids), total))
        info = object_in(connection, "pageInfo")
        after = text_in(info, "endCursor")
        is_last = info.get("hasNextPage") is not True or not after
        guard.leave(len(new), len(ids), total, is_last=is_last)
        if is_last:
            return


def _data(client: TrackerClient, query: str, variables: Mapping[str, Any]) -> Mapping[str, Any]:
    # GraphQL of a company's own server lies beside its REST API, not below it.
    path = client.base.removesuffix("/v3") + "/graphql"
    answer = as_object(client.post(path, {"query": query, "variables": variables}).json, "GraphQL")
    errors = objects_in(answer, "errors")
    kinds = {text_in(error, "type") for error in errors}
    words = client.hide(" ".join(text_in(error, "message") for error in errors))[:300]
    if "RATE_LIMITED" in kinds:
        raise SourceUnavailable(
            f"GitHub's limit for Projects is used up: {words}. Nothing was stored; run the command "
            "again in an hour.",
            retry_after_seconds=3600,
        )
    if errors:
        raise SourceRefused(
            f'GitHub does not show the Projects: "{words}" Give the token the right read:project '
            "(fine-grained: Projects, read), or leave out --projects."
        )
    return object_in(answer, "data")

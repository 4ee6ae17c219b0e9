"""GitHub's REST and GraphQL APIs on a port of this machine."""

from dataclasses import dataclass, field
from typing import Any

from tests.sources.tracker_server import Call, Reply, TrackerServer

REPOSITORY = "acme/web-shop"


def issue(number: int, **fields: Any) -> dict[str, Any]:
    """Make an issue as the REST API writes it."""
    return {
        "id": 9_000_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "url": f"https://api.github.com/repos/{REPOSITORY}/issues/{number}",
        "html_url": f"https://github.com/{REPOSITORY}/issues/{number}",
        "state": "open",
        "state_reason": None,
        "title": f"Task {number}",
        "body": None,
        "user": {"login": "ada", "id": 1, "type": "User"},
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": f"2026-03-{1 + number % 27:02}T08:00:00Z",
        "updated_at": f"2026-04-{1 + number % 27:02}T08:00:00Z",
        "closed_at": None,
        "author_association": "MEMBER",
        "type": None,
        "sub_issues_summary": {"total": 0, "completed": 0, "percent_completed": 0},
    } | fields


@dataclass
class GitHub:
    """State of the double."""

    issues: list[dict[str, Any]]
    projects: list[dict[str, Any]] = field(default_factory=list)
    """Projects as GraphQL writes them."""
    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Items by the id of their project."""
    milestones: list[dict[str, Any]] = field(default_factory=list)
    """Milestones, as they also stand in the issues."""
    most: int = 100
    """Largest page."""

    def server(self) -> TrackerServer:
        """Make the server of this state."""
        server = TrackerServer({})

        def list_issues(call: Call) -> Reply:
            issues = self._asked_for(call)
            size = min(int(call.query.get("per_page", 30)), self.most)
            page = int(call.query.get("page", 1))
            start = (page - 1) * size
            headers = {"X-RateLimit-Remaining": "4999", "X-RateLimit-Reset": "1790000000"}
            if start + size < len(issues):
                query = call.query | {"page": str(page + 1)}
                text = "&".join(f"{name}={value}" for name, value in query.items())
                headers["Link"] = (
                    f'<{server.url}{call.path}?{text}>; rel="next", '
                    f'<{server.url}{call.path}?page=99>; rel="last"'
                )
            return Reply(issues[start : start + size], headers=headers)

        def graphql(call: Call) -> Reply:
            variables, query = call.body["variables"], call.body["query"]
            if "projectsV2" in query:
                page = {"pageInfo": _page(False, None), "nodes": self.projects}
                return Reply({"data": {"repository": {"projectsV2": page}}})
            items, size = self.items[variables["project"]], self.most
            start = int(variables.get("after") or 0)
            more = start + size < len(items)
            page = {
                "totalCount": len(items),
                "pageInfo": _page(more, str(start + size)),
                "nodes": items[start : start + size],
            }
            return Reply({"data": {"node": {"items": page}}})

        server.routes = {
            rf"GET /repos/{REPOSITORY}/issues": list_issues,
            rf"GET /repos/{REPOSITORY}/milestones": lambda _: Reply(self.milestones),
            r"POST /graphql": graphql,
        }
        return server

    def _asked_for(self, call: Call) -> list[dict[str, Any]]:
        """Return the issues that a call asks for, by number."""
        issues = sorted(self.issues, key=lambda item: item["number"])
        if since := call.query.get("since"):
            issues = [item for item in issues if item["updated_at"] >= since]
        if labels := call.query.get("labels"):
            names = set(labels.split(","))
            issues = [item for item in issues if names <= {one["name"] for one in item["labels"]}]
        if number := call.query.get("milestone"):
            milestones = [(item, item["milestone"]) for item in issues if item["milestone"]]
            issues = [item for item, one in milestones if str(one["number"]) == number]
        return issues


def _page(more: bool, cursor: str | None) -> dict[str, Any]:
    return {"hasNextPage": more, "endCursor": cursor}

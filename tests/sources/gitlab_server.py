"""GitLab's REST API on a port of this machine."""

from dataclasses import dataclass, field
from typing import Any

from tests.sources.tracker_server import Call, Reply, TrackerServer

PROJECT = "acme/shop/web"
_FILTERS = (("milestone", "milestone", "title"), ("iteration_id", "iteration", "id"))


def issue(iid: int, **fields: Any) -> dict[str, Any]:
    """Make an issue as the REST API writes it."""
    return {
        "id": 700_000 + iid,
        "iid": iid,
        "project_id": 4,
        "title": f"Task {iid}",
        "description": None,
        "state": "opened",
        "created_at": "2026-02-03T08:30:00.000Z",
        "updated_at": f"2026-03-{1 + iid % 27:02}T08:30:00.000Z",
        "closed_at": None,
        "closed_by": None,
        "labels": [],
        "milestone": None,
        "iteration": None,
        "assignees": [],
        "author": {"id": 1, "username": "ada", "name": "Ada Lovelace"},
        "type": "ISSUE",
        "assignee": None,
        "due_date": None,
        "confidential": False,
        "issue_type": "issue",
        "weight": None,
        "web_url": f"https://gitlab.example.com/{PROJECT}/-/issues/{iid}",
        "time_stats": {"time_estimate": 0, "total_time_spent": 0},
    } | fields


@dataclass
class GitLab:
    """State of the double."""

    issues: list[dict[str, Any]]
    token: str | None = None
    """Token that a private project asks for; None for a public one."""
    place: str = ""
    """Path of its host that it lies below, with a slash before it."""
    milestones: list[dict[str, Any]] = field(default_factory=list)
    """Milestones, as they also stand in the issues."""
    iterations: list[dict[str, Any]] = field(default_factory=list)
    """Iterations, as they also stand in the issues."""

    def server(self) -> TrackerServer:
        """Make the server of this state."""
        server = TrackerServer({})

        def list_issues(call: Call) -> Reply:
            if self.token and call.headers.get("private-token") != self.token:
                return Reply({"message": "404 Project Not Found"}, 404)
            issues = sorted(self.issues, key=lambda item: item["iid"])
            if after := call.query.get("updated_after"):
                issues = [item for item in issues if item["updated_at"] >= after]
            for name, field_name, key in _FILTERS:
                if value := call.query.get(name):
                    issues = [item for item in issues if _text(item, field_name, key) == value]
            size, page = int(call.query["per_page"]), int(call.query.get("page", 1))
            start = (page - 1) * size
            headers = {
                "X-Total": str(len(issues)),
                "X-Page": str(page),
                "RateLimit-Remaining": "1999",
                "RateLimit-Reset": "1790000000",
            }
            if start + size < len(issues):
                query = call.query | {"page": str(page + 1)}
                text = "&".join(f"{name}={value}" for name, value in query.items())
                headers["Link"] = f'<{server.url}{call.path}?{text}>; rel="next"'
            return Reply(issues[start : start + size], headers=headers)

        path = f"{self.place}/api/v4/projects/" + PROJECT.replace("/", "%2F")
        server.routes = {
            f"GET {path}/issues": list_issues,
            f"GET {path}/milestones": lambda _: Reply(self.milestones),
            f"GET {path}/iterations": lambda _: Reply(self.iterations),
        }
        return server


def _text(item: dict[str, Any], name: str, key: str) -> str | None:
    return str(item[name][key]) if item[name] else None

"""Jira Cloud and Jira Server on a port of this machine."""

import base64
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.sources.tracker_server import Call, Reply, TrackerServer

EMAIL = "ada@acme.test"
SPRINT, POINTS, RANK, EPIC, EPIC_NAME, FLAGGED, OLD_POINTS = (
    f"customfield_{number}" for number in (10020, 10016, 10019, 10014, 10011, 10021, 10028)
)
STATUSES = {
    "1": ("Zu erledigen", "new"),
    "3": ("In Arbeit", "indeterminate"),
    "4": ("Prüfung", "indeterminate"),
    "5": ("Fertig", "done"),
}
TYPES = {
    "Story": {"id": "10001", "name": "Story", "subtask": False, "hierarchyLevel": 0},
    "Vorhaben": {"id": "10000", "name": "Vorhaben", "subtask": False, "hierarchyLevel": 1},
    "Teilaufgabe": {"id": "10003", "name": "Teilaufgabe", "subtask": True, "hierarchyLevel": -1},
}


def status(key: str) -> dict[str, Any]:
    """Make a status as it stands in an issue."""
    name, category = STATUSES[key]
    ids = {"new": 2, "indeterminate": 4, "done": 3}
    return {
        "self": f"https://acme.atlassian.net/rest/api/3/status/{key}",
        "name": name,
        "id": key,
        "statusCategory": {"id": ids[category], "key": category, "name": category.title()},
    }


def sprint(key: int, name: str, **fields: Any) -> dict[str, Any]:
    """Make a sprint as the Agile API writes it."""
    return {
        "id": key,
        "self": f"https://acme.atlassian.net/rest/agile/1.0/sprint/{key}",
        "state": "closed",
        "name": name,
        "startDate": "2026-03-02T09:00:00.000+0100",
        "endDate": "2026-03-16T09:00:00.000+0100",
        "completeDate": "2026-03-16T10:12:00.000+0100",
        "originBoardId": 12,
        "goal": "",
    } | fields


def server_sprint(values: dict[str, Any]) -> str:
    """Write a sprint as Jira Server writes it into an issue."""
    order = ("id", "rapidViewId", "state", "name", "startDate", "endDate", "completeDate")
    values = values | {"state": values["state"].upper(), "rapidViewId": 12}
    pairs = [(name, values[name]) for name in order]
    pairs += [("activatedDate", None), ("sequence", values["id"]), ("goal", values["goal"])]
    texts = [f"{name}={'<null>' if value is None else value}" for name, value in pairs]
    return f"com.atlassian.greenhopper.service.sprint.Sprint@1f[{','.join(texts)}]"


def issue(number: int, **fields: Any) -> dict[str, Any]:
    """Make an issue as the search writes it; fields are system fields or custom ones."""
    return {
        "expand": "operations,versionedRepresentations,editmeta,changelog",
        "id": str(20_000 + number),
        "self": f"https://acme.atlassian.net/rest/api/3/issue/{20_000 + number}",
        "key": f"SHOP-{number}",
        "fields": {
            "summary": f"Task {number}",
            "issuetype": TYPES["Story"],
            "status": status("1"),
            "priority": {"id": "3", "name": "Medium"},
            "resolution": None,
            "assignee": None,
            "created": "2026-02-03T08:30:00.000+0100",
            "updated": "2026-02-04T08:30:00.000+0100",
            "resolutiondate": None,
            "statuscategorychangedate": "2026-02-03T08:30:00.000+0100",
            "labels": [],
            "project": {"id": "10000", "key": "SHOP", "name": "Web shop"},
            "customfield_19999": {"unknown": ["of", "some", "plugin"]},
        }
        | fields,
    }


def history(number: int, created: Any, *items: dict[str, Any]) -> dict[str, Any]:
    """Make an entry of a changelog."""
    return {"id": str(number), "created": created, "items": list(items)}


def status_item(before: str, after: str) -> dict[str, Any]:
    """Make the item of a status change."""
    return {
        "field": "status",
        "fieldtype": "jira",
        "fieldId": "status",
        "from": before,
        "fromString": STATUSES[before][0],
        "to": after,
        "toString": STATUSES[after][0],
    }


def sprint_item(before: str, after: str) -> dict[str, Any]:
    """Make the item of a move between sprints, with ids between commas."""
    return {"field": "Sprint", "fieldId": SPRINT, "from": before, "to": after, "toString": "names"}


@dataclass
class Jira:
    """State of the double."""

    issues: list[dict[str, Any]]
    is_cloud: bool = True
    sprints: list[dict[str, Any]] | None = field(default_factory=list)
    """Sprints of the board; None for a Kanban board."""
    changelogs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Entries by the id of their issue."""
    boards: dict[int, str] = field(default_factory=lambda: {12: "Team Alpha", 14: "Team Beta"})
    token: str = "canary-51cd0e"
    email: str = EMAIL
    entries: int = 1000
    """Largest page of a changelog."""
    most: int = 100
    """Largest page of a search; sites cap what is asked for."""
    jql: str = "project = SHOP"
    """Filter of the board."""
    points: str = POINTS
    """Field of the board's estimates."""
    tracker: TrackerServer | None = None
    """Server of this state, whose moment searches go by; None before it is made."""

    def server(self) -> TrackerServer:
        """Make the server of this state."""
        api, agile = f"/rest/api/{3 if self.is_cloud else 2}", "/rest/agile/1.0"
        self.tracker = TrackerServer(
            {
                "GET /rest/api/2/serverInfo": self._about,
                f"GET {api}/field": self._guarded(lambda _: Reply(self._fields())),
                f"GET {api}/status": self._guarded(lambda _: Reply([*map(status, STATUSES)])),
                f"GET {agile}/board": self._guarded(self._boards),
                rf"GET {agile}/board/\d+": self._guarded(self._board),
                rf"GET {agile}/board/\d+/configuration": self._guarded(self._configuration),
                rf"GET {agile}/board/\d+/sprint": self._guarded(self._sprints),
                rf"GET {agile}/board/\d+/issue": self._guarded(self._search),
                "GET /rest/api/2/search": self._guarded(self._search),
                "POST /rest/api/3/search/jql": self._guarded(self._search_jql),
                "POST /rest/api/3/search/approximate-count": self._guarded(
                    lambda _: Reply({"count": len(self.issues)})
                ),
                "POST /rest/api/3/changelog/bulkfetch": self._guarded(self._changelogs),
                r"GET /rest/api/3/issue/\d+/changelog": self._guarded(self._changelog),
                f"GET {api}/filter/10412": self._guarded(lambda _: Reply({"jql": self.jql})),
            }
        )
        return self.tracker

    def _about(self, _: Call) -> Reply:
        if self.is_cloud:
            return Reply({"version": "1001.0.0-SNAPSHOT", "deploymentType": "Cloud"})
        return Reply(
            {"version": "9.12.4", "versionNumbers": [9, 12, 4], "deploymentType": "Server"}
        )

    def _guarded(self, route: Any) -> Any:
        pair = base64.b64encode(f"{self.email}:{self.token}".encode()).decode()
        right = f"Basic {pair}" if self.is_cloud else f"Bearer {self.token}"

        def guarded(call: Call) -> Reply:
            if call.headers.get("authorization") != right:
                return Reply({"message": "Client must be authenticated.", "status-code": 401}, 401)
            return route(call)

        return guarded

    def _fields(self) -> list[dict[str, Any]]:
        software, plain = (
            "com.pyxis.greenhopper.jira",
            "com.atlassian.jira.plugin.system.customfieldtypes",
        )
        custom = [
            (SPRINT, "Sprint", f"{software}:gh-sprint"),
            (POINTS, "Story point estimate", f"{software}:jsw-story-points"),
            (OLD_POINTS, "Story Points", f"{plain}:float"),
            (RANK, "Rangfolge", f"{software}:gh-lexo-rank"),
            (EPIC, "Epic-Verknüpfung", f"{software}:gh-epic-link"),
            (EPIC_NAME, "Epic-Name", f"{software}:gh-epic-label"),
            (FLAGGED, "Flagged", f"{plain}:multicheckboxes"),
            ("customfield_19999", "Sprint", "com.example.plugin:sprint-notes"),
        ]
        fields = [
            {"id": key, "name": name, "custom": True, "schema": {"type": "any", "custom": type_}}
            for key, name, type_ in custom
        ]
        return [{"id": "summary", "name": "Summary", "custom": False}, *fields]

    def _boards(self, call: Call) -> Reply:
        name = call.query.get("name", "").lower()
        boards = [
            {"id": key, "name": board, "type": "scrum"}
            for key, board in self.boards.items()
            if name in board.lower()
        ]
        return Reply(_values(boards, call))

    def _board(self, call: Call) -> Reply:
        key = int(call.path.rsplit("/", 1)[1])
        if key not in self.boards:
            return Reply({"errorMessages": ["Board does not exist."], "errors": {}}, 404)
        return Reply({"id": key, "name": self.boards[key], "type": "scrum"})

    def _configuration(self, call: Call) -> Reply:
        columns = [{"name": name, "statuses": [{"id": key}]} for key, (name, _) in STATUSES.items()]
        return Reply(
            {
                "id": 12,
                "name": "Team Alpha",
                "type": "scrum",
                "filter": {"id": "10412"},
                "columnConfig": {"columns": columns, "constraintType": "none"},
                "estimation": {
                    "type": "field",
                    "field": {"fieldId": self.points, "displayName": "Story point estimate"},
                },
                "ranking": {"rankCustomFieldId": int(RANK.removeprefix("customfield_"))},
            }
        )

    def _sprints(self, call: Call) -> Reply:
        if self.sprints is None:
            return Reply({"errorMessages": ["The board does not support sprints"]}, 400)
        return Reply(_values(self.sprints, call))

    def _matching(self, jql: str) -> list[dict[str, Any]]:
        """Return the issues that a search finds: all, or by minutes before now and by sprints."""
        minutes = re.search(r'updated >= "-(\d+)m"', jql)
        if minutes is None:
            return self.issues
        assert self.tracker is not None
        since = datetime.fromtimestamp(self.tracker.moment - 60 * int(minutes[1]), UTC)
        # JQL knows whole minutes.
        since = since.replace(second=0, microsecond=0)
        states = {"openSprints()": "active", "futureSprints()": "future"}
        open_states = {state for name, state in states.items() if f"sprint in {name}" in jql}
        listed = re.search(r"sprint in \(([\d, ]+)\)", jql)
        ids = set(listed[1].split(", ")) if listed else set[str]()

        def matches(item: dict[str, Any]) -> bool:
            sprints = [_sprint_state(value) for value in item["fields"].get(SPRINT) or []]
            in_sprint = any(key in ids or state in open_states for key, state in sprints)
            return in_sprint or datetime.fromisoformat(item["fields"]["updated"]) >= since

        return [item for item in self.issues if matches(item)]

    def _search(self, call: Call) -> Reply:
        issues = self._matching(call.query["jql"])
        start, size = int(call.query["startAt"]), min(self.most, int(call.query["maxResults"]))
        page = [_narrowed(item, call.query["fields"].split(",")) for item in issues]
        page = page[start : start + size]
        if "changelog" in call.query.get("expand", ""):
            page = [item | {"changelog": self._whole_changelog(item["id"])} for item in page]
        return Reply({"startAt": start, "maxResults": size, "total": len(issues), "issues": page})

    def _whole_changelog(self, key: str) -> dict[str, Any]:
        entries = self.changelogs.get(key, [])
        count = len(entries)
        return {"startAt": 0, "maxResults": count, "total": count, "histories": entries}

    def _search_jql(self, call: Call) -> Reply:
        issues, size = self._matching(call.body["jql"]), min(self.most, call.body["maxResults"])
        start = int(call.body.get("nextPageToken", "t0")[1:])
        issues = [_narrowed(item, call.body["fields"]) for item in issues]
        page: dict[str, Any] = {"issues": issues[start : start + size], "isLast": True}
        if start + size < len(issues):
            page |= {"isLast": False, "nextPageToken": f"t{start + size}"}
        return Reply(page)

    def _changelogs(self, call: Call) -> Reply:
        start = int(call.body.get("nextPageToken", "0"))
        entries = [
            (key, entry)
            for key in call.body["issueIdsOrKeys"]
            for entry in self.changelogs.get(key, [])
        ]
        size = min(self.entries, call.body["maxResults"])
        logs: dict[str, list[dict[str, Any]]] = {}
        for key, entry in entries[start : start + size]:
            logs.setdefault(key, []).append(entry)
        page: dict[str, Any] = {
            "issueChangeLogs": [
                {"issueId": key, "changeHistories": several} for key, several in logs.items()
            ]
        }
        if start + size < len(entries):
            page["nextPageToken"] = str(start + size)
        return Reply(page)

    def _changelog(self, call: Call) -> Reply:
        return Reply(_values(self.changelogs.get(call.path.split("/")[-2], []), call))


def _values(items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    start, size = int(call.query.get("startAt", 0)), int(call.query.get("maxResults", 50))
    return {
        "maxResults": size,
        "startAt": start,
        "isLast": start + size >= len(items),
        "values": items[start : start + size],
    }


def _narrowed(item: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """Return an issue with the fields that were asked for."""
    fields = {name: value for name, value in item["fields"].items() if name in names}
    return item | {"fields": fields}


def _sprint_state(value: Any) -> tuple[str, str]:
    """Return id and state of a sprint in an issue, as either Jira writes it."""
    if isinstance(value, dict):
        return str(value["id"]), value["state"]
    return re.findall(r"[\[,]id=(\d+)", value)[0], re.findall(r"state=(\w+)", value)[0].lower()

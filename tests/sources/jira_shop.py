"""Board of a small team on either Jira, whose issues hold every field that is read."""

from datetime import datetime
from typing import Any

from tests.sources import jira_server as double
from tests.sources.jira_server import EMAIL, Jira, history, issue, sprint, status


def shop(*, is_cloud: bool) -> Jira:
    """Make a board with two sprints, an epic, a part, a done and a dropped task."""
    seventh = sprint(7, "Sprint 7")
    eighth = sprint(
        8,
        "Sprint 8, the long one",
        state="active",
        startDate="2026-03-16T11:00:00.000+0100",
        endDate="2026-03-30T11:00:00.000+0200",
        completeDate=None,
    )

    def in_sprints(*sprints: dict[str, object]) -> list[object]:
        if is_cloud:
            return [*sprints]
        return [double.server_sprint(dict(item)) for item in sprints]

    done = issue(
        2,
        summary="Überweisung prüfen ✓",
        status=status("5"),
        resolution={"id": "10000", "name": "Fertig"},
        resolutiondate="2026-03-20T17:00:00.000+0100",
        assignee={"displayName": "Ada Lovelace", "emailAddress": EMAIL, "name": "ada"},
        labels=["api", "zahlung"],
        **{
            double.SPRINT: in_sprints(eighth, seventh),
            double.POINTS: 5.0,
            double.OLD_POINTS: 13.0,
            double.RANK: "0|i0002:",
            double.EPIC: None if is_cloud else "SHOP-1",
            "parent": {"key": "SHOP-1"} if is_cloud else None,
        },
    )
    epic = issue(
        1,
        issuetype={**double.TYPES["Vorhaben"], "hierarchyLevel": 1 if is_cloud else None},
        **{double.RANK: "0|i0001:", double.EPIC_NAME: "Zahlung"},
    )
    part = issue(
        3,
        issuetype=double.TYPES["Teilaufgabe"],
        parent={"key": "SHOP-2"},
        **{double.RANK: "0|i0003:", double.FLAGGED: [{"value": "Impediment"}]},
    )
    return Jira(
        [epic, done, part], is_cloud, [seventh, eighth], {"20002": _moves(is_cloud=is_cloud)}
    )


def _moves(*, is_cloud: bool) -> list[dict[str, Any]]:
    moves = [
        history(1, "2026-03-03T09:00:00.000+0100", double.sprint_item("", "7")),
        history(2, "2026-03-05T09:00:00.000+0100", double.status_item("1", "3")),
        history(3, "2026-03-16T10:12:00.000+0100", double.sprint_item("7", "7, 8")),
        history(4, "2026-03-20T17:00:00.000+0100", double.status_item("3", "5")),
    ]
    if is_cloud:
        for entry in moves:
            moment = datetime.fromisoformat(entry["created"].replace("+0100", "+01:00"))
            entry["created"] = int(moment.timestamp() * 1000)
    return moves

"""Leave of team members, which never overlaps."""

import asyncio
from datetime import date, timedelta

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Pto, PtoCreate
from tests.services.project.conftest import Office

DAY = date(2025, 3, 3)


def leave(first: int, last: int, reason: str = "") -> PtoCreate:
    """From the `first` to the `last` day after `DAY`."""
    return PtoCreate(
        start_date=DAY + timedelta(days=first), end_date=DAY + timedelta(days=last), reason=reason
    )


async def test_leave_is_listed_for_every_team_of_the_person(staffed: Office) -> None:
    added = await staffed.client.add_pto("P1", "E001", leave(10, 11, "a trip"))
    await staffed.client.add_pto("P1", "E002", leave(0, 0))
    listed = await staffed.client.list_pto("P1")
    assert [leave.employee_id for leave in listed] == ["E002", "E001"]
    assert await staffed.client.list_pto("P2") == [added]
    assert (added.start_date, added.end_date) == (date(2025, 3, 13), date(2025, 3, 14))
    assert added.reason == "a trip"


OVERLAPPING = [(5, 9), (0, 5), (9, 20), (6, 7), (0, 20)]
BESIDE = [(0, 4), (10, 20), (4, 4), (10, 10)]


async def test_leave_of_one_person_does_not_overlap(staffed: Office) -> None:
    first_leave = await staffed.client.add_pto("P1", "E001", leave(5, 9))
    await staffed.client.add_pto("P1", "E002", leave(0, 20))
    path = "/projects/P2/calendar/pto?employee_id=E001"
    for first, last in OVERLAPPING:
        refused = await staffed.request("POST", path, leave(first, last).model_dump(mode="json"))
        assert (refused.status_code, refused.json()["pto_id"]) == (409, first_leave.id)
        assert await staffed.client.list_pto("P2") == [first_leave]
    for first, last in BESIDE:
        added = await staffed.client.add_pto("P2", "E001", leave(first, last))
        await staffed.client.delete_pto("P2", added.id)


async def test_one_of_simultaneous_overlapping_leaves_is_stored(staffed: Office) -> None:
    for week in range(4):
        first = week * 30
        outcomes = await asyncio.gather(
            *(
                staffed.client.add_pto(project_id, "E001", leave(first + n, first + 8 + n))
                for n in range(4)
                for project_id in ("P1", "P2")
            ),
            return_exceptions=True,
        )
        assert len([outcome for outcome in outcomes if isinstance(outcome, Pto)]) == 1
        refused = [outcome for outcome in outcomes if isinstance(outcome, PeerRefused)]
        assert [outcome.peer_status for outcome in refused] == [409] * 7
        assert len(await staffed.client.list_pto("P1")) == week + 1


INVALID_LEAVE = [
    {},
    {"start_date": "2025-03-03"},
    {"start_date": "2025-03-04", "end_date": "2025-03-03"},
    {"start_date": "2025-03-03", "end_date": "2026-03-04"},
    {"start_date": "2025-02-29", "end_date": "2025-03-03"},
    {"start_date": 1740960000, "end_date": 1740960000},
    {"start_date": "1740960000", "end_date": "1740960000"},
    {"start_date": "9999-12-31", "end_date": "9999-12-31"},
    {"start_date": "2025-03-03", "end_date": "2025-03-03", "reason": "a\x00b"},
    {"start_date": "2025-03-03", "end_date": "2025-03-03", "hours": 4},
]


async def test_invalid_leave_is_refused_and_not_stored(staffed: Office) -> None:
    for body in INVALID_LEAVE:
        answer = await staffed.request("POST", "/projects/P1/calendar/pto?employee_id=E001", body)
        assert answer.status_code == 400
        assert await staffed.client.list_pto("P1") == []


async def test_leave_of_unknown_projects_and_strangers_is_refused(staffed: Office) -> None:
    body = leave(0, 1).model_dump(mode="json")
    for project_id, person in (("NONE", "E001"), ("P1", "GHOST"), ("P2", "E002")):
        path = f"/projects/{project_id}/calendar/pto?employee_id={person}"
        assert (await staffed.request("POST", path, body)).status_code == 404
    assert (await staffed.request("POST", "/projects/P1/calendar/pto", body)).status_code == 400
    assert (await staffed.request("GET", "/projects/NONE/calendar/pto")).status_code == 404


async def test_leave_is_deleted_by_a_team_of_the_person_alone(staffed: Office) -> None:
    added = await staffed.client.add_pto("P1", "E002", leave(0, 1))
    path = "/projects/{}/calendar/pto/{}"
    assert (await staffed.request("DELETE", path.format("P2", added.id))).status_code == 404
    assert await staffed.client.delete_pto("P1", added.id) == added
    assert await staffed.client.list_pto("P1") == []
    for project_id, pto_id in (("P1", added.id), ("NONE", 1), ("P1", 2**63 - 1)):
        assert (await staffed.request("DELETE", path.format(project_id, pto_id))).status_code == 404
    for pto_id in ("0", "-1", "x", str(2**63)):
        assert (await staffed.request("DELETE", path.format("P1", pto_id))).status_code == 400

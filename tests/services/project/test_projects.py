"""Projects over HTTP: create, read, list, change."""

from datetime import date

import httpx

from domain_services.project.schema import CalendarChange, ProjectCreate, ProjectEdit, StatusChange
from tests.conftest import VIEWER_KEY
from tests.services.project.conftest import Office


async def test_project_is_read_as_created(office: Office) -> None:
    project = {
        "id": "TEST-001",
        "name": "Test Project",
        "description": "A project created via API.",
        "status": "inactive",
    }
    answer = await office.request("POST", "/projects", project)
    assert answer.status_code == 201
    assert answer.json()["project_id"] == "TEST-001"
    stored = (await office.request("GET", "/projects/TEST-001")).json()
    assert stored.items() >= project.items()
    assert (stored["country"], stored["subdivision"], stored["timezone"]) == ("US", None, "UTC")
    assert (stored["progress_mode"], stored["assign_unowned"]) == ("simulated", True)


async def test_second_project_with_an_id_is_refused(office: Office) -> None:
    first = ProjectCreate(id="P1", name="First")
    await office.client.create_project(first)
    again = await office.request("POST", "/projects", {"id": "P1", "name": "Second"})
    assert (again.status_code, again.json()["project_id"]) == (409, "P1")
    assert (await office.client.get_project("P1")).name == "First"


INVALID_PROJECTS = [
    ({"name": "no id"}, "body.id"),
    ({"id": "p1", "name": "lower case"}, "body.id"),
    ({"id": "summary", "name": "reserved"}, "body.id"),
    ({"id": "P1", "name": ""}, "body.name"),
    ({"id": "P1", "name": "a", "status": "closed"}, "body.status"),
    ({"id": "P1", "name": "a", "timezone": "Mars/Olympus"}, "body.timezone"),
    ({"id": "P1", "name": "a", "timezone": "localtime"}, "body.timezone"),
    ({"id": "P1", "name": "a", "as_of": 20250303}, "body.as_of"),
    ({"id": "P1", "name": "a", "as_of": "9999-12-31"}, "body.as_of"),
    ({"id": "P1", "name": "a", "country": "XX"}, "XX"),
    ({"id": "P1", "name": "a", "country": "US", "subdivision": "BY"}, "US-BY"),
    ({"id": "P1", "name": "a", "owner": "me"}, "body.owner"),
    ({"id": "P1", "name": "a", "assign_unowned": "no"}, "body.assign_unowned"),
]


async def test_invalid_project_is_refused(office: Office) -> None:
    for body, named in INVALID_PROJECTS:
        answer = await office.request("POST", "/projects", body)
        assert answer.status_code == 400
        assert named in answer.json()["detail"]
        assert (await office.request("GET", "/projects")).json() == []


async def test_a_project_held_at_a_day_to_come_is_refused(office: Office) -> None:
    # Between the dates of the two ends of the world lies a day that has begun in one of them.
    east, west = "Pacific/Kiritimati", "Pacific/Niue"
    await office.client.create_project(ProjectCreate(id="P2", name="east", timezone=east))
    ahead = (await office.client.get_project("P2")).today
    for day, zone in (("2100-07-01", "UTC"), (ahead.isoformat(), west)):
        body = {"id": "P1", "name": "ahead", "as_of": day, "timezone": zone}
        answer = await office.request("POST", "/projects", body)
        assert answer.status_code == 400
        assert f"body.as_of: {day} has not begun in {zone}" in answer.json()["detail"]
        assert (await office.request("GET", "/projects/P1")).status_code == 404
    request = ProjectCreate(id="P1", name="today", as_of=ahead, timezone=east)
    await office.client.create_project(request)
    assert (await office.client.get_project("P1")).clock == "held"


async def test_projects_are_listed_page_by_page_with_their_total(office: Office) -> None:
    for project_id in ("P3", "P1", "P2"):
        await office.client.create_project(ProjectCreate(id=project_id, name=project_id))
    page = await office.request("GET", "/projects?limit=2&offset=1")
    assert [project["id"] for project in page.json()] == ["P2", "P3"]
    assert page.headers["X-Total-Count"] == "3"
    beyond = await office.request("GET", "/projects?offset=3")
    assert (beyond.json(), beyond.headers["X-Total-Count"]) == ([], "3")
    for query in ("limit=0", "limit=1001", "offset=-1", "limit=x"):
        assert (await office.request("GET", f"/projects?{query}")).status_code == 400


async def test_a_status_is_changed_or_refused(office: Office) -> None:
    await office.client.create_project(ProjectCreate(id="P1", name="A project"))
    changed = await office.client.change_status("P1", StatusChange(status="inactive"))
    assert (changed.project_id, changed.status) == ("P1", "inactive")
    assert (await office.client.get_project("P1")).status == "inactive"
    for body in ({"status": "gone"}, {"status": None}, {}, []):
        assert (await office.request("PUT", "/projects/P1/status", body)).status_code == 400
    unknown = await office.request("PUT", "/projects/NONE/status", {"status": "active"})
    assert unknown.status_code == 404


async def test_project_has_its_own_day(office: Office) -> None:
    past = ProjectCreate(id="P1", name="imported", as_of=date(2016, 6, 6))
    await office.client.create_project(past)
    assert (await office.client.get_project("P1")).today == date(2016, 6, 6)
    # There is always a day between these two zones.
    for project_id, zone in (("P2", "Pacific/Kiritimati"), ("P3", "Pacific/Niue")):
        body = ProjectCreate(id=project_id, name=zone, timezone=zone)
        await office.client.create_project(body)
    first = (await office.client.get_project("P2")).today
    last = (await office.client.get_project("P3")).today
    assert first > last


async def test_a_project_moves_to_another_place(office: Office) -> None:
    await office.client.create_project(ProjectCreate(id="P1", name="a", timezone="Asia/Tokyo"))
    change = CalendarChange(country="DE", subdivision="BY")
    moved = await office.client.change_calendar("P1", change)
    assert (moved.country, moved.subdivision, moved.timezone) == ("DE", "BY", "Asia/Tokyo")
    moved = await office.client.change_calendar("P1", CalendarChange(country="FR"))
    assert (moved.country, moved.subdivision) == ("FR", None)
    refused = await office.request("PUT", "/projects/P1/calendar", {"country": "ZZ"})
    assert refused.status_code == 400
    unknown = await office.request("PUT", "/projects/NONE/calendar", {"country": "DE"})
    assert unknown.status_code == 404


async def test_role_of_the_key_limits_reading_and_writing(office: Office) -> None:
    body = {"id": "P1", "name": "A project"}
    async with httpx.AsyncClient() as nobody:
        assert (await nobody.get(f"{office.url}/projects")).status_code == 401
        assert (await nobody.post(f"{office.url}/projects", json=body)).status_code == 401
        assert (await nobody.post(f"{office.url}/employees", json={})).status_code == 401
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {VIEWER_KEY}"}) as viewer:
        assert (await viewer.get(f"{office.url}/projects")).json() == []
        assert (await viewer.post(f"{office.url}/projects", json=body)).status_code == 403


async def test_named_fields_of_a_project_are_changed(office: Office) -> None:
    await office.client.create_project(ProjectCreate(id="P1", name="Old", description="a"))
    before = await office.client.get_project("P1")
    renamed = await office.client.edit_project("P1", ProjectEdit(name="New"))
    assert renamed == before.model_copy(update={"name": "New"})
    edit = ProjectEdit(description="", progress_mode="reported")
    changed = await office.client.edit_project("P1", edit)
    assert (changed.name, changed.description, changed.progress_mode) == ("New", "", "reported")
    leaving = await office.client.edit_project("P1", ProjectEdit(assign_unowned=False))
    assert leaving == changed.model_copy(update={"assign_unowned": False})
    assert await office.client.get_project("P1") == leaving


async def test_a_refused_edit_changes_nothing(office: Office) -> None:
    await office.client.create_project(ProjectCreate(id="P1", name="Old"))
    before = await office.client.get_project("P1")
    for body in (
        {},
        [],
        {"name": ""},
        {"name": None},
        {"progress_mode": "guessed"},
        {"assign_unowned": 0},
        {"id": "P2"},
    ):
        assert (await office.request("PATCH", "/projects/P1", body)).status_code == 400
        assert await office.client.get_project("P1") == before
    unknown = await office.request("PATCH", "/projects/NONE", {"name": "New"})
    assert unknown.status_code == 404

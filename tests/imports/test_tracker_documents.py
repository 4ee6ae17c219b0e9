"""Rows of a tracker, uploaded as a file, are previewed and imported by route."""

from io import BytesIO

from agent.importing.sources.document import write_document
from agent.importing.sources.source_request import SourceRequest
from tests.imports.conftest import Room
from tests.sources.jira_server import EMAIL
from tests.sources.jira_shop import shop
from tests.sources.reading import Reader
from tests.sources.tracker_server import serving_tracker


def document() -> bytes:
    stream = BytesIO()
    with serving_tracker(shop(is_cloud=True).server()) as server:
        source = Reader(email=EMAIL).read(SourceRequest("jira", server.url, "12"))
    write_document(source, stream)
    return stream.getvalue()


async def test_rows_of_a_tracker_are_imported_from_an_upload(room: Room) -> None:
    content = document()
    preview = await room.upload(content, "rows.jsonl")
    assert preview.status_code == 201, preview.text
    recognised = preview.json()["preview"]["recognised"]
    assert (recognised["profile"], recognised["tasks"]) == ("Jira Cloud, by its API", 3)
    assert (await room.load(content, name="rows.jsonl"))["state"] == "done"
    tasks = (await room.system.http.get(f"{room.system.urls['backlog']}/backlogs/SHOP")).json()
    assert {task["external_key"] for task in tasks} <= {"SHOP-1", "SHOP-2", "SHOP-3"}
    answer = await room.system.http.get(f"{room.url}/projects")
    (project,) = answer.json()["projects"]
    assert (project["project_id"], project["headers"]) == ("SHOP", "")


async def test_cut_rows_of_a_tracker_are_refused_with_words(room: Room) -> None:
    lines = document().splitlines(keepends=True)
    refused = await room.upload(b"".join(lines[:-1]), "rows.jsonl")
    assert refused.status_code == 422
    assert "has 2 of 3 tasks: it was cut" in refused.json()["detail"]

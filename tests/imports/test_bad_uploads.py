"""Uploads that cannot be imported are refused in words, and leave every project as it was."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO

import psycopg
import pytest

from agent.imports.uploads import plain_name
from tests.conftest import OPERATOR_KEY, VIEWER_KEY
from tests.imports.conftest import HEADER, Room, export


def workbook_without_rows() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "no workbook")
    return stream.getvalue()


BAD: dict[str, tuple[str, bytes]] = {
    "page": ("issues.csv", b"<!DOCTYPE html><html><body>Log in</body></html>"),
    "json": ("issues.csv", b'{"issues": []}'),
    "pdf": ("issues.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "zip": ("issues.csv", workbook_without_rows()),
    "columns": ("issues.csv", b"colour,shape\nred,round\n"),
    "no rows": ("issues.csv", HEADER.encode()),
    "no row usable": ("issues.csv", f"{HEADER}1,SHOP,never,,x,y,z\n".encode()),
}


@pytest.mark.parametrize("kind", BAD)
async def test_file_that_is_none_is_refused_in_words(room: Room, kind: str) -> None:
    name, content = BAD[kind]
    answer = await room.upload(content, name)
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "csv_refused"), answer.text
    assert len(problem["detail"].split()) > 4
    assert "Traceback" not in problem["detail"]
    stored = (await room.get(problem["import_id"])).json()
    assert (stored["state"], stored["preview"]) == ("failed", None)
    # What cannot be read cannot be started.
    assert (await room.post(problem["import_id"], "/start")).status_code == 409


async def test_options_are_checked_and_an_empty_upload_is_refused(room: Room) -> None:
    odd = await room.upload(export(2), options={"colour": "red"})
    assert odd.status_code == 400 and "options.colour" in odd.json()["detail"]
    assert (await room.upload(b"")).status_code == 400
    place = await room.upload(export(2), options={"timezone": "Mars/Base"})
    assert place.status_code == 422 and "Mars/Base" in place.json()["detail"]


async def test_file_over_the_limit_is_refused_while_it_arrives(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.imports.uploads.MOST_FILE_BYTES", 1000)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    answer = await room.upload(chunks())
    assert answer.status_code == 413
    assert "divide it" in answer.json()["detail"]


async def test_body_that_stops_midway_leaves_nothing(room: Room) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield HEADER.encode()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await room.upload(chunks())
    listed = await room.system.http.get(room.url)
    assert listed.json() == {"imports": []}


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.csv", "a.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("..", "upload.csv"),
        ("", "upload.csv"),
        (None, "upload.csv"),
        ("ü" * 200 + ".csv", "ü" * 73 + ".csv"),
    ],
)
def test_name_of_a_file_is_never_a_path(name: str | None, plain: str) -> None:
    assert plain_name(name) == plain


async def test_roles_and_owners_are_kept_apart(room: Room) -> None:
    viewer, operator = Room(room.system, VIEWER_KEY), Room(room.system, OPERATOR_KEY)
    assert (await viewer.upload(export(2))).status_code == 403
    own = (await room.upload(export(2))).json()["import_id"]
    # A viewer reads what an admin has uploaded; an operator neither changes nor cancels it.
    assert (await viewer.get(own)).json()["state"] == "previewed"
    assert (await operator.post(own, "/options", {})).status_code == 403
    assert (await operator.delete(own)).status_code == 403
    # An operator may look at a file, and an admin imports it.
    theirs = (await operator.upload(export(2, "TEAM"))).json()["import_id"]
    assert (await operator.post(theirs, "/start")).status_code == 403
    assert (await room.post(theirs, "/start")).status_code == 202
    assert (await room.ended(theirs))["state"] == "done"


async def test_same_key_is_one_upload_and_one_start(room: Room) -> None:
    key = {"Idempotency-Key": "upload-1"}
    first, second = await asyncio.gather(*(room.upload(export(4), headers=key) for _ in range(2)))
    assert first.json()["import_id"] == second.json()["import_id"]
    assert (await room.upload(export(5), headers=key)).status_code == 400
    import_id = first.json()["import_id"]
    await room.ended(import_id)
    start = {"Idempotency-Key": "start-1"}
    answers = [await room.post(import_id, "/start", **start) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert (await room.ended(import_id))["state"] == "done"
    # Another start of what is done is refused in words.
    again = await room.post(import_id, "/start")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_of_two_starts_of_one_project_one_waits(room: Room) -> None:
    ids = [(await room.upload(export(300))).json()["import_id"] for _ in range(2)]
    answers = await asyncio.gather(*(room.post(import_id, "/start") for import_id in ids))
    assert sorted(answer.status_code for answer in answers) == [202, 409]
    (refused,) = [answer for answer in answers if answer.status_code == 409]
    assert "another import writes SHOP" in refused.json()["detail"]
    started = next(
        import_id for import_id, a in zip(ids, answers, strict=True) if a.status_code == 202
    )
    assert (await room.ended(started))["state"] == "done"


async def test_expired_upload_is_refused_in_words(room: Room) -> None:
    import_id = (await room.upload(export(2))).json()["import_id"]
    url = room.system.databases["orchestrator"]
    age(url, "UPDATE imports SET updated_at = now() - interval '8 days'")
    await room.system.apps["orchestrator"].state.retention.delete_ended()
    answer = await room.post(import_id, "/start")
    assert answer.status_code == 404
    assert "upload the files again" in answer.json()["detail"]


def age(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())

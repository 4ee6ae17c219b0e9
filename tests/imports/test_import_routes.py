"""Files are uploaded, previewed, imported and imported again, by route alone."""

from tests.imports.conftest import Room, export


async def test_upload_is_previewed_and_imported(room: Room) -> None:
    uploaded = await room.upload(export(20, finished=8))
    assert uploaded.status_code == 201, uploaded.text
    answer = uploaded.json()
    assert (answer["state"], answer["projects"], answer["rows_read"]) == ("previewed", ["SHOP"], 20)
    assert answer["files"] == [{"name": "export.csv", "bytes": len(export(20, finished=8))}]
    assert answer["preview"]["projects"]["SHOP"]["backlog"] == 12
    assert answer["preview"]["files"][0]["file"].endswith("export.csv")
    # Nothing is written before the start.
    assert (await room.system.http.get(room.system.urls["project"] + "/projects/SHOP")).is_error

    started = await room.post(answer["import_id"], "/start")
    assert started.status_code == 202
    done = await room.ended(answer["import_id"])
    assert (done["state"], done["problem"], done["files"]) == ("done", None, [])
    assert (done["imported"][0]["tasks"], done["imported"][0]["project_created"]) == (12, True)
    assert done["steps_done"] == done["steps_total"] >= 12


async def test_same_file_again_changes_nothing_and_a_later_one_updates(room: Room) -> None:
    await room.load(export(10, finished=4))
    again = await room.load(export(10, finished=4))
    assert (again["state"], again["imported"][0]["changed"]) == ("done", False)
    later = await room.upload(export(12, finished=6))
    changes = later.json()["preview"]["projects"]["SHOP"]["changes"]
    assert (changes["new"], changes["finished"], changes["missing"]) == (2, 2, 0)
    await room.post(later.json()["import_id"], "/start")
    done = await room.ended(later.json()["import_id"])
    assert (done["imported"][0]["tasks"], done["imported"][0]["completed"]) == (2, 2)


async def test_options_are_changed_saved_and_used_again(room: Room) -> None:
    odd = "Nr,Anlage,Ende,Text\n1,03/02/2024,,One\n2,04/02/2024,,Two\n"
    refused = await room.upload(odd, options={"project": "ODD"})
    assert refused.status_code == 422
    import_id = refused.json()["import_id"]
    mapping = {"id": "Nr", "created": "Anlage", "finished": "Ende", "title": "Text"}
    options = {"project": "ODD", "mapping": mapping, "date_format": "d/m/Y"}
    changed = await room.post(import_id, "/options", options)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["state"], changed.json()["preview"]["used_options"]) == (
        "previewed",
        None,
    )
    await room.post(import_id, "/start")
    assert (await room.ended(import_id))["state"] == "done"

    again = await room.upload(odd, options={"project": "ODD"})
    assert again.status_code == 201, again.text
    used = again.json()["preview"]["used_options"]
    assert "id=Nr" in used and "created=Anlage" in used and "--date-format d/m/Y" in used
    forgotten = await room.upload(odd, options={"project": "ODD", "forget_options": True})
    assert forgotten.status_code == 422


async def test_multipart_form_of_several_files_is_one_import(room: Room) -> None:
    files = [
        ("files", ("../../etc/one.csv", export(3), "text/csv")),
        ("files", ("C:\\temp\\two.csv", export(3, start=3), "text/csv")),
    ]
    answer = await room.system.http.post(
        room.url,
        files=files,
        data={"options": '{"cadence_days": 7}'},
        headers=room.headers({}),
        timeout=120,
    )
    assert answer.status_code == 201, answer.text
    assert [file["name"] for file in answer.json()["files"]] == ["one.csv", "two.csv"]
    assert answer.json()["rows_read"] == 6
    assert answer.json()["preview"]["repeated_tasks"] == 1
    assert answer.json()["options"]["cadence_days"] == 7


async def test_refused_rows_are_a_csv_of_their_own(room: Room) -> None:
    content = export(60) + "SHOP-99,SHOP,no day,,Broken,Ann,Open\n"
    answer = await room.upload(content)
    assert answer.json()["has_refused_rows"], answer.text
    rows = await room.get(answer.json()["import_id"], "/refused", Accept="text/csv")
    assert rows.headers["content-type"] == "text/csv; charset=utf-8"
    assert "SHOP-99" in rows.text
    as_json = await room.get(answer.json()["import_id"], "/refused")
    assert as_json.json()["content"] == rows.text

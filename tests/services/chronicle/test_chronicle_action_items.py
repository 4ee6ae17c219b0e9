"""Action items change their status; every change is recorded with its author."""

import asyncio
from uuid import UUID, uuid4

import httpx
import pytest

from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import ActionItemChange, SprintRetrospectiveCreate
from domain_services.kernel.client.http_client import PeerRefused
from tests.conftest import VIEWER_KEY
from tests.services.chronicle.history import retrospective

CLOSED = ActionItemChange(status="closed", comment="access was given")


def _note(number: int = 1) -> SprintRetrospectiveCreate:
    items = [{"description": "Waiting for access"}, {"description": "Pair more"}]
    return retrospective("P1", number, action_items=items)


async def _record(chronicle: ChronicleClient, number: int = 1) -> UUID:
    return (await chronicle.create_sprint_retrospective(_note(number))).note_id


async def test_closed_item_is_closed_on_every_route(chronicle: ChronicleClient) -> None:
    note_id = await _record(chronicle)
    changed = await chronicle.change_action_item(note_id, 1, CLOSED)
    assert (changed.description, changed.status, changed.version) == (
        "Waiting for access",
        "closed",
        2,
    )
    assert await chronicle.list_action_items("P1", "closed") == [changed]
    (note,) = await chronicle.list_sprint_retrospectives("P1")
    assert [item.status for item in note.action_items] == ["closed", "open"]
    counts = (await chronicle.impediments("P1")).impediment_status_counts
    assert counts == {"Waiting for access": {"closed": 1}, "Pair more": {"open": 1}}


async def test_every_change_is_recorded_with_its_actor(chronicle: ChronicleClient) -> None:
    note_id = await _record(chronicle)
    assert await chronicle.list_action_item_changes(note_id, 1) == []
    for status in ("in-progress", "in-progress", "closed", "open"):
        await chronicle.change_action_item(note_id, 1, ActionItemChange(status=status))
    changes = await chronicle.list_action_item_changes(note_id, 1)
    assert [
        (change.version, change.from_status, change.to_status, change.actor) for change in changes
    ] == [
        (2, "open", "in-progress", "admin"),
        (3, "in-progress", "closed", "admin"),
        (4, "closed", "open", "admin"),
    ]


async def test_change_of_an_outdated_version_is_refused(chronicle: ChronicleClient) -> None:
    note_id = await _record(chronicle)
    results = await asyncio.gather(
        *(chronicle.change_action_item(note_id, 1, CLOSED, if_match=1) for _ in range(4)),
        return_exceptions=True,
    )
    refused = [outcome.peer_status for outcome in results if isinstance(outcome, PeerRefused)]
    assert refused == [412] * 3
    assert len(await chronicle.list_action_item_changes(note_id, 1)) == 1


async def test_changed_item_does_not_change_its_retrospective(
    chronicle: ChronicleClient,
) -> None:
    note_id = await _record(chronicle)
    await chronicle.change_action_item(note_id, 1, CLOSED)
    assert await _record(chronicle) == note_id
    assert (await chronicle.list_action_items("P1"))[0].status == "closed"


async def test_note_recorded_without_impediments_is_the_same_note_with_them(
    chronicle: ChronicleClient,
) -> None:
    sentence = "Remove the impediment: Slow"
    earlier_release = retrospective("P1", action_items=[{"description": sentence}], number=1)
    note = await chronicle.create_sprint_retrospective(earlier_release)
    items = [{"description": sentence, "impediment": "Slow"}]
    again = await chronicle.create_sprint_retrospective(retrospective("P1", 1, action_items=items))
    assert again.note_id == note.note_id


async def test_sentences_of_release_0_1_0_count_as_what_they_are_about(
    chronicle: ChronicleClient,
) -> None:
    sentences = ["Remove the impediment: Slow", "Decide about P1-TASK002, left at 40 %"]
    items = [{"description": sentence} for sentence in sentences]
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, action_items=items))
    impediments = await chronicle.impediments("P1")
    assert impediments.impediment_frequency == {"Slow": 1}


async def test_items_are_listed_of_the_newest_sprint_first(chronicle: ChronicleClient) -> None:
    for number in (1, 2):
        await _record(chronicle, number)
    items = await chronicle.list_action_items("P1", limit=3)
    assert [(item.sprint_id, item.position) for item in items] == [
        ("P1-S02", 1),
        ("P1-S02", 2),
        ("P1-S01", 1),
    ]
    assert await chronicle.list_action_items("P2") == []


async def test_missing_item_is_404_and_invalid_change_is_400(
    chronicle: ChronicleClient, chronicle_url: str, http: httpx.AsyncClient
) -> None:
    note_id = await _record(chronicle)
    for place in ((uuid4(), 1), (note_id, 3)):
        for call in (
            chronicle.change_action_item(*place, CLOSED),
            chronicle.list_action_item_changes(*place),
        ):
            with pytest.raises(PeerRefused) as refused:
                await call
            assert refused.value.peer_status == 404
    url = f"{chronicle_url}/v1/action_items/{note_id}"
    valid = {"status": "closed"}
    for path, body in (
        ("/0", valid),
        ("/x", valid),
        ("/1", {"status": "done"}),
        ("/1", {"status": "closed", "comment": "\x00"}),
        ("/1", {}),
    ):
        assert (await http.put(url + path, json=body)).status_code == 400
    assert (await http.put(f"{url}/1", json=valid, headers={"If-Match": "1"})).status_code == 400
    viewer = {"Authorization": f"Bearer {VIEWER_KEY}"}
    assert (await http.put(f"{url}/1", json=valid, headers=viewer)).status_code == 403

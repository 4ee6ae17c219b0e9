"""A later export replaces the imported sprints of a project, and nothing else."""

from typing import Any

import pytest

from domain_services.chronicle import schema
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from tests.services.chronicle.history import retrospective, retrospectives


def imported(number: int, finished: int, **fields: Any) -> schema.SprintRetrospectiveCreate:
    return retrospective("SHOP", number, finished, origin="import", **fields)


async def completed(chronicle: ChronicleClient) -> dict[str, int]:
    notes = await chronicle.list_sprint_retrospectives("SHOP")
    return {note.sprint_id: note.completed_tasks for note in notes}


async def replace(
    chronicle: ChronicleClient,
    *notes: schema.SprintRetrospectiveCreate,
    keep: list[str] | None = None,
) -> schema.ImportedReplaced:
    body = schema.ImportedSprints(notes=list(notes), keep=keep)
    return await chronicle.replace_imported_sprints("SHOP", body)


async def test_changed_sprints_are_replaced_and_those_not_kept_are_removed(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_sprint_retrospectives(
        retrospectives("SHOP", [5, 6, 7], origin="import", attendees=["E1"])
    )
    await chronicle.create_sprint_retrospectives(retrospectives("OTHER", [1], origin="import"))
    first, second = imported(1, 5, attendees=["E1"]), imported(2, 9)
    answer = await replace(
        chronicle, first, second, imported(4, 2), keep=["SHOP-S01", "SHOP-S02", "SHOP-S04"]
    )
    assert (answer.created, answer.replaced, answer.unchanged, answer.removed) == (1, 1, 1, 1)
    assert await completed(chronicle) == {"SHOP-S01": 5, "SHOP-S02": 9, "SHOP-S04": 2}
    # Statistics follow, and another project keeps its own.
    assert (await chronicle.velocity("SHOP")).sprint_count == 3
    assert (await chronicle.velocity("OTHER")).sprint_count == 1
    again = await replace(chronicle, first, second, keep=["SHOP-S01", "SHOP-S02", "SHOP-S04"])
    assert (again.created, again.replaced, again.unchanged, again.removed) == (0, 0, 2, 0)


async def test_sprint_of_an_earlier_import_learns_how_many_of_its_tasks_arrived(
    chronicle: ChronicleClient,
) -> None:
    await replace(chronicle, imported(1, 5))
    answer = await replace(chronicle, imported(1, 5, completed_arrived=4))
    assert (answer.replaced, answer.unchanged) == (1, 0)
    (note,) = await chronicle.list_sprint_retrospectives("SHOP")
    (sprint,) = (await chronicle.velocity("SHOP")).velocity_trend_data
    assert (note.completed_tasks, note.completed_arrived, note.completed_outside) == (5, 4, None)
    assert (sprint.velocity, sprint.completed_arrived) == (5, 4)


async def test_sprint_that_was_closed_here_never_changes(chronicle: ChronicleClient) -> None:
    closed = retrospective("SHOP", 2, 4, 1)
    await chronicle.create_sprint_retrospective(closed)
    await replace(chronicle, imported(1, 5))
    answer = await replace(chronicle, keep=[])
    assert answer.removed == 1
    with pytest.raises(PeerRefused) as refused:
        await replace(chronicle, imported(1, 5), imported(2, 9))
    assert refused.value.peer_status == 409
    # Refused as a whole.
    assert await completed(chronicle) == {"SHOP-S02": 4}


async def test_imported_sprint_with_action_items_does_not_change(
    chronicle: ChronicleClient,
) -> None:
    await replace(
        chronicle, imported(1, 5, action_items=[{"description": "Refine", "status": "open"}])
    )
    with pytest.raises(PeerRefused) as refused:
        await replace(chronicle, imported(1, 6))
    assert refused.value.peer_status == 409
    assert (await replace(chronicle, keep=[])).removed == 0
    assert await completed(chronicle) == {"SHOP-S01": 5}


@pytest.mark.parametrize(
    "body",
    [
        {"notes": [retrospective("SHOP", 1).model_dump(mode="json")]},
        {"notes": [imported(1, 2).model_dump(mode="json")] * 2},
        {"notes": [imported(1, 2).model_dump(mode="json")], "keep": []},
    ],
)
def test_body_of_other_notes_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no import|names a sprint twice|of its own"):
        schema.ImportedSprints.model_validate(body)


async def test_note_of_another_project_is_refused(chronicle: ChronicleClient) -> None:
    note = retrospective("OTHER", 1, origin="import")
    with pytest.raises(PeerRefused) as refused:
        await replace(chronicle, note)
    assert refused.value.peer_status in (400, 422)

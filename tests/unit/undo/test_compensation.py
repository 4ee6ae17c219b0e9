"""Each acting tool says how its call is taken back, before the call and after it."""

import pytest
from pydantic import JsonValue

from memory.decision import PlannedCall
from tools.compensation import compensation
from tools.registry import write_arguments

OLD: dict[str, JsonValue] = {"schedule": "0 14 * * 1-5", "timezone": "Europe/Berlin"}
NAMED: dict[str, JsonValue] = {"project_id": "P", "name": "run-dailyscrum-p-s01"}


def planned(
    tool: str, before: dict[str, JsonValue] | None = None, **arguments: JsonValue
) -> PlannedCall:
    return PlannedCall(name=tool, arguments=arguments, description=tool, before=before)


def fits(call: PlannedCall) -> bool:
    """Check that the tool takes the arguments. Raises: `ValidationError`."""
    return bool(write_arguments()[call.name].model_validate(call.arguments))


def test_a_created_sprint_is_cancelled() -> None:
    back = compensation(planned("create_sprint", project_id="P"), {"sprint_id": "P-S01"})

    assert back.call is not None
    assert back.call.name == "cancel_sprint"
    assert fits(back.call)
    assert back.call.arguments["sprint_id"] == "P-S01"


def test_before_the_call_there_are_words_and_no_call() -> None:
    for name in ("create_sprint", "create_cronjob", "suspend_cronjob", "resume_cronjob"):
        back = compensation(planned(name))

        assert back.call is None
        assert back.possible
        assert back.words


@pytest.mark.parametrize("name", ["close_sprint", "cancel_sprint", "set_the_world_on_fire"])
def test_what_cannot_be_taken_back_says_so_before_the_call(name: str) -> None:
    back = compensation(planned(name, sprint_id="P-S01"))

    assert not back.possible
    assert back.call is None
    assert "cannot be taken back" in back.words


def test_a_created_schedule_is_deleted() -> None:
    call = planned("create_cronjob", project_id="P", schedule="0 9 * * *", timezone="UTC")

    back = compensation(call, {"name": NAMED["name"]}).call

    assert back is not None
    assert back.name == "delete_cronjob"
    assert fits(back)
    assert back.arguments["name"] == NAMED["name"]


def test_a_schedule_that_was_there_before_gets_its_times_again() -> None:
    call = planned("create_cronjob", OLD, project_id="P", schedule="0 9 * * *", timezone="UTC")

    back = compensation(call, {"name": NAMED["name"]}).call

    assert back is not None
    assert back.name == "change_cronjob"
    assert fits(back)
    assert back.arguments["schedule"] == OLD["schedule"]


def test_a_changed_schedule_gets_its_times_and_its_zone_again() -> None:
    call = planned("change_cronjob", OLD, **NAMED, schedule="0 9 * * *", timezone="UTC")

    back = compensation(call, {"name": NAMED["name"]})

    assert back.words == "changes the schedule back to Monday to Friday at 14:00, Europe/Berlin"
    assert back.call is not None
    assert back.call.arguments == {**NAMED, **OLD}
    assert back.call.before == {"schedule": "0 9 * * *", "timezone": "UTC"}


def test_a_change_of_an_earlier_release_does_not_know_the_old_times() -> None:
    call = planned("change_cronjob", **NAMED, schedule="0 9 * * *", timezone="UTC")

    assert not compensation(call, {"name": NAMED["name"]}).possible


def test_a_deleted_daily_scrum_is_scheduled_again() -> None:
    job: dict[str, JsonValue] = {
        **OLD,
        **NAMED,
        "sprint_id": "P-S01",
        "starts_on": None,
        "ends_on": "2026-03-13",
    }

    back = compensation(planned("delete_cronjob", job, **NAMED), {"deleted": True}).call

    assert back is not None
    assert back.name == "create_cronjob"
    assert fits(back)
    assert back.arguments["sprint_id"] == "P-S01"


def test_the_schedule_of_an_ended_sprint_stays_deleted() -> None:
    assert not compensation(planned("delete_cronjob", **NAMED), {"deleted": True}).possible


def test_a_suspended_schedule_is_resumed() -> None:
    back = compensation(planned("suspend_cronjob", **NAMED), {"suspended": True}).call

    assert back is not None
    assert (back.name, back.arguments) == ("resume_cronjob", NAMED)


def test_a_call_without_a_schedule_before_it_looks_as_it_did_in_the_release_before() -> None:
    assert set(planned("close_sprint").model_dump()) == {"name", "arguments", "description"}

"""Each call that is asked for has an identity: its caller, its key and its content."""

from typing import Any

import pytest
from pydantic import JsonValue

from agent.plan_schema import CallRequest
from agent.runs.requested_calls import call_key, planned_call
from memory.decision import PlannedCall

CLOSE: dict[str, Any] = {"name": "close_sprint", "arguments": {"sprint_id": "P-S01"}}
NAME: dict[str, JsonValue] = {"project_id": "P", "name": "run-dailyscrum-p-s01"}
TIMES: dict[str, JsonValue] = {"schedule": "0 9 * * *", "timezone": "UTC"}


def asked_for(**changes: Any) -> CallRequest:
    return CallRequest.model_validate({"project_id": "P"} | CLOSE | changes)


def key(*, key: str = "k1", by: str = "lena", **changes: Any) -> tuple[str, str]:
    identity = call_key(key, planned_call(asked_for(**changes)), by)
    return identity.caller, identity.key


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "k2"},
        {"by": "otto"},
        {"name": "cancel_sprint"},
        {"arguments": {"sprint_id": "P-S02"}},
    ],
)
def test_another_key_caller_tool_or_argument_is_another_call(changes: dict[str, Any]) -> None:
    assert key() == key()
    assert key(**changes) != key()


def test_order_of_the_arguments_makes_no_other_call() -> None:
    # A later release may declare the arguments of a tool in another order.
    there, back = (
        PlannedCall(name="change_cronjob", arguments=arguments, description="Change")
        for arguments in ({**NAME, **TIMES}, {**TIMES, **NAME})
    )
    assert call_key("k1", there, "lena") == call_key("k1", back, "lena")


def test_argument_that_is_null_is_the_same_call_as_without_it() -> None:
    without = {"sprint_id": "P-S01"}
    with_null = {**without, "reason": None}
    assert key(name="cancel_sprint", arguments=with_null) == key(
        name="cancel_sprint", arguments=without
    )
    call = planned_call(asked_for(name="cancel_sprint", arguments=with_null))
    assert call.arguments == without

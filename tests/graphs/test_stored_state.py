"""The state of a decided run survives its storage; no other type is built from a stored name."""

import json
from dataclasses import dataclass

import pytest
from pydantic import ValidationError

from agent.runs.checkpoints import StateSerializer
from graphs.state import DURABLE_TYPES, durable
from memory.decision import Decision
from tests.graphs.decided_run import decided_state, finished_state

SERIALIZER = StateSerializer()


def stored_values() -> list[object]:
    """Return each value of a finished run whose type is a durable one."""
    return [value for value in finished_state().values() if type(value) in DURABLE_TYPES]


@pytest.mark.parametrize("value", stored_values(), ids=lambda value: type(value).__name__)
def test_value_of_a_durable_type_is_read_back_unchanged(value: object) -> None:
    name, stored = SERIALIZER.dumps_typed(value)
    restored = SERIALIZER.loads_typed((name, stored))
    assert name == f"dsm.{type(value).__name__}"
    assert (type(restored), restored) == (type(value), value)


def test_every_durable_type_is_part_of_a_finished_run() -> None:
    assert {type(value) for value in stored_values()} == set(DURABLE_TYPES)


def test_every_channel_that_is_stored_is_read_back_unchanged() -> None:
    for channel, value in durable(decided_state()).items():
        assert SERIALIZER.loads_typed(SERIALIZER.dumps_typed(value)) == value, channel


@dataclass
class Planted:
    """A type that this program knows and that no run stores."""

    built = False

    def __post_init__(self) -> None:
        Planted.built = True


@pytest.mark.parametrize(
    "name", ["dsm.Planted", "tests.graphs.test_stored_state.Planted", "dsm.Perception", "dsm."]
)
def test_type_that_is_not_durable_is_never_built_from_a_stored_name(name: str) -> None:
    with pytest.raises(NotImplementedError, match="Unknown serialization type"):
        SERIALIZER.loads_typed((name, b"{}"))
    assert not Planted.built


def test_object_that_langgraph_stores_by_its_module_is_not_built_again() -> None:
    Planted.built = False
    stored = SERIALIZER.dumps_typed(Planted())
    Planted.built = False
    restored = SERIALIZER.loads_typed(stored)
    assert not isinstance(restored, Planted)
    assert not Planted.built


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"tasks": "many"}, id="a number became text"),
        pytest.param({"source": "guesswork"}, id="an unknown source"),
        pytest.param({"verdicts": []}, id="a field of an earlier release"),
    ],
)
def test_damaged_decision_is_refused(change: dict[str, object]) -> None:
    name, stored = SERIALIZER.dumps_typed(decided_state()["decision"])
    damaged = json.dumps(json.loads(stored) | change).encode()
    with pytest.raises(ValidationError):
        SERIALIZER.loads_typed((name, damaged))


def test_truncated_decision_is_refused() -> None:
    name, stored = SERIALIZER.dumps_typed(decided_state()["decision"])
    assert name == f"dsm.{Decision.__name__}"
    with pytest.raises(ValidationError):
        SERIALIZER.loads_typed((name, stored[:-20]))

"""The decision graph has a name, forms for what a person may ask, and a picture in its folder."""

import dataclasses

import pytest

from docs.generate import graph_picture
from graphs.decision import build
from graphs.rules.base import RequestOptions
from graphs.schema import Ask, Context
from graphs.state import Mode, Order, State


@pytest.mark.parametrize(
    ("method", "properties"),
    [
        ("get_input_jsonschema", ["project_id", "options"]),
        ("get_output_jsonschema", ["response"]),
        ("get_context_jsonschema", list(Context.__annotations__)),
    ],
)
def test_each_schema_names_what_a_person_may_write_or_read(
    method: str, properties: list[str]
) -> None:
    schema = getattr(build(), method)()
    assert list(schema["properties"]) == properties
    assert all(
        field.get("description") or "$ref" in field for field in schema["properties"].values()
    )


def test_the_project_is_all_that_a_question_needs() -> None:
    assert build().get_input_jsonschema()["required"] == ["project_id"]
    assert RequestOptions() == RequestOptions(
        create_sprint_if_needed=True,
        create_cronjob=True,
        schedule=None,
        sprint_duration_weeks=2,
        max_tasks=None,
    )


def test_what_may_be_set_are_fields_of_the_decision_mode() -> None:
    fields = {field.name for field in dataclasses.fields(Mode)}
    assert {name.replace("decision_mode", "name") for name in Context.__annotations__} <= fields


def test_what_the_orchestrator_hands_over_are_channels_of_a_question() -> None:
    assert {"project_id", "run_id", "order"} <= set(Ask.__annotations__)
    assert set(build().stream_channels or ()) >= set(State.__annotations__)
    assert "Order" not in str(build().get_input_jsonschema()), Order


def test_the_graph_is_named_in_traces() -> None:
    assert build().name == "decision"
    assert build().copy({"checkpointer": None}).get_name() == "decision"


async def test_a_picture_shows_no_handler_that_nothing_leads_to() -> None:
    for drawing in (build().get_graph(), await build().aget_graph()):
        assert "error_handler" not in drawing.draw_mermaid()


def test_the_picture_in_the_folder_is_the_graph_of_the_code() -> None:
    assert graph_picture.picture() in graph_picture.PAGE.read_text(), "run `make docs`"

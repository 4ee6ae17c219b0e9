"""The exported OpenAPI documents are fit for generators of clients."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from docs.generate import openapi

DOCUMENTS = sorted(openapi.FOLDER.glob("*.json"))
NAMED = {path.stem: json.loads(path.read_text()) for path in DOCUMENTS}
each_document = pytest.mark.parametrize("document", NAMED.values(), ids=NAMED.keys())

Document = dict[str, Any]


def operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


@each_document
def test_an_operation_is_named_by_a_verb_and_its_object_once(document: Document) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert [name for name, number in Counter(names).items() if number > 1] == []
    assert [name for name in names if not re.fullmatch("[a-z]+(_[a-z]+)*", name)] == []
    # FastAPI makes such a name of the function, the path and the method.
    assert [name for name in names if re.search("_(get|post|put|patch|delete)$", name)] == []


@each_document
def test_a_schema_is_named_as_its_class_alone(document: Document) -> None:
    # Two classes of one name get the names of their modules, which a generator drops.
    assert [name for name in document["components"]["schemas"] if "__" in name] == []


@each_document
def test_no_list_of_values_takes_the_name_of_a_schema(document: Document) -> None:
    # A generator names the values of `clock` in `Project` as `ProjectClock`.
    schemas = document["components"]["schemas"]
    clashes = {
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, values in schema.get("properties", {}).items()
        if "enum" in values and f"{name}{field.title().replace('_', '')}" in schemas
    }
    assert clashes == set()


@each_document
def test_each_parameter_and_answer_is_described(document: Document) -> None:
    bare = [
        f"{place}: {parameter['name']}"
        for place, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not (parameter.get("description") or parameter["schema"].get("description"))
    ]
    assert bare == [], "name a description at the route, or in kernel/web/parameters.py"
    silent = [
        f"{place}: {status}"
        for place, operation in operations(document)
        for status, answer in operation["responses"].items()
        if not answer.get("description")
    ]
    assert silent == []


@each_document
def test_each_example_is_valid_by_its_schema(document: Document) -> None:
    for place, schema, example in examples(document):
        whole = {"components": document["components"]} | schema
        errors = [error.message for error in Draft202012Validator(whole).iter_errors(example)]
        assert errors == [], place


def examples(document: Document) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Find the examples of parameters and bodies, each with its schema."""
    for place, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if "example" in parameter:
                yield f"{place}: {parameter['name']}", parameter["schema"], parameter["example"]
        body = operation.get("requestBody", {"content": {}})["content"].get("application/json", {})
        if "example" in body:
            yield place, body["schema"], body["example"]


def test_examples_are_there_to_be_checked() -> None:
    assert sum(1 for document in NAMED.values() for _ in examples(document)) > 70

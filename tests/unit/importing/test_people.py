"""Employee ids: different names stay different, and plain names stay as they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.importing.meaning.people import employee_id, people_of
from domain_services.kernel.types import EmployeeId

ID = TypeAdapter(EmployeeId)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bob", "bob"),
        ("dev0@example.com", "dev0@example.com"),
        ("Bob Li", "Bob.Li"),
        ("  Bob \t Li ", "Bob.Li"),
        ("x" * 64, "x" * 64),
    ],
)
def test_plain_name_is_its_own_id(name: str, expected: str) -> None:
    assert employee_id(name) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Müller", "Anna Möller"),
        ("王伟", "李娜"),
        ("Иван Петров", "Пётр Сидоров"),
        ("x" * 64 + "a", "x" * 64 + "b"),
        ("x" * 64, "x" * 65),
        ("bob", "-bob"),
        ("bob", "bob (QA)"),
        ("bob", "bob*"),
    ],
)
def test_different_names_have_different_ids(one: str, other: str) -> None:
    assert employee_id(one) != employee_id(other)


def test_id_of_a_changed_name_starts_with_its_readable_characters() -> None:
    anna, wang = employee_id("Anna Müller"), employee_id("王伟")
    assert anna is not None
    assert wang is not None
    assert anna.startswith("Anna.M.ller-")
    assert wang.startswith("person-")


def test_spellings_that_look_the_same_have_one_id() -> None:
    assert employee_id("Anna Mu\u0308ller\u200b") == employee_id("Anna  M\u00fcller")


@pytest.mark.parametrize("name", ["", " ", "\u200b", "-", ".", "\u2014"])
def test_name_without_a_readable_character_has_no_id(name: str) -> None:
    assert employee_id(name) is None


@example("ü" * 300)
@example("-" * 70 + "a")
@given(st.text(max_size=300))
def test_services_accept_every_id(name: str) -> None:
    identity = employee_id(name)
    assert identity is None or ID.validate_python(identity)


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("Doe, John", ["Doe, John"]),
        ("van der Berg, Anna Maria", ["van der Berg, Anna Maria"]),
        ("Ann Li, Bob Ray", ["Ann Li", "Bob Ray"]),
        ("Ann Li / Bob Ray", ["Ann Li", "Bob Ray"]),
        ("Doe, John <j@x.co>, Roe, Jane <r@x.co>", ["Doe, John", "Roe, Jane"]),
        ("Doe, John <j@x.co>, Ann Li <a@x.co>", ["Doe, John", "Ann Li"]),
        ("Doe, John (j@x.co)", ["Doe, John"]),
        ("Doe, John (Ext.)", ["Doe, John (Ext.)"]),
        ("@ann @bob", ["ann", "bob"]),
        ("@ann, @bob", ["ann", "bob"]),
        ("a@x.co b@x.co", ["a@x.co", "b@x.co"]),
        ("[Ann Li, Bob]", ["Ann Li", "Bob"]),
        ("Nicht zugewiesen", []),
    ],
)
def test_cell_names_each_person_once(cell: str, names: list[str]) -> None:
    assert [person.name for person in people_of(cell)] == names


@pytest.mark.parametrize("cell", ["Doe, John <j@x.co>", "Doe, John (j@x.co)", "j@x.co"])
def test_address_of_a_person_is_read(cell: str) -> None:
    assert [person.email for person in people_of(cell)] == ["j@x.co"]

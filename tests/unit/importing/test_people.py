"""People of a cell, and their ids: different names stay different people."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from agent.importing.meaning.people import (
    MAX_NAME,
    Person,
    address_in,
    employee_id,
    people_of,
)
from domain_services.kernel.types import EmployeeId
from domain_services.project.schema import EmployeeCreate

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
    for name in (".Ann", "Ann.", "@Ann"):
        assert (employee_id(name) or "").startswith("Ann-")
    long_name = employee_id(f"{'a' * 54} {'b' * 20}")
    assert long_name is not None
    assert long_name.startswith(f"{'a' * 54}-")


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
        ("Ann Li [Ext]", ["Ann Li [Ext]"]),
        ("[Ext] Ann Li", ["[Ext] Ann Li"]),
        ("\"Ann Li\"; 'Bob Ray'", ["Ann Li", "Bob Ray"]),
        ("'Ann Li', 'Bob Ray'", ["Ann Li", "Bob Ray"]),
        ("'Ann Li' <a@x.co>", ["Ann Li"]),
        ("Doe, John, MD <j@x.co>", ["Doe, John, MD"]),
        ("Doe, John, MD, j@x.co", ["Doe, John, MD, j@x.co"]),
        ("b@x.co, Ann <a@x.co>", ["b@x.co", "Ann"]),
        ("Reed, Cole, Park", ["Reed", "Cole", "Park"]),
    ],
)
def test_cell_names_each_person_once(cell: str, names: list[str]) -> None:
    assert [person.name for person in people_of(cell)] == names


@pytest.mark.parametrize("cell", ["Doe, John <j@x.co>", "Doe, John (j@x.co)", "j@x.co"])
def test_address_of_a_person_is_read(cell: str) -> None:
    assert [person.email for person in people_of(cell)] == ["j@x.co"]


WORD = st.from_regex(r"[A-Z][a-zé]{1,8}", fullmatch=True)
FULL_NAME = st.tuples(WORD, WORD).map(" ".join)
SEPARATOR = st.sampled_from(["; ", ";", "\n", " | ", "|"])


@given(st.lists(FULL_NAME, min_size=1, max_size=5, unique=True), SEPARATOR)
def test_names_between_separators_are_so_many_people(names: list[str], separator: str) -> None:
    assert [person.name for person in people_of(separator.join(names))] == names


@given(st.lists(FULL_NAME, min_size=2, max_size=5, unique=True))
def test_full_names_between_commas_are_so_many_people(names: list[str]) -> None:
    assert [person.name for person in people_of(", ".join(names))] == names


@given(WORD, WORD, SEPARATOR)
def test_comma_within_a_name_separates_nobody(last: str, first: str, separator: str) -> None:
    name = f"{last}, {first}"
    assert people_of(name) == (Person(name),)
    assert people_of(f"{name}{separator}Ann Li") == (Person(name), Person("Ann Li"))


@given(st.lists(FULL_NAME, min_size=1, max_size=4, unique=True), st.sampled_from([",", ";"]))
def test_address_behind_a_name_goes_with_it(names: list[str], separator: str) -> None:
    addresses = [f"person{place}@example.org" for place in range(len(names))]
    cell = separator.join(f"{n} <{a}>" for n, a in zip(names, addresses, strict=True))
    assert people_of(cell) == tuple(map(Person, names, addresses))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("[ann, bob]", ["ann", "bob"]),
        ("ann, bob", ["ann", "bob"]),
        ("ann@example.org, bob@example.org", ["ann@example.org", "bob@example.org"]),
        ("Unassigned", []),
        ("Ann Li; nobody; Ann Li", ["Ann Li"]),
        ("-", []),
        (" ; , ", []),
    ],
)
def test_cell_names_these_people(cell: str, expected: list[str]) -> None:
    assert [person.name for person in people_of(cell)] == expected


@example("x" * 400, False)
@example(f"{'a' * 300}@example.org", True)
@given(st.text(max_size=60) | st.from_regex(re.compile(r"[ab ,;<>@.\n|]{0,40}")), st.booleans())
def test_services_accept_everybody_in_a_cell(cell: str, several: bool) -> None:
    people = people_of(cell, several=several)
    assert len({person.name for person in people}) == len(people)
    for person in people:
        assert len(person.name) <= MAX_NAME
        identity = employee_id(person.name)
        assert identity is not None
        EmployeeCreate(id=identity, name=person.name, email=person.email)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann@example.org", "ann@example.org"),
        ("Ann <ann@example.org>, bo@example.org", "ann@example.org"),
        ("nothing", None),
        (f"{'a' * 300}@example.org", None),
        (f"{'a' * 242}@example.org", f"{'a' * 242}@example.org"),
        (f"{'a' * 243}@example.org", None),
        ("ann\u200b@example.org", None),
    ],
)
def test_first_address_of_a_text_is_taken(text: str, expected: str | None) -> None:
    assert address_in(text) == expected

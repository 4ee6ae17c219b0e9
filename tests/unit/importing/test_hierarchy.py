"""Each row has exactly one kind, whatever its parents are, and no container is planned."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.history.work import work_of
from agent.importing.reading.hierarchy import settle_kinds
from agent.importing.tasks import Kind, Task

DAY = date(2024, 3, 4)
TYPE_KINDS = {"Epic": Kind.CONTAINER, "Sub-task": Kind.PART, "Story": Kind.WORK, "Bug": Kind.WORK}
IDS = [str(number) for number in range(8)]


def task(name: str, type_name: str | None = None, parent: str | None = None) -> Task:
    kind = TYPE_KINDS.get(type_name or "", Kind.WORK)
    return Task(name, "HIE", DAY, title=f"Title {name}", type=type_name, kind=kind, parent=parent)


@st.composite
def families(draw: st.DrawFn) -> list[Task]:
    """Draw rows whose parents are other rows, themselves, in circles, or nowhere."""
    types = st.sampled_from([*TYPE_KINDS, "Feature", None])
    parents = st.sampled_from([None, "nowhere", "Title 3", *IDS])
    return [task(name, draw(types), draw(parents)) for name in IDS[: draw(st.integers(1, 8))]]


@given(
    families(),
    st.sampled_from([(), ("Story",), ("Epic", "bug"), ("all",), ("Sub-task",)]),
    st.sampled_from([None, (), ("sub task",)]),
)
def test_any_parents_give_each_row_one_kind_and_a_plan_without_containers(
    tasks: Sequence[Task], types: tuple[str, ...], child_types: tuple[str, ...] | None
) -> None:
    settled = settle_kinds(tasks, types, {}, child_types)
    assert [one.id for one in settled] == [one.id for one in tasks]
    kinds = {one.id: one.kind for one in settled}
    work = work_of(settled)
    planned = [one.id for one in work]
    assert len(planned) == len(set(planned))
    assert not {kinds[name] for name in planned} & {Kind.CONTAINER, Kind.LEFT_OUT}
    # Work is planned itself, and a step is planned or a line of exactly one task.
    assert {name for name, kind in kinds.items() if kind is Kind.WORK} <= set(planned)
    lines = [line.partition(":")[0] for one in work for line in one.checklist]
    steps = {name for name, kind in kinds.items() if kind is Kind.PART}
    assert sorted([*lines, *(steps & set(planned))]) == sorted(steps)
    if types == ("all",):
        assert set(kinds.values()) == {Kind.WORK}
    elif not types:
        assert Kind.LEFT_OUT not in kinds.values()


def kinds(tasks: Sequence[Task], *types: str) -> list[Kind]:
    return [one.kind for one in settle_kinds(tasks, types)]


def test_rows_that_are_parents_of_each_other_are_work() -> None:
    assert kinds([task("1", parent="2"), task("2", parent="1")]) == [Kind.WORK, Kind.WORK]


@pytest.mark.parametrize("parent", ["1", "Title 1"])
def test_row_that_is_its_own_parent_is_work(parent: str) -> None:
    assert kinds([task("1", "Feature", parent)]) == [Kind.WORK]


def test_title_of_two_rows_names_no_parent() -> None:
    rows = [task("1"), task("2"), task("3", parent="Title 1")]
    assert kinds(rows) == [Kind.WORK, Kind.WORK, Kind.PART]
    twin = Task("2", "HIE", DAY, title="Title 1")
    assert kinds([rows[0], twin, rows[2]]) == [Kind.WORK] * 3


def test_type_that_was_not_chosen_is_left_out_and_an_epic_stays_a_container() -> None:
    rows = [
        task("1", "Epic"),
        task("2", "Story", "1"),
        task("3", "Sub-task", "2"),
        task("4", "Bug", "1"),
        task("5", "Sub-task", "4"),
    ]
    assert kinds(rows, "Story") == [
        Kind.CONTAINER,
        Kind.WORK,
        Kind.PART,
        Kind.LEFT_OUT,
        Kind.LEFT_OUT,
    ]
    (story,) = work_of(settle_kinds(rows, ("Story",)))
    assert (story.labels, story.checklist) == (("epic: Title 1",), ("3: Title 3",))


def test_children_of_a_type_that_was_left_out_get_no_label_of_it() -> None:
    rows = [task("1", "Story"), task("2", "Bug", "1")]
    (bug,) = work_of(settle_kinds(rows, ("Bug",)))
    assert (bug.id, bug.labels) == ("2", ())


FAMILY = [task("1", "Feature"), task("2", "Bug", "1"), task("3", "Feature", "1")]
WORK_TYPES = frozenset(("feature",))


def kinds_by_id(tasks: Sequence[Task], work_types: frozenset[str]) -> dict[str, Kind]:
    return {one.id: one.kind for one in settle_kinds(tasks, work_types=work_types)}


def test_feature_with_children_is_work_in_a_tracker_that_says_so() -> None:
    assert kinds_by_id(FAMILY, WORK_TYPES) == {"1": Kind.WORK, "2": Kind.PART, "3": Kind.PART}
    assert kinds_by_id(FAMILY, frozenset()) == {"1": Kind.CONTAINER, "2": Kind.WORK, "3": Kind.WORK}


@pytest.mark.parametrize("story", ["Story", "User story", "Historia de usuario"])
def test_feature_above_a_story_holds_work_in_any_tracker(story: str) -> None:
    settled = kinds_by_id([*FAMILY, task("4", story, "1")], WORK_TYPES)
    assert settled == {"1": Kind.CONTAINER, "2": Kind.WORK, "3": Kind.WORK, "4": Kind.WORK}


def test_story_above_a_row_without_a_type_is_counted() -> None:
    settled = kinds_by_id([*FAMILY, task("4", None, "1")], WORK_TYPES)
    assert settled["1"] is Kind.WORK


def test_parent_is_found_by_its_title_and_by_its_second_id() -> None:
    rows = [task("1", "Epic"), task("2", "Story", "Title 1"), task("3", "Story", "1001")]
    settled = settle_kinds(rows, numbers={"1001": "1"})
    assert [one.parent for one in settled] == [None, "1", "1"]
    assert [one.labels for one in work_of(settled)] == [("epic: Title 1",)] * 2


def test_container_in_a_container_holds_work_as_well() -> None:
    rows = [task("1", "Epic"), task("2", "Epic", "1"), task("3", "Story", "2")]
    assert kinds(rows) == [Kind.CONTAINER, Kind.CONTAINER, Kind.WORK]


def test_step_that_was_chosen_is_work() -> None:
    rows = [task("1", "Story"), task("2", "Sub-task", "1")]
    assert kinds(rows, "Sub-task") == [Kind.LEFT_OUT, Kind.WORK]


@pytest.mark.parametrize("types", [(), ("Story",)])
def test_row_below_parents_of_each_other_is_settled(types: tuple[str, ...]) -> None:
    rows = [task("1", parent="2"), task("2", parent="1"), task("3", parent="1")]
    expected = Kind.LEFT_OUT if types else Kind.WORK
    assert kinds(rows, *types) == [expected] * 3


def kinds_with_steps(rows: Sequence[Task], *types: str) -> list[Kind]:
    """Return the kinds in a tracker whose steps are called `Task`."""
    return [one.kind for one in settle_kinds(rows, types, child_types=("task",))]


def test_row_above_work_with_steps_is_a_container_where_a_tracker_says_what_steps_are() -> None:
    rows = [task("1", "Theme"), task("2", "Bug", "1"), task("3", "Task", "2")]
    assert kinds_with_steps(rows) == [Kind.CONTAINER, Kind.WORK, Kind.PART]
    rows = [task("1", "Requirement"), task("2", "Story", "1"), task("3", "Sub-task", "2")]
    assert kinds_with_steps(rows) == [Kind.CONTAINER, Kind.WORK, Kind.PART]


def test_row_below_work_is_work_unless_the_tracker_calls_it_a_step() -> None:
    rows = [task("1", "Story"), task("2", "Task", "1"), task("3", "Bug", "1")]
    assert kinds_with_steps(rows) == [Kind.WORK, Kind.PART, Kind.WORK]
    assert kinds_with_steps(rows, "Story") == [Kind.WORK, Kind.PART, Kind.LEFT_OUT]


@pytest.mark.parametrize("name", ["User Story", "Product Backlog Item", "Requirement"])
def test_story_above_a_bug_stays_work_in_a_file_without_steps(name: str) -> None:
    rows = [task("1", name), task("2", "Bug", "1"), task("3", name), task("4", "Bug")]
    assert kinds_with_steps(rows) == [Kind.WORK] * 4
    rows = [task("1", name), task("2", "Bug", "1"), task("3", "Task", "2")]
    assert kinds_with_steps(rows) == [Kind.WORK, Kind.WORK, Kind.PART]


def test_three_levels_without_types_have_a_container_unless_the_tracker_has_types() -> None:
    rows = [task("1"), task("2", None, "1"), task("3", None, "2")]
    assert kinds(rows) == [Kind.CONTAINER, Kind.WORK, Kind.PART]
    assert kinds_with_steps(rows) == [Kind.WORK] * 3

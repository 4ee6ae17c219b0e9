"""The text of a state names each number with a word, and depends on nothing else."""

from memory.text import describe
from tests.memory.conftest import TODAY, perceive


def test_text_names_words_and_numbers() -> None:
    assert describe(perceive()) == (
        "The backlog holds quite a few open tasks (30), "
        "quite a few of them free to plan (20). "
        "A small team of 5 people. "
        "This is an established project with 4 past sprints; "
        "the last ones completed 9, 11, 8, 10 tasks, a moderate pace of about 9 a sprint, "
        "steady and level. The backlog is several sprints of work. "
        "The next sprint takes 14 days with 10 working days; everyone is there "
        "(48 days of work in all). No sprint is in progress."
    )


def test_equal_states_of_two_projects_on_two_days_have_one_text() -> None:
    other = perceive("BETA", day=TODAY.replace(year=2020))
    assert describe(other) == describe(perceive())


def test_changed_state_has_another_text() -> None:
    changes = [
        {"backlog_tasks": 31},
        {"unassigned_tasks": 19},
        {"team_size": 6},
        {"sprint_days": 7},
        {"completed": (9, 11, 8, 9)},
        {"sprint_in_progress": True},
    ]
    assert len({describe(perceive(**change)) for change in [{}, *changes]}) == len(changes) + 1


def test_unknown_values_are_called_unknown() -> None:
    text = describe(
        perceive(
            team_size=None, working_days=None, team_working_days=None, past_sprints=0, completed=()
        )
    )
    assert "team's size is not known" in text
    assert "its pace is not known" in text
    assert "working days" not in text


def test_history_without_a_completed_task_has_a_text() -> None:
    assert "nothing was completed yet" in describe(perceive(completed=(0, 0, 0)))

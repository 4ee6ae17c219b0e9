"""Help and short sentences of the command line, as a newcomer reads them."""

from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from agent.cli import replay, runs
from agent.cli.demo import show_end
from agent.cli.learning import learned_sentence
from agent.cli.main import ORDER, app
from agent.cli.status import PHASES
from agent.cli.words import count, sentence
from agent.learning.learner import describe
from agent.learning.schema import Learned
from graphs.evidence.shipped import shipped
from memory.run import RunKind, Status


def test_filters_of_runs_name_every_state_and_kind() -> None:
    assert (get_args(Status), get_args(RunKind)) == (runs.STATUSES, runs.KINDS)


def test_help_lists_commands_in_the_order_of_need() -> None:
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80", "TERM": "dumb"}).stdout
    words = [line.strip("│ ").partition(" ")[0] for line in text.splitlines()]
    commands = [word for word in words if word in ORDER]
    assert commands == [name for name in ORDER if name in commands]
    assert commands[0] == "demo"
    assert "Begin" in text
    assert "Operate" in text


def test_every_command_has_a_place_in_the_help() -> None:
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80", "TERM": "dumb"}).stdout
    # Typer's own panel holds commands that name none.
    assert "─ Commands ─" not in text


def test_end_of_the_demo_names_the_ports_that_were_chosen(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for port, command in ((9200, "dsm up --detach --base-port 9200 "), (8100, "dsm up --detach  ")):
        show_end(tmp_path, port, keep=False, chosen=False)
        assert command in capsys.readouterr().out


def test_demo_that_is_kept_names_the_notebooks_and_how_to_stop(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    show_end(tmp_path, 8100, keep=True, chosen=False)
    end = capsys.readouterr().out
    assert "make notebooks" in end
    assert "dsm down" in end
    assert "dsm up" not in end
    show_end(tmp_path, 8100, keep=False, chosen=False)
    assert "make notebooks" not in capsys.readouterr().out


@pytest.mark.parametrize("phase", ["stopped", "crashed"])
def test_stack_that_does_not_run_says_what_to_do(phase: str) -> None:
    assert "dsm " in PHASES[phase]
    assert PHASES[phase].format(data_dir="there").endswith("--data-dir there")


def test_stopped_replay_says_that_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(replay, "_replay_all", stop)
    result = CliRunner().invoke(app, ["replay"])
    assert (result.exit_code, result.stderr) == (130, "stopped; a replay changes nothing\n")


@pytest.mark.parametrize(
    ("learned", "text"),
    [
        (True, "Learned: calibration 0 is in force. enough."),
        (False, "Nothing was learned: enough."),
    ],
)
def test_learning_says_first_whether_anything_was_learned(learned: bool, text: str) -> None:
    calibration = describe(0, shipped())
    answer = Learned(
        learned=learned,
        reason="enough",
        outcomes=7,
        new_outcomes=7,
        version=None,
        log_loss=None,
        active_log_loss=None,
        before=calibration,
        active=calibration,
    )
    assert learned_sentence(answer) == text


def test_numbers_stand_with_their_nouns() -> None:
    assert [count(number, "task") for number in (0, 1, 2)] == ["0 tasks", "1 task", "2 tasks"]
    assert sentence("its last day has passed.") == "Its last day has passed."

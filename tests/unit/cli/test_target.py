"""A command works on exactly one stack, and says how to name it."""

import inspect
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from agent.cli import main
from agent.cli.target import Target, choose_target, on_target

HERE = {"DSM_DATA_DIR": "here"}
CLUSTER = {"DSM_PEERS__ORCHESTRATOR": "http://project-orchestrator.dsm", "DSM_PEERS__SPRINT": ""}
SPRINT = "sprint=http://127.0.0.1:1"


def test_target_is_the_folder_of_this_machine_without_options_and_variables() -> None:
    assert choose_target(None, (), None, {}) == Target(Path(".dsm"))
    assert choose_target(None, (), None, HERE) == Target(Path("here"), None, "DSM_DATA_DIR")


def test_peers_of_the_environment_are_the_target() -> None:
    target = choose_target(None, (), None, CLUSTER)
    assert target.urls == {"orchestrator": "http://project-orchestrator.dsm"}
    assert target.source == "DSM_PEERS__*"
    assert target.option("sprint") == "DSM_PEERS__SPRINT"


def test_options_beat_the_environment_and_are_not_mixed_with_it() -> None:
    both = CLUSTER | HERE
    assert choose_target(Path("there"), (), None, both) == Target(Path("there"))
    assert choose_target(None, [SPRINT], None, both).urls == {"sprint": "http://127.0.0.1:1"}


def test_two_stacks_in_the_environment_are_refused() -> None:
    with pytest.raises(typer.BadParameter, match="unset one, or give --data-dir or --url"):
        choose_target(None, (), None, CLUSTER | HERE)


def test_a_folder_and_urls_are_refused_together() -> None:
    with pytest.raises(typer.BadParameter, match="either --url or --data-dir"):
        choose_target(Path("there"), [SPRINT], None, {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sprints=http://h", "there is no service 'sprints'"),
        ("http://h", "there is no service 'http://h'"),
        ("sprint=", "no base URL"),
        ("sprint=h:80", "no base URL"),
        ("sprint=ftp://h", "no base URL"),
        ("sprint=http://", "no base URL"),
    ],
)
def test_a_url_that_is_none_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(typer.BadParameter, match=reason):
        choose_target(None, [text], None, {})


def test_a_key_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(typer.BadParameter, match="--key-file") as refused:
        choose_target(None, ["sprint=http://dsm_secret:x@h"], None, {})
    assert "dsm_secret" not in refused.value.message


def test_a_service_is_named_as_in_the_catalogue_or_in_dns() -> None:
    urls = ["daily-scrum-service=http://d/", "project-orchestrator=https://o:8443"]
    named = choose_target(None, urls, None, {}).urls
    assert named == {"daily_scrum": "http://d", "orchestrator": "https://o:8443"}


def test_imports_of_different_stacks_are_kept_apart() -> None:
    folders = {
        choose_target(None, [f"orchestrator=http://{place}"], None, {}).folder
        for place in ("a.dsm", "b.dsm", "127.0.0.1:8100", "127.0.0.1:9100")
    }
    assert len(folders) == 4
    assert Path(".dsm/urls/127.0.0.1-8100") in folders


def test_suggested_commands_name_the_same_stack() -> None:
    assert choose_target(None, (), None, {}).options == ""
    assert choose_target(None, (), None, HERE).options == ""
    assert choose_target(Path("there"), (), None, {}).options == " --data-dir there"
    by_url = choose_target(None, [SPRINT], Path("k"), {})
    assert by_url.options == " --url sprint=http://127.0.0.1:1 --key-file k"


def test_command_gets_the_target_in_place_of_the_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DSM_DATA_DIR", raising=False)
    calls: list[Any] = []

    def command(project: str, *, target: Target, fast: bool = False) -> None:
        calls.append((project, target, fast))

    app = typer.Typer()
    app.command()(on_target(command))
    assert "target" not in inspect.signature(on_target(command)).parameters
    done = CliRunner().invoke(app, ["P1", "--fast", "--data-dir", str(tmp_path)])
    assert (done.exit_code, calls) == (0, [("P1", Target(tmp_path), True)])


def test_command_of_a_folder_alone_says_so_when_a_url_is_given() -> None:
    for command in (["up"], ["down"], ["demo"], ["config", "show"]):
        refused = CliRunner().invoke(
            main.app, [*command, "--url", SPRINT], env={"COLUMNS": "200", "TERM": "dumb"}
        )
        assert refused.exit_code == 2
        assert "works on a data folder of this machine alone" in refused.output

"""Rules that never end, ask for everything or print without end are bounded, in words."""

from pathlib import Path
from typing import Any

import pytest

from agent.replay.replaying import replaying
from domain_services.kernel.errors import Invalid

_IN_A_RULE = "def keep_as_is(facts):\n    "


def _rules(folder: Path, content: str) -> str:
    path = folder / "rules.py"
    path.write_text(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("import os\n" + _IN_A_RULE + "os._exit(3)\n", "ended with code 3 before it had decided"),
        ("import os\n" + _IN_A_RULE + "os.abort()\n", "ended by SIGABRT before it had decided"),
        (_IN_A_RULE + "[0] * 10**10\n", "rule keep_as_is failed: MemoryError"),
        (_IN_A_RULE + "input()\n", "rule keep_as_is failed: EOFError"),
    ],
    ids=["exit", "abort", "memory", "stdin"],
)
def test_end_of_the_process_is_told_in_one_line(
    content: str, words: str, adjusted: dict[str, Any], tmp_path: Path
) -> None:
    own = _rules(tmp_path, content)
    with replaying(rules=own) as replay, pytest.raises(Invalid, match=words) as refused:
        replay(adjusted)
    assert "\n" not in refused.value.detail


def test_endless_rule_is_ended(adjusted: dict[str, Any], tmp_path: Path) -> None:
    rules = _rules(tmp_path, _IN_A_RULE + "while True: pass\n")
    words = r"longer than 0.2 seconds for one decision"
    with replaying(rules=rules, seconds=0.2) as replay, pytest.raises(Invalid, match=words):
        replay(adjusted)


def test_endless_module_is_ended(tmp_path: Path) -> None:
    rules = _rules(tmp_path, "while True: pass\n")
    words = r"longer than 0.2 seconds to be loaded"
    with pytest.raises(Invalid, match=words), replaying(rules=rules, loading_seconds=0.2):
        pass


def test_print_is_passed_on_as_far_as_somebody_reads(
    adjusted: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = "import os\n" + _IN_A_RULE + "print('a word'); os.write(1, b'x' * 10**6)\n"
    with replaying(rules=_rules(tmp_path, content)) as replay:
        assert replay(adjusted).change == "same"
    printed = capsys.readouterr().err
    assert printed.startswith("a word\nxxx")
    assert printed.count("a word") == 1
    assert len(printed) < 11_000
    assert "more letters that the rules printed are left out" in printed


def test_rules_get_no_key_and_may_use_libraries(
    adjusted: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSM_AUTH__SERVICE_KEY", "secret")
    content = (
        "import asyncio, logging, os\nfrom datetime import date\n"
        "from graphs.rules.base import Ruling\nimport pandas\n\n"
        "def rest(facts):\n"
        "    logging.info('seen')\n"
        "    assert isinstance(facts.today, date) and not isinstance('', date)\n"
        "    names = sorted(name for name in os.environ if name.startswith('DSM'))\n"
        "    mean = pandas.Series([1, 2, 3]).mean()\n"
        "    return Ruling('rest', 'nothing', f'{names} {mean}')\n\n"
        "RULES = [rest]\n"
    )
    with replaying(rules=_rules(tmp_path, content)) as replay:
        assert "[] 2.0" in replay(adjusted).reasoning

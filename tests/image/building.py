"""Base and build of the image, by buildah."""

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CONTAINERFILE = "deploy/docker/Containerfile"
TAG = "localhost/dsm:test"
# Made here when no registry can be reached, and kept: the same distribution as the default base.
OWN_BASE = "localhost/dsm-test-base:bookworm"
PULL_SECONDS = 60
TOOLS = ("buildah", "podman", "runc")


def obstacle() -> str | None:
    """Return why no image can be built and run here; None when one can."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    return None if os.geteuid() == 0 else "not root, and user namespaces are not prepared"


def base(repository: Path) -> str | None:
    """Return an image to build upon, or None without a registry and without debootstrap.

    In this order: DSM_IMAGE_BASE, the Containerfile's default, an own Debian with Python.
    """
    chosen = os.environ.get("DSM_IMAGE_BASE")
    if chosen:
        return chosen
    text = (repository / CONTAINERFILE).read_text()
    default = next(line[9:] for line in text.splitlines() if line.startswith("ARG BASE="))
    if _known(default) or _pulled(default):
        return default
    if _known(OWN_BASE):
        return OWN_BASE
    return _bootstrapped() if shutil.which("debootstrap") else None


def build(repository: Path, image: str) -> None:
    """Build `TAG` from the checkout, with pip as the host's own is configured."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["buildah", "build", "--layers", "--network", "host", "--build-arg"]
        command += [f"BASE={image}", "-f", CONTAINERFILE, "-t", TAG]
        command += _secrets(Path(folder))
        subprocess.run([*command, "."], cwd=repository, check=True)


def _known(image: str) -> bool:
    return subprocess.run(["podman", "image", "exists", image], check=False).returncode == 0


def _pulled(image: str) -> bool:
    command = ["podman", "pull", "--quiet", image]
    try:
        done = subprocess.run(command, timeout=PULL_SECONDS, check=False, capture_output=True)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _bootstrapped() -> str:
    with tempfile.TemporaryDirectory() as folder:
        packages = "--include=python3,python3-venv,ca-certificates"
        subprocess.run(
            ["debootstrap", "--variant=minbase", packages, "bookworm", folder], check=True
        )
        for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale"):
            shutil.rmtree(Path(folder, waste), ignore_errors=True)
        Path(folder).chmod(0o755)
        container = _output("buildah", "from", "scratch")
        subprocess.run(["buildah", "add", "--quiet", container, folder, "/"], check=True)
        subprocess.run(["buildah", "commit", "--quiet", container, OWN_BASE], check=True)
        subprocess.run(["buildah", "rm", container], check=True)
    return OWN_BASE


def _secrets(folder: Path) -> list[str]:
    """Return the host's pip configuration as secrets: mounted while pip runs, in no layer."""
    sections: dict[str, dict[str, str]] = {}
    for line in _output(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        section = "global" if section == ":env:" else section
        sections.setdefault(section, {})[key.lstrip(".")] = str(ast.literal_eval(value))
    options: list[str] = []
    authorities = sections.get("global", {}).pop("cert", None)
    if authorities:
        options += ["--secret", f"id=ca,src={authorities}"]
        sections["global"]["cert"] = "/etc/ssl/certs/ca-certificates.crt"
    for local in ("constraint", "find-links", "extra-index-url"):
        # A folder of the host does not exist inside the build.
        if (
            "/" in sections.get("global", {}).get(local, "")
            and "http" not in sections["global"][local]
        ):
            del sections["global"][local]
    file = folder / "pip.conf"
    file.write_text(
        "".join(
            f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
            for section, keys in sections.items()
        )
    )
    return [*options, "--secret", f"id=pip,src={file}"]


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

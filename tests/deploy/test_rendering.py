"""`dsm manifests render` and `copy`."""

from pathlib import Path

import pytest

from deploy.errors import StackError
from deploy.manifests import rendering
from tests.deploy.rendering import OVERLAYS, rendered


def test_an_overlay_is_what_kubectl_renders() -> None:
    assert rendering.overlays() == sorted(OVERLAYS)
    assert rendering.render("dev") == rendered(rendering.TREE / "overlays" / "dev")


def test_an_unknown_overlay_is_refused_with_the_known_ones() -> None:
    with pytest.raises(StackError, match="no overlay dve; there are dev, production, staging"):
        rendering.render("dve")


def test_without_kubectl_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rendering, "kubectl", lambda: None)
    with pytest.raises(StackError, match="kubectl is not installed; install it from https"):
        rendering.render("dev")


def test_a_broken_kustomization_is_answered_with_kubectls_reason(tmp_path: Path) -> None:
    rendering.copy(tmp_path / "mine")
    kustomization = tmp_path / "mine" / "overlays" / "dev" / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("../../base", "../../bas"))
    with pytest.raises(StackError, match=r"kubectl kustomize failed: .*bas"):
        rendering.render("dev", tmp_path / "mine")


def test_a_copy_renders_as_the_original_and_is_never_overwritten(tmp_path: Path) -> None:
    rendering.copy(tmp_path / "mine")
    assert rendering.render("production", tmp_path / "mine") == rendering.render("production")
    with pytest.raises(StackError, match="exists; name a folder that does not"):
        rendering.copy(tmp_path / "mine")


def test_a_folder_without_overlays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="holds no overlays"):
        rendering.overlays(tmp_path)

"""A preview decides without leaving anything behind, for readers, too."""

from agent.client import OrchestratorClient
from tests.agent.conftest import get
from tests.conftest import VIEWER_KEY
from tests.graphs.conftest import System


async def test_a_viewer_previews_a_decision_and_nothing_is_left_behind(whole: System) -> None:
    await whole.make_project("LOOK", 4)
    url = whole.urls["orchestrator"]
    headers = {"Authorization": f"Bearer {VIEWER_KEY}"}
    answer = await whole.http.get(f"{url}/orchestrate/project/LOOK/preview", headers=headers)
    assert answer.status_code == 200
    preview = answer.json()
    assert (preview["run_id"], preview["recorded"], preview["dry_run"]) == (None, False, True)
    assert preview["actions_planned"][0]["name"] == "create_sprint"
    assert (await get(whole, "/runs?project_id=LOOK"))["runs"] == []


async def test_the_preview_of_an_unknown_project_is_not_found(whole: System) -> None:
    url = f"{whole.urls['orchestrator']}/orchestrate/project/NOPE/preview"
    assert (await whole.http.get(url)).status_code == 404


async def test_a_caller_reads_the_role_of_its_key(whole: System) -> None:
    caller = await OrchestratorClient(whole.http, whole.urls["orchestrator"]).caller()
    assert (caller.name, caller.role) == ("admin", "admin")

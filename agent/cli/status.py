"""`dsm status`: whether every service is ready, on a data folder or behind URLs."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from agent.cli.stack import AsJson, failures, print_json, show_services
from agent.cli.target import Target

if TYPE_CHECKING:
    import httpx

ANSWER_SECONDS = 5.0
_SHOWN_CHARACTERS = 300

# A stack that is not ready, and what to do about it.
PHASES = {
    "running": "running",
    "starting": "starting; ask again in some seconds",
    "stopped": "stopped; start it with: dsm up --detach --data-dir {data_dir}",
    "crashed": "crashed, its databases still run; stop them with: dsm down --data-dir {data_dir}",
}


def status(*, target: Target, as_json: AsJson = False) -> None:
    """Say whether every service is ready, and where; exit code 1 when not. It needs no key."""
    if target.urls is None:
        _show_folder(target.folder, as_json)
    else:
        _show_urls(target.urls, target.source, as_json)


def _show_folder(data_dir: Path, as_json: bool) -> None:
    from deploy.local import extra

    with failures():
        extra.require_servers()
        from deploy.local import control

        current = control.status(data_dir)
    if as_json:
        print_json(
            {
                "phase": current.phase,
                "healthy": current.healthy,
                "stack": asdict(current.state) if current.state else None,
                "services": current.services,
            }
        )
    elif current.state is None:
        print(PHASES[current.phase].format(data_dir=data_dir))
    else:
        show_services(current.state.urls, current.services, current.phase)
    raise typer.Exit(0 if current.healthy else 1)


def _show_urls(urls: Mapping[str, str], source: str, as_json: bool) -> None:
    """Show the services at `urls`; nobody knows here whether a stack holds them."""
    answers = ask_readiness(urls)
    healthy = set(answers.values()) == {"ready"}
    if as_json:
        print_json({"phase": None, "healthy": healthy, "stack": None, "services": answers})
    else:
        show_services(urls, answers, f"services of {source}")
    raise typer.Exit(0 if healthy else 1)


def ask_readiness(urls: Mapping[str, str]) -> dict[str, str]:
    """Ask every service for its readiness: "ready", or the reason why it is not."""
    import httpx

    with httpx.Client(timeout=ANSWER_SECONDS) as http, ThreadPoolExecutor(len(urls)) as pool:
        answers = pool.map(partial(_ask, http), urls.values())
        return dict(zip(urls, answers, strict=True))


def _ask(http: "httpx.Client", url: str) -> str:
    import httpx

    try:
        answer = http.get(f"{url}/health/ready")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    if answer.status_code != 200:
        return f"{answer.status_code} {answer.text[:_SHOWN_CHARACTERS]}"
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return "another program answers at this URL"
    return "ready"

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

    from deploy.local.hosting import Readiness

ANSWER_SECONDS = 5.0

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
                "attention": current.attention,
                "autonomy": current.autonomy,
            }
        )
    elif current.state is None:
        print(PHASES[current.phase].format(data_dir=data_dir))
    else:
        show_services(current.state.urls, current.services, current.phase)
        _show_autonomy(current.autonomy)
        _show_attention(current.attention)
    raise typer.Exit(0 if current.healthy else 1)


def _show_urls(urls: Mapping[str, str], source: str, as_json: bool) -> None:
    """Show the services at `urls`; nobody knows here whether a stack holds them."""
    answers = _ask_all(urls)
    states = {name: answer.state for name, answer in answers.items()}
    attention = {name: list(answer.attention) for name, answer in answers.items()}
    attention = {name: sentences for name, sentences in attention.items() if sentences}
    autonomy = next((answer.autonomy for answer in answers.values() if answer.autonomy), None)
    healthy = set(states.values()) == {"ready"}
    if as_json:
        print_json(
            {
                "phase": None,
                "healthy": healthy,
                "stack": None,
                "services": states,
                "attention": attention,
                "autonomy": autonomy,
            }
        )
    else:
        show_services(urls, states, f"services of {source}")
        _show_autonomy(autonomy)
        _show_attention(attention)
    raise typer.Exit(0 if healthy else 1)


def _show_autonomy(autonomy: str | None) -> None:
    if autonomy is not None:
        print(f"autonomy: {autonomy}; dsm autonomy PROJECT shows one")


def _show_attention(attention: Mapping[str, list[str]]) -> None:
    """Print what a person is to look at."""
    if attention:
        print("needs attention:")
    for service, sentences in attention.items():
        for sentence in sentences:
            print(f"  {service}: {sentence}")


def ask_readiness(urls: Mapping[str, str]) -> dict[str, str]:
    """Ask every service for its readiness: "ready", or the reason why it is not."""
    return {name: answer.state for name, answer in _ask_all(urls).items()}


def _ask_all(urls: Mapping[str, str]) -> "dict[str, Readiness]":
    import httpx

    with httpx.Client(timeout=ANSWER_SECONDS) as http, ThreadPoolExecutor(len(urls)) as pool:
        answers = pool.map(partial(_ask, http), urls.values())
        return dict(zip(urls, answers, strict=True))


def _ask(http: "httpx.Client", url: str) -> "Readiness":
    import httpx

    from deploy.local.hosting import Readiness, read_answer

    try:
        answer = http.get(f"{url}/health/ready")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Readiness(str(error) or type(error).__name__)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    if answer.status_code == 200 and not is_json:
        return Readiness("another program answers at this URL")
    return read_answer(answer.status_code, answer.content)

"""`dsm doctor`: check every part of an installation, and say what to do next."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.doctor.findings import Finding

OnlyTrouble = Annotated[bool, typer.Option("--trouble", help="Leave out what is ok.")]
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(trouble: OnlyTrouble = False, *, target: Target, as_json: AsJson = False) -> None:
    """Check services, stores, keys, clocks and schedules; exit code 1 when something failed."""
    from agent.cli.failures import one_line
    from agent.doctor.findings import has_failed

    with one_line():
        findings = asyncio.run(find(target))
    shown = [finding for finding in findings if finding.result != "ok" or not trouble]
    if as_json:
        content = {
            "healthy": not has_failed(findings),
            "failed": _count(findings, "failed"),
            "warnings": _count(findings, "warning"),
            "findings": [asdict(finding) for finding in shown],
        }
        print(json.dumps(content, indent=2))
    else:
        _show(shown)
        print(summary(findings))
    raise typer.Exit(1 if has_failed(findings) else 0)


async def find(target: Target) -> "list[Finding]":
    """Examine the services of a target. Raises: `Invalid` for a file that holds no key."""
    from agent.cli.connect import NotRunning, open_access
    from agent.doctor.examination import examine
    from agent.doctor.findings import WHOLE, Finding
    from deploy.errors import StackError

    try:
        access = open_access(target)
    except (NotRunning, StackError) as error:
        message, _, advice = str(error).partition("; ")
        return [Finding(WHOLE, "stack", "failed", message, advice)]
    return await examine(access.urls, access.headers)


def summary(findings: "Sequence[Finding]") -> str:
    """Count the results in one line."""
    counts = [(_count(findings, kind), kind) for kind in ("ok", "warning", "failed")]
    return ", ".join(f"{number} {kind}" for number, kind in counts)


def united(findings: "Sequence[Finding]") -> "list[Finding]":
    """Unite what is wrong with several services in the same words into one line that names them."""
    services: dict[Finding, list[str]] = {}
    for finding in findings:
        of_any = finding if finding.result == "ok" else replace(finding, service="")
        services.setdefault(of_any, []).append(finding.service)
    return [
        replace(finding, service=names[0])
        if len(names) == 1
        else replace(
            finding,
            service=f"{len(names)} services",
            message=f"{finding.message} ({', '.join(names)})",
        )
        for finding, names in services.items()
    ]


def _count(findings: "Sequence[Finding]", result: str) -> int:
    return sum(finding.result == result for finding in findings)


def _show(findings: "Sequence[Finding]") -> None:
    from rich.console import Console
    from rich.text import Text

    from agent.cli.layout import plain_text

    console = Console(highlight=False, soft_wrap=True)
    for finding in united(findings):
        line = Text(f"{finding.result:<8}", _STYLES[finding.result])
        line.append(f"{finding.service:<13}{finding.check:<13}", "default")
        # Names of loops and schedules are other people's text.
        console.print(line + plain_text(finding.message))
        if finding.advice:
            console.print(Text(f"{'':<8}{'':<13}{'':<13}-> ") + plain_text(finding.advice))

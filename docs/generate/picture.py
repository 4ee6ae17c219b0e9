"""Pictures of a decision and of an approval: what two commands print, as SVG.

`docs/pictures/decision.json` is the recorded output of `dsm orchestrate P1 --json` on the demo's
data and default day. README.md quotes lines of the same page. `docs/pictures/approval.json` is the
plan that `dsm approve` showed there, and the answer.
"""

import io
import json
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from rich.console import Console, Group, RenderableType
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from agent.cli.approval_words import describe_answer, describe_approval, describe_steps
from agent.cli.comparison import Comparison
from agent.cli.report import render
from agent.decision_schema import StepAnswer
from graphs.answer import Orchestration
from graphs.approval import Approval
from memory.decision import PlannedCall

FOLDER = Path(__file__).parents[1] / "pictures"
RECORDED = FOLDER / "decision.json"
PICTURE = FOLDER / "decision.svg"
RECORDED_APPROVAL = FOLDER / "approval.json"
APPROVAL_PICTURE = FOLDER / "approval.svg"
COLUMNS = 80

# No web font, unlike rich's own format: a picture in a repository must not fetch anything.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font-family: sans-serif; font-size: 16px; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""

INK, RED, GREEN, YELLOW = (36, 41, 47), (180, 35, 24), (26, 127, 55), (154, 103, 0)
BLUE, MAGENTA, CYAN, GREY = (9, 105, 218), (130, 80, 223), (27, 124, 131), (110, 119, 129)
THEME = TerminalTheme((253, 253, 251), INK, [INK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, GREY])


def page(recorded: str) -> RenderableType:
    """Lay out a recorded decision as the command prints it."""
    content = json.loads(recorded)
    compared = content.pop("actual", None)
    content.pop("running_sprint", None)
    comparison = TypeAdapter(Comparison | None).validate_python(compared)
    return render(Orchestration.model_validate(content), comparison)


class Answered(BaseModel):
    """End of an approved run, as far as `dsm approve` speaks of it."""

    status: str
    """Status of the run."""
    project_id: str
    """Id of the project."""
    run_id: UUID
    """Id of the run."""
    actions_planned: list[PlannedCall]
    """The calls, in order."""
    actions_taken: list[str]
    """What was done, in words."""


def approval_page(recorded: str) -> RenderableType:
    """Lay out a recorded plan and its approval as the command prints them."""
    content = json.loads(recorded)
    approval = Approval.model_validate(content["approval"])
    calls = approval.action_requests
    lines = [
        *describe_approval(content["project_id"], approval),
        *describe_steps([StepAnswer(step=call.step, type="approve") for call in calls]),
        *describe_answer(Answered.model_validate(content["answer"]), " --as lena"),
    ]
    return Group(*(Text(line) for line in lines))


def picture(recorded: str) -> str:
    """Render a recorded decision as SVG."""
    return _svg(page(recorded), "dsm orchestrate P1", "decision")


def approval_picture(recorded: str) -> str:
    """Render a recorded approval as SVG."""
    return _svg(approval_page(recorded), "dsm approve last --as lena", "approval")


def _svg(page: RenderableType, title: str, unique_id: str) -> str:
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), highlight=False, force_terminal=True
    )
    console.print(page)
    return console.export_svg(title=title, theme=THEME, code_format=FORMAT, unique_id=unique_id)


def draw() -> list[Path]:
    """Write the pictures; return those that changed."""
    drawn = {
        PICTURE: picture(RECORDED.read_text()),
        APPROVAL_PICTURE: approval_picture(RECORDED_APPROVAL.read_text()),
    }
    changed = [path for path, svg in drawn.items() if not path.exists() or path.read_text() != svg]
    for path in changed:
        path.write_text(drawn[path])
    return changed

"""Picture of a decision: the page that `dsm orchestrate` prints, as SVG.

`docs/pictures/decision.json` is the recorded output of `dsm orchestrate P1 --json` on the demo's
data and default day. README.md quotes lines of the same page.
"""

import io
import json
from pathlib import Path

from pydantic import TypeAdapter
from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

from agent.cli.comparison import Comparison
from agent.cli.report import render
from graphs.answer import Orchestration

FOLDER = Path(__file__).parents[1] / "pictures"
RECORDED = FOLDER / "decision.json"
PICTURE = FOLDER / "decision.svg"
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


def picture(recorded: str) -> str:
    """Render a recorded decision as SVG."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), highlight=False, force_terminal=True
    )
    console.print(page(recorded))
    return console.export_svg(
        title="dsm orchestrate P1", theme=THEME, code_format=FORMAT, unique_id="decision"
    )


def draw() -> bool:
    """Write the picture; True when it changed."""
    before = PICTURE.read_text() if PICTURE.exists() else ""
    after = picture(RECORDED.read_text())
    PICTURE.write_text(after)
    return after != before

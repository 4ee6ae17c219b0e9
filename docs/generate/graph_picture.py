"""Picture of the decision graph in graphs/README.md, drawn from the code."""

from pathlib import Path

from graphs.decision import build

PAGE = Path(__file__).parents[2] / "graphs" / "README.md"
BEGIN = "<!-- graph: written by `make docs` -->"
END = "<!-- end of graph -->"


def picture() -> str:
    """Draw the graph as a block of Mermaid."""
    drawn = build().get_graph().draw_mermaid(with_styles=False)
    return f"```mermaid\n{drawn.strip().expandtabs(4)}\n```"


def write() -> bool:
    """Write the picture into the page; True when it changed. Raises: `ValueError` unmarked."""
    before = PAGE.read_text()
    head, begin, rest = before.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"add the markers {BEGIN!r} and {END!r} to {PAGE}")
    PAGE.write_text(f"{head}{BEGIN}\n\n{picture()}\n\n{END}{tail}")
    return PAGE.read_text() != before

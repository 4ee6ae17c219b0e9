"""Links and paths in the documents lead to files that exist."""

import re
from pathlib import Path

from tests.house.pages import prose, tracked

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TOP_FOLDERS = (
    "agent|benchmarks|deploy|docs|domain_services|examples|graphs|memory|notebooks|tests|tools"
)
PATH = re.compile(rf"`((?:{TOP_FOLDERS})/[\w./-]*)`")
RECORD = re.compile(r"docs/adr/\d{4}[\w-]*(?:\.md)?")


def _anchors(page: Path) -> set[str]:
    """Name the anchors of a page's headings as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_between_pages_resolves(repository: Path) -> None:
    broken: list[str] = []
    for page in tracked(repository, "*.md"):
        for target in LINK.findall(prose(page)):
            if target.startswith(("http://", "https://", "mailto:")):
                continue
            name, _, anchor = target.partition("#")
            file = page.parent / name if name else page
            if not file.exists() or (anchor and anchor not in _anchors(file)):
                broken.append(f"{page.relative_to(repository)}: {target}")
    assert broken == []


def test_every_path_named_in_a_page_exists(repository: Path) -> None:
    missing = [
        f"{page.relative_to(repository)}: {path}"
        for page in tracked(repository, "*.md")
        for path in PATH.findall(prose(page))
        if not (repository / path).exists()
    ]
    assert missing == []


def test_every_decision_record_named_in_a_file_exists(repository: Path) -> None:
    missing: list[str] = []
    for pattern in ("*.py", "*.md", "*.sh", "*.toml", "Makefile", ".ci/*"):
        for file in tracked(repository, pattern):
            for record in RECORD.findall(file.read_text()):
                name = record if record.endswith(".md") else f"{record}.md"
                if not (repository / name).exists():
                    missing.append(f"{file.relative_to(repository)}: {record}")
    assert missing == []


def test_an_anchor_is_made_of_the_heading_as_github_does(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Dead letters, and `deliveries`\n\n```\n# no heading\n```\n")
    assert _anchors(page) == {"dead-letters-and-deliveries"}

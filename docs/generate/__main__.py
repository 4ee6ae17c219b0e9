"""`python -m docs.generate`: write the generated parts of documents and manifests again."""

from pathlib import Path

from docs.generate import (
    graph_picture,
    openapi,
    picture,
    policies,
    profiles,
    retention,
    scopes,
    settings,
    workloads,
)

ROOT = Path(__file__).parents[2]
PAGES = {"main": ROOT / "README.md", "all": ROOT / "docs" / "operate" / "settings.md"}


def main() -> None:
    """Write every generated part again, and name what changed."""
    changed = [
        str(PAGES[name].relative_to(ROOT))
        for name, content in settings.tables().items()
        if settings.write(PAGES[name], name, content)
    ]
    if scopes.write():
        # What follows is of the catalogue, which this process has read already.
        changed.append(f"{scopes.FILE.relative_to(ROOT)}; run `make docs` once more")
    changed += [str(path.relative_to(ROOT)) for path in picture.draw()]
    if graph_picture.write():
        changed.append(str(graph_picture.PAGE.relative_to(ROOT)))
    if policies.write():
        changed.append(str(policies.FILE.relative_to(ROOT)))
    if workloads.write():
        changed.append(str(workloads.PAGE.relative_to(ROOT)))
    if profiles.write():
        changed.append(str(profiles.PAGE.relative_to(ROOT)))
    if retention.write():
        changed.append(str(retention.PAGE.relative_to(ROOT)))
    changed += [str(path.relative_to(ROOT)) for path in openapi.write()]
    print("\n".join(f"changed: {name}" for name in changed) or "nothing changed")


if __name__ == "__main__":
    main()

"""`dsm migrate`: bring every database to the newest schema."""

import sys
from typing import Annotated

import typer

from agent.cli.failures import one_line

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Services whose databases to migrate; none: all."),
]


def migrate(names: Names = None) -> None:
    """Create what is missing and migrate the databases on the server of DSM_OWNER_URL."""
    from deploy.environment import read_environment
    from deploy.migrating.migration import migrate as migrate_all
    from deploy.migrating.settings import MigrationSettings
    from deploy.migrating.targets import choose, targets

    with one_line():
        chosen = targets(choose(names or ()), read_environment(MigrationSettings))
        migrate_all(chosen, lambda step: print(step, file=sys.stderr))
        print(f"ready for this release: {', '.join(target.database for target in chosen)}")

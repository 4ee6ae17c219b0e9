"""Generated manifests and tables agree with the catalogue and the tree."""

from deploy.catalogue import SERVICES
from docs.generate import policies, workloads

AGAIN = "run `make docs` and commit the result"


def test_the_policies_agree_with_the_catalogue() -> None:
    assert policies.FILE.read_text() == policies.text(), AGAIN


def test_the_table_of_workloads_agrees_with_the_tree() -> None:
    assert workloads.PAGE.read_text() == workloads.page(), AGAIN


def test_the_table_has_every_service_once() -> None:
    rows = workloads.table().splitlines()
    for spec in SERVICES:
        assert len([row for row in rows if row.startswith(f"| `{spec.identity}` |")]) == 1

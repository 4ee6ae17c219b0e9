"""Generated manifests agree with the catalogue."""

from docs.generate import policies


def test_the_policies_agree_with_the_catalogue() -> None:
    assert policies.FILE.read_text() == policies.text(), "run `make docs` and commit the result"

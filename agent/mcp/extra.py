"""Check for the optional packages of MCP."""

from importlib.util import find_spec

WORDS = "the packages for MCP are missing; install them: pip install 'digital-scrum-master[mcp]'"


class MissingExtra(RuntimeError):
    """Refusal to serve MCP without its packages."""


def require_mcp() -> None:
    """Check that the extra [mcp] is installed. Raises: `MissingExtra`."""
    if find_spec("mcp") is None:
        raise MissingExtra(WORDS)

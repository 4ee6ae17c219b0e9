"""`dsm mcp`: serve the tools to a client of the Model Context Protocol that starts this command."""

import asyncio

from agent.cli.target import Target


def mcp(*, target: Target) -> None:
    """Serve the tools over standard input and output, for a client that starts this command.

    Nothing else is written to standard output. The key decides: a viewer's reads alone.
    """
    from agent.cli.failures import one_line
    from agent.mcp.extra import MissingExtra, require_mcp
    from domain_services.kernel.errors import Invalid
    from domain_services.kernel.telemetry import configure_logging

    configure_logging("WARNING")
    with one_line():
        try:
            require_mcp()
        except MissingExtra as missing:
            raise Invalid(str(missing)) from missing
        from agent.mcp.stdio import serve_stdio

        asyncio.run(serve_stdio(target))

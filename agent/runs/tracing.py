"""LangSmith: whether it gets any trace of this process."""

import langsmith


def allow_langsmith(allowed: bool) -> None:
    """Decide for this process whether LangChain sends what it runs to LangSmith."""
    # Its variables LANGSMITH_TRACING and LANGCHAIN_TRACING_V2 would send the whole state of
    # projects, and a shell may have them for another program
    # (docs/adr/0152-langgraph-conventions.md).
    langsmith.configure(enabled=allowed)

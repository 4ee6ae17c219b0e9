"""Errors of starting and stopping a stack; each message is one line for the user."""


class StackError(Exception):
    """The stack cannot carry out a command."""


class DataFolderInUse(StackError):
    """Another process holds the data folder."""


class PortTaken(StackError):
    """A port of the stack cannot be bound."""

"""What can go wrong when a stack is started or stopped, each told in one line."""


class StackError(Exception):
    """The stack cannot do what was asked; the message is one line for the person who asked."""


class DataFolderInUse(StackError):
    """Another process holds the data folder."""


class PortTaken(StackError):
    """A port of the stack cannot be bound."""

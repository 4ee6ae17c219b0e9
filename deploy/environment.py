"""Settings from the environment, whose mistakes are one sentence without their values."""

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from deploy.errors import StackError

Settings = TypeVar("Settings", bound=BaseSettings)


def read_environment(kind: type[Settings], **values: Any) -> Settings:
    """Read settings of a kind from the environment, except `values`.

    Raises: `StackError` naming wrong ones.
    """
    try:
        return kind(**values)
    except SettingsError as error:
        raise StackError(f"{error}; JSON is expected there") from None
    except ValidationError as error:
        # Without the values: a key or a password may be among them.
        wrong = "; ".join(
            f"DSM_{'__'.join(str(part) for part in entry['loc']).upper()}:"
            f" {entry['msg'].removeprefix('Value error, ')}"
            for entry in error.errors(include_input=False)
        )
        raise StackError(wrong) from None

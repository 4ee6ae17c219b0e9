"""Requests made from the options of a command."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

Body = TypeVar("Body", bound="BaseModel")


def make_request(model: type[Body], values: Mapping[str, Any]) -> Body:
    """Make the body of a request. Raises: `Invalid` with the first wrong field and the reason."""
    from pydantic import ValidationError

    from domain_services.kernel.errors import Invalid

    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {reason}") from error

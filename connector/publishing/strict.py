"""What every part of a store file is: unknown entries refused, read only. Used by whatever holds a part of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]
"""M3 codes such as 001 must be quoted in YAML; a plain number without leading zeros is forgiven."""


class Strict(BaseModel):
    """A part of a store file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

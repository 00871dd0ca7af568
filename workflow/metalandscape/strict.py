"""The base of every configuration model: unknown keys are refused, types are not guessed."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A configuration section. `frozen`, so that no job changes what another one reads."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

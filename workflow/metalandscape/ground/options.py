"""Options of parts: every part that a configuration names declares its keys as a pydantic model.

A part is a module of a room such as `networks` or `metrics`. Its keys are the fields of the class
`Options` in that module, a subclass of `Options` here. `plugins.options` reads that class without
importing the rest of the module, so that the workflow starts without torch. What the docstring of
the class says of its `Attributes` describes the keys to users: in editors and in config/README.md.
"""

from typing import Annotated, Any

from pydantic import Field

from .strict import Strict

TaskCount = Annotated[int, Field(ge=3, le=1_000_000)]
"""A number of tasks; averages over pairs need three for their standard error."""


Width = Annotated[int, Field(gt=0, le=16_384)]
"""A number of filters or units: larger layers fit in no memory."""


class Options(Strict):
    """Base of the options of a part; a part without options has this very class."""


class Part(Strict):
    """A part that a configuration chose, with all of its options.

    Attributes:
        name: the module's name in its room.
        options: its options as JSON has them, defaults included.
    """

    name: str
    options: dict[str, Any] = Field(default={})

    def __str__(self) -> str:
        """Return the part as a configuration writes it."""
        own = ", ".join(f"{key}: {value}" for key, value in self.options.items())
        return f"{self.name} ({own})" if own else self.name

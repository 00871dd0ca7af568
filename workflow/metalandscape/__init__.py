"""metalandscape: objective landscapes and generalization in gradient-based meta-learning.

What a Python program uses; docs/library.md explains it. Names are imported when they are first
used, so that the workflow, which imports this package in every call, does not wait for torch.
"""

import importlib
from typing import Any

_PLACES = {
    "load": "library",
    "measure": "library",
    "sample_tasks": "library",
    "task_from_images": "library",
    "open_dataset": "datasets",
    "preprocess": "datasets",
    "Learner": "learner",
    "Task": "tasks.task",
    "UserError": "ground.errors",
}
__all__ = [*_PLACES, "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public name from where it is defined."""
    if name == "__version__":
        return importlib.import_module(".ground.version", __name__).VERSION
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_PLACES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""What a task is, and what a network must know of tasks."""

from typing import NamedTuple, cast

from jaxtyping import Float, Num
from torch import Tensor

from ..datasets import Dataset, ImageDataset


class Task(NamedTuple):
    """One task: the model adapts on the support set and is judged on the target set.

    Inputs are images with labels, int64, or for regression vectors with the numbers to predict.
    """

    support_x: Float[Tensor, "n *input"]
    support_y: Num[Tensor, "n *output"]
    target_x: Float[Tensor, "m *input"]
    target_y: Num[Tensor, "m *output"]


class Spec(NamedTuple):
    """What networks and algorithms must know of a dataset.

    Attributes:
        tasks: "classification" or "regression".
        input_shape: (channels, height, width) of images, or (inputs,) of vectors.
        output_size: predicted numbers of regression; 0 for classification, whose number of classes
            is a run's `way`.
        train_classes: meta-train classes, turned ones included; 0 for regression.
    """

    tasks: str
    input_shape: tuple[int, ...]
    output_size: int
    train_classes: int

    @classmethod
    def of(cls, dataset: Dataset) -> "Spec":
        """Return what is known of a prepared dataset."""
        if dataset.tasks == "classification":
            classes = len(cast("ImageDataset", dataset).classes("train"))
            return cls(dataset.tasks, dataset.input_shape, 0, classes)
        return cls(dataset.tasks, dataset.input_shape, dataset.output_size or 0, 0)

"""A linear classifier of pixels."""

from .. import networks

TASKS = ("classification",)
INPUTS = "images"


class Network(networks.Network):
    """No layer but the last."""

    def body_parameters(self):
        channels, height, width = self.input_shape
        return [], channels * height * width

    def body(self, p, x):
        return x.flatten(1)

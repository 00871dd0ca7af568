"""Keeps a share of the adaptation."""

from ..ground import options


class Options(options.Options):
    """What is kept of it."""

    share: float = 0.5


def correct(adapted, theta, options):
    return theta + options.share * (adapted - theta)

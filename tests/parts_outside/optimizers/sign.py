"""Steps of one size along the sign of the gradient."""

SLOTS = ()


def step(parameter, slots, gradient, step, rate, options):
    parameter.sub_(rate * gradient.sign())

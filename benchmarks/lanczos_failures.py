"""How often Lanczos misses the spectral norm of operators that are made to deceive it.

    PYTHONPATH=workflow python benchmarks/lanczos_failures.py

docs/reading.md shows its table.
"""

import numpy as np
import torch

from metalandscape.metrics._lanczos import Limits, extremes

SIZE, TRIALS = 400, 40
SHARES = (1e-1, 1e-2, 1e-3, 1e-4)  # of the top eigenvector in the start
LEAST = (2, 4, 8, 16)  # products
WRONG = 0.01  # relative error of the norm


def operator(share: float, cluster: bool, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the eigenvalues [SIZE] of a diagonal operator, and a start [SIZE].

    The norm is 1. Besides, one eigenvalue lies near 0.8 and one near -0.3, and all others within
    0.01 of zero, so that the Krylov space soon seems to be whole. With a cluster, four more lie
    within 1 % of the top, all of them hardly in the start.
    """
    rng = np.random.default_rng(seed)
    values = rng.uniform(-0.01, 0.01, SIZE)
    values[-2:] = 0.8 + 0.05 * rng.random(), -0.3
    start = rng.standard_normal(SIZE)
    top = 5 if cluster else 1
    values[:top] = 1 - 0.01 * rng.random(top)
    values[0] = 1.0
    start[-2:] = np.linalg.norm(start)  # as a gradient, mostly along large eigenvectors
    start[:top] = share * np.linalg.norm(start) / np.sqrt(top)
    return torch.from_numpy(values), torch.from_numpy(start)


def rate(share: float, cluster: bool, least: int) -> float:
    """Return the share of trials whose norm is said to be converged and is wrong."""
    wrong = 0
    for seed in range(TRIALS):
        values, start = operator(share, cluster, seed)
        found = extremes(lambda v, d=values: d * v, start, Limits(least=least))
        wrong += found.converged and abs(found.norm - 1) > WRONG
    return wrong / TRIALS


def table() -> str:
    """Return the rates as Markdown."""
    header = ["part of the top in the start", "cluster", *(f"{n} products" for n in LEAST)]
    rows = [header, ["---"] * len(header)]
    for share in SHARES:
        for cluster in (False, True):
            rates = [f"{100 * rate(share, cluster, least):.0f} %" for least in LEAST]
            rows.append([f"{share:g}", "yes" if cluster else "no", *rates])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(table())

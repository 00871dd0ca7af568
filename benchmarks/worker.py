"""Runs contenders when asked to: one JSON object a line in, one out."""

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

# Peers print; what they say is no answer.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import torch  # noqa: E402
from contenders import (  # noqa: E402
    DEVICE,
    META_GRADIENTS,
    NORMS,
    OURS,
    PEAKS,
    REFERENCE,
    SECOND_ORDER_ONLY,
)
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
from work import HESSIAN, HESSIAN_WORK, META_ITERATIONS  # noqa: E402

WORKS = {
    **{
        name: (
            work,
            {
                who: contender
                for who, contender in META_GRADIENTS.items()
                if work.second_order or who not in SECOND_ORDER_ONLY
            },
        )
        for name, work in META_ITERATIONS.items()
    },
    HESSIAN: (HESSIAN_WORK, NORMS),
}
made: dict[tuple[str, str], Callable[[], object]] = {}


def make(work: str, contender: str) -> Callable[[], object]:
    """Return the contender's function, made once."""
    settings, contenders = WORKS[work]
    if (work, contender) not in made:
        made[work, contender] = {**contenders, **PEAKS}[contender](settings)
    return made[work, contender]


def check(work: str, contender: str) -> None:
    """Stop if a contender computes something else than the plain loop does."""
    if contender in (*PEAKS, REFERENCE):
        return
    settings, contenders = WORKS[work]
    exact = replace(settings, dtype=torch.float64)
    got, expected = (torch.as_tensor(contenders[c](exact)()) for c in (contender, REFERENCE))
    # Peers stop iterating by rules of their own: PyHessian's norm is off by up to some per cent.
    tolerance = 0.05 if work == HESSIAN and contender != OURS else 1e-9
    error = ((got - expected).norm() / expected.norm()).item()
    if not error < tolerance:
        raise SystemExit(f"{contender} on {work}: off by {error:.2g}")


def seconds(function: Callable[[], object]) -> float:
    """Return the mean time of as many repetitions as fill a fifth of a second."""
    started, repetitions = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < 0.2:
        function()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        repetitions += 1
    return elapsed / repetitions


def peak(work: str, contender: str) -> float:
    """Return the peak of resident memory during one repetition above what it started with, MiB."""

    def read(key: str) -> float:
        (line,) = [
            s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith(key)
        ]
        return int(line.split()[1]) / 1024

    # Code that is loaded at first use is no memory of the work.
    small = torch.rand(4, 3, 8, 8, requires_grad=True)
    torch.nn.functional.conv2d(small, torch.rand(2, 3, 3, 3)).sum().backward()
    function = make(work, contender)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")
    before = read("VmRSS")
    function()
    return read("VmHWM") - before


def answer(question: dict) -> dict:
    """Do what is asked."""
    if question.get("list"):
        return {"works": {name: [*who, *PEAKS] for name, (_, who) in WORKS.items()}}
    names = question["work"], question["contender"]
    if question.get("check"):
        check(*names)
        return {}
    if question.get("memory"):
        return {"mib": peak(*names)}
    if question.get("flop"):
        with FlopCounterMode(display=False) as counter:
            make(names[0], REFERENCE)()
        return {"flop": counter.get_total_flops()}
    return {"seconds": seconds(make(*names))}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)

"""Time and memory of a meta-iteration and of a Hessian norm, ours against peers.

Every contender runs in every setting of threads and wait policy, each in a process of its own:
OpenMP reads its setting at start, and threads that one library leaves behind slow down another's.
The parent asks one process after the other for one repetition, so that whatever else the machine
does falls on all alike. A contender counts with its best setting.

    python benchmarks/speed.py [--rounds ROUNDS] [--device cuda]

With `--device cuda` all compute on the GPU, in one setting, and memory is not measured.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
THREADS = os.cpu_count() or 1
# Their variables are the setting's or nobody's: libraries choose what suits the processor.
LIBRARIES = ("OMP_", "MKL_", "OPENBLAS_")
# With one thread no other waits.
SETTINGS = [(1, "default"), *([(THREADS, "default"), (THREADS, "passive")] if THREADS > 1 else [])]


class Worker:
    """A process with one setting of threads and wait policy."""

    def __init__(self, threads: int, policy: str, device: str = "cpu") -> None:
        self.threads, self.policy = threads, policy
        environment = {k: v for k, v in os.environ.items() if not k.startswith(LIBRARIES)}
        environment |= {"OMP_NUM_THREADS": str(threads), "BENCHMARK_DEVICE": device}
        if policy == "passive":
            environment["OMP_WAIT_POLICY"] = "PASSIVE"
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **question: object) -> dict:
        """Return the worker's answer."""
        print(json.dumps(question), file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"the benchmark's process ended at {question}")
        return json.loads(answer)

    def close(self) -> None:
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def measure(rounds: int, device: str) -> pd.DataFrame:
    """Return one row per work, contender, setting and round, with the FLOP of the plain loop."""
    rows = []
    settings = [(*setting, device) for setting in SETTINGS[: 1 if device == "cuda" else None]]
    first = Worker(*settings[0])
    for work, contenders in first.ask(list=True)["works"].items():
        for contender in contenders:
            first.ask(work=work, contender=contender, check=True)
        flop = first.ask(work=work, contender="", flop=True)["flop"]
        workers = {c: [Worker(*setting) for setting in settings] for c in contenders}
        for turn in range(rounds):
            for contender in contenders:
                for worker in workers[contender]:
                    seconds = worker.ask(work=work, contender=contender)["seconds"]
                    setting = (worker.threads, worker.policy)
                    rows.append((work, contender, *setting, turn, seconds, flop))
        for worker in itertools.chain(*workers.values()):
            worker.close()
        print(f"{work}: done", file=sys.stderr)
    first.close()
    columns = ["work", "contender", "threads", "policy", "round", "seconds", "flop"]
    return pd.DataFrame(rows, columns=columns)


def memory() -> pd.DataFrame:
    """Return the peak of resident memory of one repetition above start, in fresh processes."""
    worker = Worker(1, "default")
    works = worker.ask(list=True)["works"]
    worker.close()
    rows = []
    for work, contenders in works.items():
        for contender in contenders:
            worker = Worker(1, "default")
            mib = worker.ask(work=work, contender=contender, memory=True)["mib"]
            rows.append((work, contender, mib))
            worker.close()
    return pd.DataFrame(rows, columns=["work", "contender", "peak_mib_above_start"])


def main() -> None:
    """Write time.csv and memory.csv, or time_gpu.csv."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    asked = parser.parse_args()
    if asked.rounds < 2:
        parser.error("--rounds should be at least 2: the first warms up, and does not count")
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    name = "time.csv" if asked.device == "cpu" else "time_gpu.csv"
    times = measure(asked.rounds, asked.device)
    times.to_csv(folder / name, index=False, float_format="%.6f")
    if asked.device == "cpu":
        memory().to_csv(folder / "memory.csv", index=False, float_format="%.1f")


if __name__ == "__main__":
    main()

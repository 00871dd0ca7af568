"""Damage inputs in thousands of ways: each is accepted, or refused in one sentence.

    PYTHONPATH=workflow python benchmarks/mutants.py --mutants 10000 --seed 0

A mutant is a file of `mutant_kinds.py`, damaged at random, and read as the workflow would read it.
Anything but acceptance or a `UserError` of one sentence is odd: another exception, more than
`SECONDS`, a file left behind by what was refused. Odd ones are printed as lines of JSON with their
kind and number, by which `--kinds KIND --first NUMBER --mutants 1` repeats them; a crash of Python
ends the campaign, and `--keep FOLDER` keeps the last mutant of each kind. The exit code is 1 if
anything is odd. docs/reliability.md has a campaign's counts.
"""

import argparse
import contextlib
import faulthandler
import io
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mutant_kinds import Kind, kinds

from metalandscape.datasets import ARCHIVES
from metalandscape.ground import randomness
from metalandscape.ground.errors import LONGEST, UserError

SECONDS = 30
MEMORY = 4 << 30  # bytes that reading mutants may take besides what Python takes
FINE = ("accepted", "refused")

Found = tuple[str, int, str, str]
"""A kind, a mutant's number, how it ended, and what was said."""


class HungError(BaseException):
    """A mutant takes too long; no `except Exception` stands in the way."""


def main() -> int:
    """Run a campaign; return 1 if a mutant was odd."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mutants", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", default=[])
    parser.add_argument("--first", type=int, default=0, help="the number of the first mutant")
    parser.add_argument("--keep", type=Path, help="a folder for the last mutant of each kind")
    options = parser.parse_args()
    faulthandler.enable()
    os.environ.pop(ARCHIVES, None)
    counts: dict[str, Counter] = {}
    with tempfile.TemporaryDirectory() as folder:
        place = options.keep or Path(folder)
        every = campaign(place, options.mutants, options.seed, options.kinds, options.first)
        _limit_memory()
        for kind, number, ending, said in every:
            counts.setdefault(kind, Counter())[ending] += 1
            if ending not in FINE:
                odd = {"kind": kind, "number": number, "ending": ending, "said": said[-2000:]}
                print(json.dumps(odd), flush=True)
    total = sum(counts.values(), Counter())
    print(json.dumps({"mutants": total.total(), **total, "by kind": counts}, indent=1))
    return int(not total.keys() <= set(FINE))


def campaign(
    folder: Path, mutants: int, seed: int, names: Sequence[str] = (), first: int = 0
) -> Iterator[Found]:
    """Yield how every mutant ended.

    Args:
        folder: to work in.
        mutants: how many, of all kinds together, which take turns.
        seed: by which, and by its kind and number, a mutant can be made again.
        names: the kinds; all if there are none.
        first: the number of the first mutant of each kind.
    """
    with _quiet():
        base = folder / "base"
        base.mkdir(parents=True)
        known = kinds(base)
    chosen = list(names) or list(known)
    for count in range(mutants):
        name, number = chosen[count % len(chosen)], first + count // len(chosen)
        own = folder / name.replace(" ", "_")
        yield name, number, *tried(known[name], own, randomness.generator(seed, name, number))


def tried(kind: Kind, folder: Path, rng: randomness.np.random.Generator) -> tuple[str, str]:
    """Return how one mutant ended, and what was said."""
    shutil.rmtree(folder, ignore_errors=True)
    out = folder / "out"
    out.mkdir(parents=True)
    path = folder / kind.file
    with _quiet():
        path.write_bytes(kind.mutate(rng))
    before = _files(folder)
    try:
        with _quiet(), _limited():
            kind.read(path, out)
    except UserError as error:
        said = str(error)
        if left := sorted(_files(folder) - before):
            return "left behind", f"{left}: {said}"
        return ("refused" if _is_sentence(said) else "no sentence"), said
    except HungError:
        return "hung", traceback.format_exc()
    except Exception:
        return "traceback", traceback.format_exc()
    hidden = [name for name in _files(folder) if Path(name).name.startswith(".")]
    return ("left behind", str(hidden)) if hidden else ("accepted", "")


def _is_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and len(text) <= LONGEST


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silence what jobs say."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def _limited() -> Iterator[None]:
    """End what takes longer than `SECONDS`."""

    def stop(number: int, frame: object) -> None:
        raise HungError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _limit_memory() -> None:
    """Make what asks for absurd memory fail at once."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGESIZE")
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, resource.RLIM_INFINITY))


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(code)

"""Everything random is derived from a run's seed by name; no draw depends on another's order."""

import hashlib

import numpy as np


def generator(seed: int, *names: object) -> np.random.Generator:
    """Return the generator that belongs to `seed` and a name.

    `generator(3, "batches", 17)` is the same stream in every process, whatever was drawn before it;
    this is why training needs no stored random state to resume, and why task lists are prefixes of
    longer ones.
    """
    text = "/".join(str(part) for part in (seed, *names))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))

"""Every source of randomness that a training draws from: started from one seed, kept, and put back."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


@contextmanager
def all_seeded(seed: int, rank: int = 0) -> Iterator[None]:
    """Start Python's, numpy's and torch's generators from ``seed`` while this lasts, and leave them as found.

    Args:
        seed: Seed of the run.
        rank: Number of this process among those that train together; each draws numbers of its own.

    Yields:
        Nothing.
    """
    before = states()
    mixed = int(np.random.SeedSequence([seed, rank]).generate_state(1)[0]) if rank else seed
    random.seed(mixed)
    np.random.seed(mixed % 2**32)
    torch.manual_seed(mixed)
    try:
        yield
    finally:
        put_back(before)


def states() -> dict[str, Any]:
    """Return the states of all generators as plain values and tensors; long lists of numbers are tensors too."""
    version, words, gauss = random.getstate()
    numpy: Any = np.random.get_state(legacy=False)
    told: dict[str, Any] = {
        "python": [version, torch.tensor(words), gauss],
        "numpy": {
            "key": torch.from_numpy(numpy["state"]["key"].astype(np.int64)),
            "pos": int(numpy["state"]["pos"]),
            "has_gauss": int(numpy["has_gauss"]),
            "gauss": float(numpy["gauss"]),
        },
        "torch": torch.random.get_rng_state(),
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        told["cuda"] = torch.cuda.get_rng_state_all()
    return told


def put_back(told: dict[str, Any]) -> None:
    """Put all generators into states that ``states`` returned."""
    version, words, gauss = told["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    numpy = told["numpy"]
    np.random.set_state({
        "bit_generator": "MT19937",
        "state": {"key": numpy["key"].numpy().astype(np.uint32), "pos": numpy["pos"]},
        "has_gauss": numpy["has_gauss"],
        "gauss": numpy["gauss"],
    })
    torch.random.set_rng_state(told["torch"])
    if "cuda" in told and torch.cuda.is_available() and torch.cuda.device_count() == len(told["cuda"]):
        torch.cuda.set_rng_state_all(told["cuda"])

"""What torch reads with ``weights_only=True`` is read here, and what it refuses is refused here."""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import functools
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from dltui.archives import open_archive
from dltui.errors import DltuiError

w = torch.arange(6.0).reshape(2, 3)
THINGS: dict[str, Callable[[], object]] = {
    "state dict": lambda: torch.nn.Linear(2, 3).state_dict(),
    "parameter": lambda: torch.nn.Parameter(w),
    "ordered": lambda: collections.OrderedDict(a=w),
    "counter": lambda: collections.Counter("abca"),
    "set": lambda: {1, 2},
    "bytes": lambda: b"\x00\xff" * 9,
    "bytearray": lambda: bytearray(b"abc"),
    "complex": lambda: 1 + 2j,
    "size": lambda: torch.Size([1, 2]),
    "device": lambda: torch.device("cuda:1"),
    "dtype": lambda: torch.bfloat16,
    "layout": lambda: torch.strided,
    "big number": lambda: 10**18,
    "nested": lambda: {"a": [{"b": (w, {"c": w[0]})}], 3: {"d": None}},
    "sparse": lambda: w.to_sparse(),
    "csr": lambda: w.to_sparse_csr(),
    "quantised": lambda: torch.quantize_per_tensor(w, 0.1, 0, torch.qint8),
    "by channel": lambda: torch.quantize_per_channel(w, torch.ones(2), torch.zeros(2), 0, torch.quint8),
    "meta": lambda: torch.empty(3, device="meta"),
    "conjugate": lambda: torch.randn(3, dtype=torch.complex64).conj(),
    "fp8": lambda: w.to(torch.float8_e5m2fnuz),
    "uint16": lambda: torch.arange(3, dtype=torch.uint16),
    "frozen set": lambda: frozenset({1}),
    "path": lambda: Path("a"),
    "time": lambda: dt.timedelta(1),
    "namespace": lambda: argparse.Namespace(a=1),
    "default": lambda: collections.defaultdict(int),
    "partial": lambda: functools.partial(print, 1),
    "function": lambda: print,
    "array": lambda: np.ones(3),
    "number of numpy": lambda: np.float64(1),
    "module": lambda: torch.nn.Linear(2, 2),
    "exception": lambda: ValueError("a"),
    "slice": lambda: slice(1, 2),
}


def read_by_torch(path: Path) -> bool:
    try:
        torch.load(path, weights_only=True)
    except Exception:  # noqa: BLE001 - it has many kinds of refusal
        return False
    return True


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", THINGS)
@pytest.mark.filterwarnings("ignore")
def test_both_read_or_both_refuse(tmp_path: Path, name: str, new: bool) -> None:
    path = tmp_path / "a.pt"
    try:
        torch.save({"thing": THINGS[name](), "w": w}, path, _use_new_zipfile_serialization=new)
    except (RuntimeError, TypeError, AttributeError, NotImplementedError):
        pytest.skip("torch can't write it")
    if name == "fp8" and not new:
        pytest.skip("torch can't read what it wrote itself")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = read_by_torch(path)
    why = ""
    try:
        with open_archive(path) as archive:
            assert "w" in {one.name for one in archive.entries}
        ours = True
    except DltuiError as error:
        ours, why = False, str(error)
    assert ours == theirs, why
    assert ours or "would run code" in why

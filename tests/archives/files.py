"""Files of weights of every kind, each written by the library whose format it is."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch


def tensors() -> dict[str, torch.Tensor]:
    """Return tensors of every awkward kind: one number, none, unicode, bfloat16, fp8, complex, bool."""
    draw = torch.Generator().manual_seed(0)
    return {
        "layers.0.weight": torch.randn(4, 3, generator=draw),
        "layers.0.bias": torch.randn(4, generator=draw).bfloat16(),
        "layers.1.weight": torch.randn(4, 4, generator=draw).to(torch.float8_e4m3fn),
        "layers.1.scale": torch.randn(4, 4, generator=draw).to(torch.float8_e5m2),
        "größe.重み": torch.arange(6).reshape(2, 3),
        "one": torch.tensor(2.5, dtype=torch.float64),
        "none": torch.empty(0, 5),
        "mask": torch.tensor([True, False, True]),
        "half": torch.randn(3, generator=draw).half(),
        "wave": torch.randn(3, generator=draw, dtype=torch.complex64),
        "byte": torch.tensor([1, 255], dtype=torch.uint8),
    }


def plain(tensor: torch.Tensor) -> np.ndarray:
    """Return the numbers that an archive gives for a tensor."""
    if tensor.dtype in {torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz}:
        tensor = tensor.float()
    return tensor.contiguous().numpy()


def write_tar(path: Path, state: dict[str, torch.Tensor]) -> None:
    """Write what torch 0.1.10 wrote: a tar of a pickle, tensors and storages. No later torch can write it."""
    kinds = {torch.float32: torch.FloatStorage, torch.int64: torch.LongStorage}
    storages, parts = io.BytesIO(), io.BytesIO()
    pickle.dump(len(state), storages, protocol=2)
    pickle.dump(len(state), parts, protocol=2)
    for number, tensor in enumerate(state.values()):
        flat = tensor.contiguous().numpy().reshape(-1)
        pickle.dump((100 + number, "cpu", kinds[tensor.dtype]), storages, protocol=2)
        storages.write(struct.pack("<q", flat.size) + flat.tobytes())
        pickle.dump((number, 100 + number, torch.FloatTensor), parts, protocol=2)
        sizes, strides = tensor.shape, tensor.contiguous().stride()
        parts.write(struct.pack("<i", len(sizes)) + bytes(4))
        parts.write(struct.pack(f"<{2 * len(sizes) + 1}q", *sizes, *strides, 0))
    pickle.dump([], storages, protocol=2)
    told = io.BytesIO()
    pickler = _ByNumber(told, protocol=2)
    pickler.numbers = {id(tensor): number for number, tensor in enumerate(state.values())}
    pickler.dump(OrderedDict(state))
    with tarfile.open(path, "w") as tar:
        for name, part in (
            ("sys_info", io.BytesIO()),
            ("pickle", told),
            ("tensors", parts),
            ("storages", storages),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(part.getvalue())
            tar.addfile(info, io.BytesIO(part.getvalue()))


class _ByNumber(pickle._Pickler):
    """A pickler that names tensors by number."""

    numbers: dict[int, int]

    def persistent_id(self, thing: object) -> str | None:
        """Return the number of a tensor."""
        return str(self.numbers[id(thing)]) if id(thing) in self.numbers else None

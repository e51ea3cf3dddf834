"""Where tensors are computed: choosing it, and leaving threads and random generators as they were."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from dltui.errors import UsageError


def pick_device(spec: str = "auto") -> torch.device:
    """Return the device that ``spec`` names.

    Args:
        spec: ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda``, ``cuda:1`` or ``mps``. ``auto``
            never picks ``mps``, which has no 64-bit floats.

    Returns:
        A device that is there.

    Raises:
        UsageError: If it isn't there or isn't a device.
    """
    if spec == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    kind, colon, index = spec.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (colon and not (kind == "cuda" and index.isdigit())):
        raise UsageError(f"unknown device {spec!r}: expected auto, cpu, cuda, cuda:0 … or mps")
    if kind == "cuda":
        return torch.device("cuda", _cuda_index(spec, int(index or 0)))
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError("no Metal device here: --device mps needs a Mac with one; try --device cpu or auto")
    return torch.device(kind)


def describe_devices() -> list[tuple[str, str]]:
    """Return name and description of every device that is there, the one that ``auto`` picks first."""
    found = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        known = torch.cuda.get_device_properties(index)
        found.append((f"cuda:{index}", f"{known.name}, {known.total_memory / 2**30:.0f} GiB"))
    found.append(("cpu", f"{torch.get_num_threads()} threads"))
    if torch.backends.mps.is_available():
        found.append(("mps", "Apple Metal, no 64-bit floats"))
    return found


def clock_of(device: torch.device) -> Callable[[], float]:
    """Return what time spent on a device is taken by, in seconds: the processor's own, or the clock on the wall.

    On a CPU a busy machine takes time away, and the processor's does not count that. On a GPU the processor waits.
    """
    return time.process_time if device.type == "cpu" else time.perf_counter


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Let torch use ``count`` CPU threads while this lasts, and as many as before afterwards.

    Args:
        count: Threads inside one operation.

    Yields:
        Nothing.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Start torch's generators from ``seed`` while this lasts, and leave them as found afterwards.

    Args:
        seed: Seed of the draws in between.

    Yields:
        Nothing.
    """
    used = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=used):
        torch.manual_seed(seed)
        yield


def _cuda_index(spec: str, index: int) -> int:
    """Return ``index`` if there is such a CUDA device."""
    if not torch.cuda.is_available():
        raise UsageError(f"no CUDA device here: --device {spec} needs one; try --device cpu or auto")
    count = torch.cuda.device_count()
    if index >= count:
        known = ", ".join(f"cuda:{i}" for i in range(count))
        raise UsageError(f"no CUDA device {index} here: --device {spec} is beyond {known}")
    return index


def _plain_optimizers() -> None:
    """Let an optimiser be made without torch's compiler, which takes as long to load as torch itself.

    torch hides a few methods from it, and loads it for that when the first of them is called
    (``torch._disable_dynamo``), unless it finds there what to call instead. They do the same as before; the first
    ``step`` loads it all the same, but what is known before that can be shown by then.
    """
    for name in ("add_param_group", "zero_grad", "state_dict", "load_state_dict"):
        plain = getattr(getattr(torch.optim.Optimizer, name), "__wrapped__", None)
        if plain is not None and getattr(plain, "__dynamo_disable", None) is None:
            setattr(plain, "__dynamo_disable", plain)


_plain_optimizers()

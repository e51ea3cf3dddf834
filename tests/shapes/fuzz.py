"""Random settings for one layer, asked of the calculus and of PyTorch on the CPU."""

from __future__ import annotations

import os
import random
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any
from zlib import crc32

import torch
from hypothesis import HealthCheck, given, seed, settings, strategies

from dltui.shapes.layers import LAYERS, key_of, layer_named
from dltui.shapes.report import ShapeError

COUNT = int(os.environ.get("DLTUI_FUZZ", "0"))  # settings a layer beyond the usual ones
SEED = int(os.environ.get("DLTUI_FUZZ_SEED", "0"))
Case = dict[
    str, Any
]  # "inputs": shapes, "settings": arguments, perhaps "build": arguments that only PyTorch takes
Draw = Callable[[random.Random], Case]
Call = Callable[[Case], tuple[Any, torch.nn.Module | None]]
# half as the draws weigh them, half as hypothesis does: it seeks the ends of every range and can shrink what it finds
DRAWN = strategies.one_of(*(strategies.randoms(use_true_random=true) for true in (True, False)))
TABLE: dict[str, Counter[str]] = {}  # layer → how many settings were legal and refused


def rounds(usual: int) -> int:
    """Return how many settings a test without a witness in PyTorch tries."""
    return max(COUNT, usual)


def as_module(name: str, *, whole: tuple[int, ...] = ()) -> Call:
    """Return what builds and calls ``torch.nn.NAME``; inputs at the places ``whole`` are whole numbers."""

    def call(case: Case) -> tuple[Any, torch.nn.Module]:
        module = getattr(torch.nn, name)(**case["settings"])
        return module(*tensors(case["inputs"], whole)), module

    return call


def tensors(shapes: Any, whole: tuple[int, ...] = ()) -> list[torch.Tensor | None]:
    """Return zeros of the shapes."""
    return [
        None if s is None else torch.zeros(s, dtype=torch.long if i in whole else torch.float32)
        for i, s in enumerate(shapes)
    ]


def agree(name: str, draw: Draw, call: Call | None = None, *, usual: int = 80) -> dict[str, int]:
    """Ask both about drawn settings, hypothesis shrinks a difference; return how many were legal and refused.

    With DLTUI_FUZZ=4000 in the environment a plain sweep of so many settings follows.
    """
    calculate = layer_named(name)
    call = call or as_module(name)
    count = {"legal": 0, "refused": 0}

    @seed(crc32(f"{name}{SEED}".encode()))  # a number: the hash of text differs from process to process
    @settings(max_examples=usual, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(DRAWN)
    def same(rng: random.Random) -> None:
        count[_asked(name, calculate, draw(rng), call)] += 1

    same()
    plain = random.Random(f"{name}{SEED}")
    for _ in range(COUNT):
        count[_asked(name, calculate, draw(plain), call)] += 1
    TABLE.setdefault(name, Counter()).update(count)
    return count


def _asked(name: str, calculate: Any, case: Case, call: Call) -> str:
    """Ask both about one case."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with torch.no_grad():
                output, module = call(case)
    except Exception as error:  # noqa: BLE001 - PyTorch refuses in many ways
        _refused(name, calculate, case, error)
        return "refused"
    try:
        report = calculate(*case["inputs"], **case["settings"])
    except ShapeError as error:
        raise AssertionError(f"{name} {case}: torch gives {shapes_of(output)}, we refuse: {error}") from error
    want = shapes_of(output)
    assert list(report.outputs) == want, f"{name} {case}: torch gives {want}, we say {report.outputs}"
    if module is not None:
        held = {key: tuple(p.shape) for key, p in module.named_parameters()}
        assert report.tensors == held, f"{name} {case}: torch holds {held}, we say {report.tensors}"
        buffers = {key: tuple(b.shape) for key, b in module.named_buffers()}
        assert report.buffers == buffers, f"{name} {case}: torch keeps {buffers}, we say {report.buffers}"
    return "legal"


def _refused(name: str, calculate: Any, case: Case, error: Exception) -> None:
    try:
        report = calculate(*case["inputs"], **case["settings"])
    except ShapeError as refusal:
        known = {*calculate.options, *calculate.inputs, "input"}
        if refusal.argument in known:
            return
        raise AssertionError(f"{name}: {refusal.argument} is no argument") from refusal
    raise AssertionError(
        f"{name} {case}: torch refuses ({type(error).__name__}: {error}), we say {report.outputs}"
    )


def by_family() -> list[str]:
    """Return a line a family: layers, settings, how many of them PyTorch takes and refuses."""
    families: dict[str, list[str]] = {}
    for name in TABLE:
        families.setdefault(LAYERS[key_of(name)].module.rpartition(".")[2], []).append(name)
    lines = [f"{'family':<12}{'layers':>7}{'settings':>10}{'legal':>9}{'refused':>9}"]
    for family, names in sorted(families.items()):
        total = sum((TABLE[name] for name in names), Counter())
        legal, refused = total["legal"], total["refused"]
        lines.append(f"{family:<12}{len(names):>7}{legal + refused:>10,}{legal:>9,}{refused:>9,}")
    return lines


def shapes_of(output: Any) -> list[tuple[int, ...]]:
    """Return the shapes of every tensor in what a module returned, in order."""
    if isinstance(output, torch.Tensor):
        return [tuple(output.shape)]
    return [shape for part in output if part is not None for shape in shapes_of(part)]


def ints(rng: random.Random, axes: int, low: int, high: int) -> int | tuple[int, ...]:
    """Return one number, or one an axis."""
    if rng.random() < 0.5:
        return rng.randint(low, high)
    return tuple(rng.randint(low, high) for _ in range(axes))


def batched(rng: random.Random, channels: int, axes: int, high: int = 9) -> tuple[int, ...]:
    """Return (N, C, …) or (C, …), now and then with dimensions too many or too few, or an empty one."""
    sizes = tuple(rng.randint(1, high) for _ in range(axes))
    kind = rng.random()
    if kind < 0.03:
        return sizes
    if kind < 0.06:
        return (*(2,) * rng.randint(1, 3), channels, *sizes)
    shape = (channels, *sizes) if kind < 0.3 else (rng.randint(1, 2), channels, *sizes)
    if kind > 0.97:
        place = rng.randrange(len(shape))
        return (*shape[:place], 0, *shape[place + 1 :])
    return shape


def some(rng: random.Random, **options: Callable[[], Any]) -> dict[str, Any]:
    """Return a random part of the options."""
    return {key: make() for key, make in options.items() if rng.random() < 0.6}

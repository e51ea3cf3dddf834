"""Where one looks into a network on the way from its input to its output, and what it gives there for many samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import DltuiError
from dltui.instruments.features.layers import CALL, capture, find_layer, forward, named_layers
from dltui.objective.undisturbed import same_randomness

INPUT = "input"  # what the samples themselves are called
MOST = 16  # places that are looked at where nobody names any
WIDEST = 4096  # numbers of one place that are kept; maps are averaged down to as many
ROOM = 512 << 20  # bytes of what is kept at once
BATCH = 256
IDLE = (nn.Dropout, nn.Dropout2d, nn.Dropout3d, nn.Identity, nn.Flatten, nn.Unflatten)


@dataclass(frozen=True)
class Features:
    """What one place gives for all samples.

    Attributes:
        name: The layer.
        kind: Its type, such as ``Conv2d``.
        shape: Of what it gives for one sample.
        values: Shape (n, d) on the CPU; one row a sample, or one a token.
        note: How maps were averaged down; empty where everything is kept.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    values: Tensor
    note: str = ""


def stations(module: nn.Module, x: Tensor, *, most: int = MOST) -> list[str]:
    """Return the layers on the way through a network, in the order in which they run.

    Those without parts are taken; where there are too many, the blocks they belong to; where there are still too many,
    some, evenly. What changes no number when a network is used (dropout, flattening) is left out.

    Args:
        module: The network, which is left as found.
        x: A sample or some, shape (n, …).
        most: How many at most.

    Returns:
        Names as ``capture`` takes them.
    """
    order = _called(module, x)
    depths = sorted({name.count(".") for name in order}, reverse=True)
    found: list[str] = []
    for depth in depths:
        cut = [name for name in order if name.count(".") <= depth]
        found = [name for name in cut if not any(other.startswith(f"{_plain(name)}.") for other in cut)]
        if len(found) <= most:
            return found
    places = np.linspace(0, len(found) - 1, most).round().astype(int)
    return [found[place] for place in places]


def _plain(name: str) -> str:
    """Return the name of a layer without the number of its call."""
    return name.partition(CALL)[0]


def _called(module: nn.Module, x: Tensor) -> list[str]:
    """Return the layers that give something for each sample, in the order in which they end."""
    calls: list[str] = []

    def note(name: str) -> object:
        def hook(_: nn.Module, __: object, output: object) -> None:
            first = output[0] if isinstance(output, tuple | list) and output else output
            if isinstance(first, Tensor) and first.ndim > 1 and len(first) == len(x):
                calls.append(name)

        return hook

    looked_at = {name: layer for name, layer in named_layers(module).items() if not isinstance(layer, IDLE)}
    handles = [layer.register_forward_hook(note(name)) for name, layer in looked_at.items()]  # type: ignore[arg-type]
    try:
        with torch.no_grad(), same_randomness():
            forward(module, x)
    finally:
        for handle in handles:
            handle.remove()
    often = {name for name in calls if calls.count(name) > 1}
    seen: dict[str, int] = {}
    named = []
    for name in calls:
        seen[name] = seen.get(name, 0) + 1
        named.append(f"{name}{CALL}{seen[name]}" if name in often else name)
    return named


def features(
    module: nn.Module,
    names: Sequence[str],
    x: Tensor,
    *,
    positions: bool = False,
    device: torch.device | None = None,
) -> Iterator[Features]:
    """Yield what each place gives for all samples, as many places at once as there is room for.

    Args:
        module: The network, in the mode in which it is looked at; it stays as it is.
        names: Layers, ``input`` among them for the samples themselves.
        x: The samples, shape (n, …).
        positions: Whether every token is a row of its own.
        device: Where the network is.

    Yields:
        One entry a place, in their order.

    Raises:
        DltuiError: If a layer gives nothing for a sample, or numbers that are not finite.
    """
    per = max(1, ROOM // (4 * WIDEST * max(1, x.shape[0] * (x.shape[1] if positions else 1))))
    for start in range(0, len(names), per):
        some = names[start : start + per]
        rows: dict[str, list[Tensor]] = {name: [] for name in some}
        shapes: dict[str, tuple[int, ...]] = {}
        notes: dict[str, str] = {}
        inner = [name for name in some if name != INPUT]
        for batch in torch.split(x, BATCH):
            there = batch.to(device) if device is not None else batch
            with torch.no_grad(), same_randomness():
                found = capture(module, inner, there) if inner else {}
            for name in some:
                given = batch if name == INPUT else found[name]
                shapes[name] = tuple(given.shape[1:])
                kept, notes[name] = _rows(name, given, batch, positions=positions)
                rows[name].append(kept)
        for name in some:
            values = torch.cat(rows.pop(name))
            if not bool(values.isfinite().all()):
                raise DltuiError(
                    f"{name} gives numbers that are not finite: expected finite weights and inputs"
                )
            kind = "" if name == INPUT else type(find_layer(module, name)).__name__
            yield Features(name, kind, shapes[name], values, notes[name])


def _rows(name: str, given: Tensor, batch: Tensor, *, positions: bool) -> tuple[Tensor, str]:
    """Return what a layer gave for a batch as rows of numbers, shape (rows, d), and what was done to it."""
    given = given.detach()
    if not given.is_floating_point():
        given = given.float()
    if positions:
        if given.ndim < 2 or given.shape[:2] != batch.shape[:2]:
            raise DltuiError(
                f"{name} gives {tuple(given.shape)} for {tuple(batch.shape)} tokens: expected a row a token"
            )
        return given.reshape(given.shape[0] * given.shape[1], -1).float().cpu(), ""
    if len(given) != len(batch):
        raise DltuiError(
            f"{name} gives {tuple(given.shape)} for {len(batch)} samples: expected a row a sample"
        )
    note = ""
    if given.ndim == 4 and given[0].numel() > WIDEST:
        grid = max(1, int((WIDEST / given.shape[1]) ** 0.5))
        size = (min(grid, given.shape[2]), min(grid, given.shape[3]))
        note = f"averaged from {given.shape[2]}×{given.shape[3]} to {size[0]}×{size[1]}"
        given = functional.adaptive_avg_pool2d(given, size)
    return given.flatten(1).float().cpu(), note

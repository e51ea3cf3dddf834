"""The classic radiance field (Mildenhall et al. 2020): one network of places and directions, both spelled in waves."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.scene.nerf.composite import Box, Found

SAMPLES = 64  # across the longest side of the box
EXTRA = 16  # samples of a ray where the first ones found light
PUBLISHED = 128  # the same of published networks, as they were trained


def waves(values: Tensor, octaves: int) -> Tensor:
    """Return values with their sines and cosines at 1, 2, 4 … radians a unit, shape (n, k·(1 + 2·octaves))."""
    parts = [values]
    for octave in range(octaves):
        parts += [torch.sin(values * 2.0**octave), torch.cos(values * 2.0**octave)]
    return torch.cat(parts, 1)


class MlpField(nn.Module):
    """Density and colour from a network; parts are named as in nerf-pytorch, whose checkpoints it takes.

    Args:
        box: Where it is looked through.
        depth: Layers that see places.
        width: Units of each.
        octaves: Of the waves of places.
        octaves_way: Of the waves of directions.
        skip: After which layer the place is shown again.
        outputs: Numbers of one last layer that knows no directions: three of colour, then density; 0 for the usual
            last layers, those of colour with directions.
        rectified: ``relu`` as published, or ``softplus``, which never dies.
    """

    kind, extra = "mlp", EXTRA
    across = 1
    coarse: MlpField | None  # a network of its own that places samples, as published ones have

    def __init__(
        self,
        box: Box,
        *,
        depth: int = 4,
        width: int = 64,
        octaves: int = 6,
        octaves_way: int = 2,
        skip: int = 2,
        outputs: int = 0,
        rectified: Literal["relu", "softplus"] = "softplus",
    ) -> None:
        super().__init__()
        self.coarse = None
        self.box, self.voxel = box, max(box.sides) / SAMPLES / 0.75
        self.octaves, self.octaves_way, self.skip, self.rectified = octaves, octaves_way, skip, rectified
        near, far = 3 * (1 + 2 * octaves), 3 * (1 + 2 * octaves_way)
        takes = [near] + [width + near * (i == skip) for i in range(depth - 1)]
        self.pts_linears = nn.ModuleList(nn.Linear(count, width) for count in takes)
        self.width, self.outputs = width, outputs
        if outputs:
            self.output_linear = nn.Linear(width, outputs)
            return
        self.views_linears = nn.ModuleList([nn.Linear(width + far, width // 2)])
        self.feature_linear = nn.Linear(width, width)
        self.alpha_linear = nn.Linear(width, 1)
        self.rgb_linear = nn.Linear(width // 2, 3)

    def settings(self) -> dict[str, int | str]:
        """Return what it is built by."""
        return {
            "depth": len(self.pts_linears),
            "width": self.width,
            "octaves": self.octaves,
            "octaves_way": self.octaves_way,
            "skip": self.skip,
            "outputs": self.outputs,
            "rectified": self.rectified,
        }

    def find(self, places: Tensor) -> Found:
        """Return the places themselves: the network asks no table."""
        return (places,)

    def thick(self, found: Found) -> Tensor:
        """Return σ of places, shape (n,), without a gradient."""
        with torch.no_grad():
            return self._sigma(self._hidden(*found))

    def coarsely(self, places: Tensor) -> Tensor:
        """Return σ at places by the coarse network, or by this one where there is no other."""
        other = self.coarse or self
        return other.thick(other.find(places))

    def lit(self, found: Found, way: Tensor) -> tuple[Tensor, Tensor]:
        """Return density, shape (n,), and colours 0…1, shape (n, 3), of places seen along unit directions."""
        hidden = self._hidden(*found)
        if self.outputs:
            return self._sigma(hidden), torch.sigmoid(self.output_linear(hidden)[:, :3])
        both = torch.cat([self.feature_linear(hidden), waves(way, self.octaves_way)], 1)
        colour = self.rgb_linear(functional.relu(self.views_linears[0](both)))
        return self._sigma(hidden), torch.sigmoid(colour)

    def _hidden(self, places: Tensor) -> Tensor:
        """Return what the layers that see places make of them."""
        spelled = waves(places, self.octaves)
        hidden = spelled
        for i, layer in enumerate(self.pts_linears):
            hidden = functional.relu(layer(hidden))
            if i == self.skip and i + 1 < len(self.pts_linears):
                hidden = torch.cat([spelled, hidden], 1)
        return hidden

    def _sigma(self, hidden: Tensor) -> Tensor:
        """Return densities."""
        raw = self.output_linear(hidden)[:, 3] if self.outputs else self.alpha_linear(hidden)[:, 0]
        return functional.relu(raw) if self.rectified == "relu" else 10 * functional.softplus(raw - 1)


def full_size(box: Box) -> MlpField:
    """Return a field as large as in the paper: 8 layers of 256, waves of 10 octaves of places and 4 of directions."""
    return MlpField(box, depth=8, width=256, octaves=10, octaves_way=4, skip=4)


def from_checkpoint(state: dict[str, Tensor], box: Box) -> MlpField:
    """Return the field of a state dictionary with the names of nerf-pytorch, or of tiny-NeRF, layer1 and so on.

    Args:
        state: ``network_fine_state_dict`` of a checkpoint, trained with directions of sight or without.
        box: Where it is looked through.

    Returns:
        The field.

    Raises:
        ValueError: If it is no such network.
    """
    state = _renamed(state)
    names = [name for name in state if name.startswith("pts_linears.") and name.endswith(".weight")]
    told = "output_linear.weight" in state or {"rgb_linear.weight", "alpha_linear.weight"} <= state.keys()
    first = state.get("pts_linears.0.weight")
    if not names or not told or first is None or first.ndim != 2:
        raise ValueError(
            "expected pts_linears, then alpha_linear, feature_linear, views_linears and rgb_linear, or output_linear"
        )
    outputs = len(state["output_linear.weight"]) if "output_linear.weight" in state else 0
    if outputs:  # nerf-pytorch makes layers for directions that it never asks then
        state = {name: part for name, part in state.items() if not name.startswith("views_linears.")}
        if outputs not in {4, 5}:
            raise ValueError(f"output_linear has {outputs} rows: expected red, green, blue and density")
    width, near = first.shape
    far = 3 if outputs else state["views_linears.0.weight"].shape[1] - width
    wide = [i - 1 for i in range(1, len(names)) if state[f"pts_linears.{i}.weight"].shape[1] != width]
    field = MlpField(
        box,
        depth=len(names),
        width=width,
        octaves=(near // 3 - 1) // 2,
        octaves_way=(far // 3 - 1) // 2,
        skip=wide[0] if wide else len(names),
        outputs=outputs,
        rectified="relu",
    )
    if not all(bool(part.isfinite().all()) for part in state.values()):
        raise ValueError("it holds NaN or infinite numbers: expected finite ones")
    try:
        field.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(" ".join(str(error).split()[6:])) from error  # what is missing or of another shape
    field.voxel, field.extra = math.dist(box.low, box.high) / SAMPLES / 0.75, PUBLISHED
    return field


def _renamed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return layer1, layer2 … of tiny-NeRF under the names of nerf-pytorch, anything else as it is."""
    numbers = sorted(
        int(name[5:-7])
        for name in state
        if name.startswith("layer") and name[5:-7].isdecimal() and name[-7:] == ".weight"
    )
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < 2:
        return state
    names = {number: f"pts_linears.{number - 1}" for number in numbers[:-1]} | {numbers[-1]: "output_linear"}
    return {
        f"{own}.{part}": state[f"layer{number}.{part}"]
        for number, own in names.items()
        for part in ("weight", "bias")
        if f"layer{number}.{part}" in state
    }

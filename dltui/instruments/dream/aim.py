"""What is climbed: a unit of a layer, one cell of its map, a whole layer, or the score of a class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dltui.data.takes import Takes
from dltui.errors import UsageError
from dltui.instruments.features.layers import capture
from dltui.objective.undisturbed import same_randomness


@dataclass(frozen=True)
class Aim:
    """One thing to climb for each picture of a batch.

    Attributes:
        layer: Whose output it is; empty for that of the network itself.
        units: A channel or a number of the output for each picture; empty for the whole layer, in one picture.
        cell: Row and column of a map, or None for all of them.
    """

    layer: str
    units: tuple[int, ...] = ()
    cell: tuple[int, int] | None = None

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return max(1, len(self.units))

    def words(self) -> str:
        """Return what is climbed, in a few words."""
        if not self.units:
            return "the mean square of the layer"
        if self.cell is not None:
            return f"the activation at row {self.cell[0]}, column {self.cell[1]}"
        return "the activation, its positive part averaged over the map"


def checked(aim: Aim, given: Tensor) -> None:
    """Refuse units and cells that a layer doesn't have.

    Args:
        aim: What shall be climbed.
        given: What the layer gives for one sample, shape (1, …).

    Raises:
        UsageError: If there is no such unit or cell.
    """
    name, axis = aim.layer or "the output", unit_axis(given)
    count = given.shape[axis]
    for unit in aim.units:
        if not 0 <= unit < count:
            raise UsageError(
                f"{name} has {count} units, so there is no unit {unit}: expected 0 to {count - 1}"
            )
    if aim.cell is None:
        return
    if given.ndim != 4:
        raise UsageError(f"{name} gives {tuple(given.shape[1:])}, no map: leave out --cell")
    high, wide = given.shape[2:]
    if not (0 <= aim.cell[0] < high and 0 <= aim.cell[1] < wide):
        raise UsageError(
            f"the maps of {name} have {high} rows and {wide} columns, so there is no cell {aim.cell[0]},{aim.cell[1]}"
        )


def unit_axis(given: Tensor) -> int:
    """Return along which axis the units of an output lie: channels of maps, the last one of vectors."""
    return 1 if given.ndim == 4 else given.ndim - 1


def scores(aim: Aim, given: Tensor) -> Tensor:
    """Return what is climbed, one number a picture.

    Over a map it is the mean of the positive part. After a ReLU that is the mean itself; of a linear layer it is what
    the ReLU behind it would let through, where the mean would be blind: the sum of a linear map doesn't depend on where
    anything is.

    Args:
        aim: What is climbed.
        given: What the layer gives, shape (n, …).

    Returns:
        Shape (n,).
    """
    if not aim.units:
        return given.flatten(1).square().mean(1)
    own = torch.arange(len(given), device=given.device)
    units = torch.tensor(aim.units, device=given.device)
    if given.ndim != 4:
        picked = given.flatten(1, -2).mean(1) if given.ndim > 2 else given
        return picked[own, units]
    maps = given[own, units]
    if aim.cell is not None:
        return maps[:, aim.cell[0], aim.cell[1]]
    return maps.clamp_min(0).flatten(1).mean(1)


def drive(aim: Aim, given: Tensor) -> Tensor:
    """Return what is climbed until something of ``scores`` is felt: the same without its flat parts.

    Args:
        aim: What is climbed.
        given: What the layer gives, shape (n, …).

    Returns:
        Shape (n,).
    """
    if given.ndim != 4 or not aim.units or aim.cell is not None:
        return scores(aim, given)
    maps = given[torch.arange(len(given), device=given.device), torch.tensor(aim.units, device=given.device)]
    return maps.flatten(1).amax(1)


def units_of(module: nn.Module, takes: Takes, layer: str) -> int:
    """Return how many units a layer has.

    Args:
        module: The network, which is left as found.
        takes: What it takes.
        layer: Its name; empty for the network's own output.

    Returns:
        Channels of maps, or numbers of vectors.
    """
    where = next(iter(module.parameters()), torch.zeros(0)).device
    with torch.no_grad(), same_randomness():
        given = capture(module, [layer], torch.zeros(1, *takes.shape, device=where))[layer]
    return int(given.shape[unit_axis(given)])

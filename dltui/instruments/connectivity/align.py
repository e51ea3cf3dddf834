"""Bringing the units of one network into the order of another's."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dltui.errors import DltuiError, UsageError
from dltui.instruments.connectivity.derive import derive
from dltui.instruments.connectivity.matching import match
from dltui.instruments.planes.apart import apart
from dltui.objective import Objective, Twin, same_randomness
from dltui.progress import Report, silent

TRIED = 256  # samples on which the aligned network is compared with itself
SAME = 1e-3  # relative difference of outputs that rounding may make


@dataclass(frozen=True, eq=False)
class Aligned:
    """A network with its units in other places.

    Attributes:
        module: The network; it computes the same function as before.
        groups: How many groups of units were free to be permuted.
        units: How many units they hold.
        moved: How many of these stand in another place now.
        gain: Σ⟨W_A, W_B⟩ over the weights that follow.
        before: The same before.
        difference: Largest difference of an output from what it was, over the largest output.
    """

    module: nn.Module
    groups: int
    units: int
    moved: int
    gain: float
    before: float
    difference: float

    def document(self) -> dict[str, Any]:
        """Return the numbers, with what they mean."""
        return {
            "method": "weight matching, Ainsworth et al. 2022 (git re-basin), algorithm 1",
            "groups": self.groups,
            "units": self.units,
            "moved": self.moved,
            "inner_product": self.gain,
            "inner_product_before": self.before,
            "difference": self.difference,
        }


def align(
    objective: Objective,
    other: nn.Module,
    title: str = "the other network",
    *,
    seed: int = 0,
    report: Report = silent,
) -> Aligned:
    """Put the units of another network where their partners stand in the model of an objective.

    Args:
        objective: The loss of the model.
        other: A network of the same architecture.
        title: What to call it in an error.
        seed: Seed of the order in which groups are matched.
        report: Called after every sweep over the groups.

    Returns:
        A copy of the other network, aligned.

    Raises:
        DltuiError: If it is of another architecture, the forward pass can't be traced, or has no units to permute.
    """
    home = objective.twin()
    found = apart(objective, home, other, title)
    x = objective.inputs[:TRIED]
    with same_randomness():
        spec = derive(home, x[:2])
    if not spec.groups():
        raise UsageError(
            f"no units of {type(objective.model).__name__} can be permuted without a change of its function; expected "
            "hidden layers in a row; leave --align out"
        )
    names = [slot.name for slot in home.slots]
    mine, theirs = home.module.state_dict(), found.twin.module.state_dict()
    before = _outputs(found.twin, x)
    matched = match(spec, mine, theirs, names=names, seed=seed, report=report)
    found.twin.module.load_state_dict(spec.permuted(theirs, matched.chosen))
    after = _outputs(found.twin, x)
    difference = float((after - before).abs().max() / before.abs().max().clamp(min=1e-30))
    if not difference <= SAME:
        raise DltuiError(
            f"permuting the units of {title} changed its outputs by {difference:.2g} of the largest one; expected the "
            "same function; leave --align out"
        )
    module = copy.deepcopy(other)
    module.load_state_dict(spec.permuted(other.state_dict(), matched.chosen))
    order = [(torch.as_tensor(p) != torch.arange(len(p))).sum().item() for p in matched.chosen.values()]
    return Aligned(
        module=module,
        groups=len(matched.chosen),
        units=sum(group.size for group in matched.chosen),
        moved=int(sum(order)),
        gain=matched.gain,
        before=matched.before,
        difference=difference,
    )


def _outputs(twin: Twin, x: Tensor) -> Tensor:
    """Return the outputs of a copy for some inputs."""
    with torch.inference_mode():
        found: Tensor = twin.module(x).double() if x.device.type != "mps" else twin.module(x)
    return found

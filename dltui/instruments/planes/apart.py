"""Another network of the same architecture: how its weights and running statistics differ from those at hand."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from dltui.checkpoints.fit import check_fit
from dltui.errors import DltuiError
from dltui.instruments.planes.statistics import floating
from dltui.objective import Objective, Twin


@dataclass(frozen=True, eq=False)
class Apart:
    """Another network as seen from the one at hand.

    Attributes:
        title: Where its weights came from.
        weights: θ_B − θ*, shape (n,), float64.
        buffers: How its running statistics differ, by name.
        twin: A private copy of it.
    """

    title: str
    weights: Tensor
    buffers: dict[str, Tensor]
    twin: Twin


def apart(objective: Objective, home: Twin, other: nn.Module, title: str) -> Apart:
    """Return how another network differs from the model of an objective.

    Args:
        objective: The loss of the model.
        home: A copy of the model.
        other: The other network.
        title: Where its weights came from, for the errors.

    Returns:
        The difference.

    Raises:
        DltuiError: If it is of another architecture, or differs where nothing can move.
    """
    check_fit(home.module, other.state_dict(), title)
    twin = objective.twin()
    twin.module.load_state_dict(other.state_dict())
    same_elsewhere(home, twin.module, title)
    if not bool(twin.flat.isfinite().all()):
        raise DltuiError(f"the weights of {title} hold NaN or infinite numbers; expected finite ones")
    still = floating(home.module)
    wide = torch.float32 if objective.device.type == "mps" else torch.float64
    return Apart(
        title=title,
        weights=twin.flat.to(wide) - home.flat.to(wide),
        buffers={name: buffer - still[name] for name, buffer in floating(twin.module).items()},
        twin=twin,
    )


def same_elsewhere(home: Twin, module: nn.Module, title: str) -> None:
    """Refuse another network that differs in what no line or plane moves: frozen and whole numbers.

    Args:
        home: A copy of the model at hand.
        module: The other network, of the same architecture.
        title: Where its weights came from, for the error.

    Raises:
        DltuiError: If it does; the first such tensor is named.
    """
    moving = {slot.name for slot in home.slots}
    mine, theirs = home.module.state_dict(), module.state_dict()
    parameters = dict(module.named_parameters(remove_duplicate=False))
    shared = {id(p) for name, p in parameters.items() if name in moving}
    for name, tensor in theirs.items():
        if name in moving or name.endswith("num_batches_tracked") or id(parameters.get(name)) in shared:
            continue
        if tensor.is_floating_point() and name not in parameters:
            continue
        if not torch.equal(mine[name], tensor):
            kind = "frozen (requires_grad is False)" if tensor.is_floating_point() else "of whole numbers"
            raise DltuiError(
                f"{title} differs from the model in {name}, which is {kind} and can't move along a line; expected the "
                "same values in both"
            )

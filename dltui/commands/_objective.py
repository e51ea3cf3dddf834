"""From the words of a command line to the objective that an instrument looks at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from torch.nn import functional

from dltui.checkpoints import open_model
from dltui.commands._frame import Common
from dltui.data import load
from dltui.device import pick_device
from dltui.errors import unknown
from dltui.objective import Loss, Mode, Objective
from dltui.spelling import load_function

if TYPE_CHECKING:
    import torch

    from dltui.checkpoints import OpenedModel
    from dltui.data import Dataset

LOSSES: dict[str, Loss] = {
    "cross-entropy": functional.cross_entropy,
    "mse": functional.mse_loss,
    "l1": functional.l1_loss,
    "huber": functional.huber_loss,
}


def open_objective(
    model: str,
    data: str,
    weights: Path | None,
    common: Common,
    *,
    part: str,
    samples: int | None,
    double: bool = False,
    loss: str | None = None,
    mode: Mode = "eval",
) -> Objective:
    """Return the loss of the named model on the named data.

    Args:
        model: How the model is spelled.
        data: How the data set is spelled.
        weights: A file of weights to put in.
        common: Device and seed, and where to say which weights are looked at.
        part: ``train`` or ``test``.
        samples: How many samples to draw, or None for all.
        double: Compute in float64.
        loss: How a loss is spelled, or None for the usual one.
        mode: ``eval`` or ``train``.

    Returns:
        The objective.
    """
    opened, dataset, device = _opened(model, data, weights, common)
    wished = None if loss is None else spelled_loss(loss)
    return _bound(
        opened, dataset, device, common, part=part, samples=samples, double=double, loss=wished, mode=mode
    )


def open_both(
    model: str, data: str, weights: Path | None, common: Common, *, samples: int | None
) -> tuple[Objective, Objective]:
    """Return the loss of the named model on both parts of the named data.

    Args:
        model: How the model is spelled.
        data: How the data set is spelled.
        weights: A file of weights to put in.
        common: Device and seed, and where to say which weights are looked at.
        samples: How many samples to draw of each part, or None for all; of a part that has fewer, all.

    Returns:
        The one on the training part, and the one on the held-out part.
    """
    opened, dataset, device = _opened(model, data, weights, common)
    few = samples if samples is not None and samples < len(dataset.x_test) else None
    train = _bound(opened, dataset, device, common, part="train", samples=samples)
    return train, _bound(opened, dataset, device, common, part="test", samples=few)


def _opened(
    model: str, data: str, weights: Path | None, common: Common
) -> tuple[OpenedModel, Dataset, torch.device]:
    """Return model, data and device, and say which weights are looked at."""
    device = pick_device(common.device)
    dataset = load(data, seed=common.seed)
    opened = open_model(model, dataset, weights=weights, seed=common.seed)
    common.note(f"{opened.title}: {opened.weights_note}")
    if not any(parameter.requires_grad for parameter in opened.module.parameters()):
        common.note(f"every parameter of {opened.title} is frozen: all of them are moved")
    return opened, dataset, device


def _bound(
    opened: OpenedModel,
    dataset: Dataset,
    device: torch.device,
    common: Common,
    *,
    part: str,
    samples: int | None,
    double: bool = False,
    loss: Loss | None = None,
    mode: Mode = "eval",
) -> Objective:
    """Return the loss on one part."""
    return Objective.of(
        opened.module,
        dataset,
        part=part,
        device=device,
        samples=samples,
        title=opened.title,
        loss=loss,
        double=double,
        seed=common.seed,
        mode=mode,
    )


def picked(devices: str | None) -> list[torch.device]:
    """Return the devices that a list with commas names, none for None."""
    return [pick_device(device.strip()) for device in devices.split(",")] if devices else []


def spelled_loss(spec: str) -> Loss:
    """Return the loss that a word names.

    Args:
        spec: ``cross-entropy``, ``mse``, ``l1``, ``huber``, or ``package.module:function`` of a function
            (outputs, targets) -> scalar.

    Returns:
        The loss.

    Raises:
        UsageError: If nothing is spelled that way.
    """
    if ":" in spec:
        return cast("Loss", load_function("loss", spec))
    if spec not in LOSSES:
        raise unknown("loss", spec, [*LOSSES, "package.module:function"])
    return LOSSES[spec]

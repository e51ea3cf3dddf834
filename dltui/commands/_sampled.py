"""From the words of a command line to a model and the samples that it is looked at with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from dltui.checkpoints.live import LiveModel, open_live
from dltui.commands._frame import Common
from dltui.data import Dataset, load
from dltui.device import pick_device
from dltui.errors import UsageError


@dataclass(frozen=True)
class Sampled:
    """What is looked at.

    Attributes:
        live: The model.
        dataset: Whose samples go through it.
        device: Where.
    """

    live: LiveModel
    dataset: Dataset
    device: torch.device

    @property
    def title(self) -> str:
        """What to call it, such as ``lenet on digits``."""
        return f"{self.live.title} on {self.dataset.name}"


def sampled(model: str, data: str | None, weights: Path | None, common: Common) -> Sampled:
    """Return the named model and data; what the model was made for where no data are named.

    Args:
        model: How the model is spelled.
        data: How the data set is spelled, or None.
        weights: A file of weights to put in.
        common: Device and seed, and where to say which weights are looked at.

    Returns:
        Both.

    Raises:
        UsageError: If nobody knows what the model was made for.
    """
    live = open_live(model, weights=weights, data=data, seed=common.seed)
    source = data or live.data
    if not source:
        raise UsageError(
            f"say what samples {live.title} is looked at with: --data digits, or --data file.npz"
        )
    common.note(f"{live.title}: {live.weights_note}")
    return Sampled(live, load(source, seed=common.seed), pick_device(common.device))

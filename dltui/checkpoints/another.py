"""Another network of the architecture of one that is open."""

from __future__ import annotations

import copy
from pathlib import Path

from torch import nn

from dltui.checkpoints.fit import check_fit, fit_weights
from dltui.checkpoints.open import open_model
from dltui.checkpoints.read import read_weights
from dltui.data import Dataset
from dltui.models.spelled import told_apart
from dltui.runs.find import find_snapshot


def open_another(spec: str, module: nn.Module, dataset: Dataset, *, seed: int = 0) -> tuple[str, nn.Module]:
    """Return another network of the same architecture.

    Args:
        spec: ``run:NAME@step=300`` and the like, a file of weights (of dltui's own or any other), or whatever else
            names a model.
        module: The network that is open already.
        dataset: What both are made for.
        seed: Seed of fresh weights.

    Returns:
        Where its weights came from in a few words, and the network.

    Raises:
        UsageError: If nothing is spelled that way.
        DltuiError: If weights can't be read, or are those of another architecture.
    """
    spelled = told_apart(spec)
    if spelled not in {"run", "file"}:
        opened = open_model(spec, dataset, seed=seed)
        check_fit(module, opened.module.state_dict(), spec)
        return f"{spec} ({opened.weights_note})", opened.module
    path, title = Path(spec).expanduser(), Path(spec).name
    if spelled == "run":
        snapshot = find_snapshot(spec)
        path, title = snapshot.path, f"run {snapshot.run.name}, step {snapshot.step}"
    other = copy.deepcopy(module)
    fit_weights(other, read_weights(path).state, title)
    return title, other

"""What ``dltui train`` does: open data and model, begin a run, and fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dltui.checkpoints import open_model
from dltui.data import load
from dltui.device import pick_device
from dltui.progress import Report, silent
from dltui.results.training import TrainingHistory
from dltui.runs import new_run
from dltui.training.fit import fit
from dltui.training.settings import recipe


def train(
    model: str,
    data: str,
    *,
    wishes: Mapping[str, Any] | None = None,
    weights: Path | None = None,
    seed: int = 0,
    device: str = "auto",
    cpu_threads: int = 1,
    save_every: int = 1,
    keep_every: int | None = None,
    command: str = "",
    report: Report = silent,
) -> TrainingHistory:
    """Train a model on data as a new run.

    Args:
        model: How the model is spelled.
        data: How the data are spelled.
        wishes: Settings by name that replace those of the model's recipe; None leaves the recipe's.
        weights: A file of weights to start from.
        seed: Seed of made data, fresh weights and the order of batches.
        device: Where to compute.
        cpu_threads: Threads of an operation on the CPU.
        save_every: Epochs between two checkpoints.
        keep_every: Steps between two checkpoints besides those; none when None.
        command: The command line, for the run's card.
        report: Called after every step.

    Returns:
        Loss and accuracy by epoch; ``run`` names the run.

    Raises:
        UsageError: If model, data, device or a setting is spelled wrongly; no run is begun then.
        DltuiError: If the loss stops being finite or files can't be written.
    """
    place = pick_device(device)
    dataset = load(data, seed=seed)
    opened = open_model(model, dataset, weights=weights, seed=seed)
    spelled = opened.title  # of a file or another run, the model in it
    settings = recipe(spelled).changed(**(wishes or {}))
    kept = settings.plain() | {
        "weights": opened.weights_note,
        "device": str(place),
        "cpu_threads": cpu_threads,
    }
    run = new_run(model=spelled, data=data, settings=kept, seed=seed, command=command)
    return fit(
        opened.module,
        dataset,
        settings,
        title=f"{spelled} on {data}",
        seed=seed,
        device=place,
        cpu_threads=cpu_threads,
        run=run,
        save_every=save_every,
        keep_every=keep_every,
        report=report,
    )

"""What a model makes at a moment of its training, to be looked at: text that goes on, pictures with its answers."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from dltui.data import Dataset
from dltui.figures import Figure, Images, Tokens
from dltui.files import flush
from dltui.results.gallery import Gallery
from dltui.runs.folder import SAMPLES, Run
from dltui.training.sampling import sample

PICTURES = 12  # held-out pictures that are answered


def make_sample(
    module: nn.Module, dataset: Dataset, *, device: torch.device, seed: int
) -> tuple[Figure, str] | None:
    """Return what the model makes, as a figure and in words.

    Args:
        module: The model; its mode and torch's generators are left as found.
        dataset: What it learns; tells what could be made.
        device: Where it is.
        seed: Seed of the draws.

    Returns:
        None where there is nothing to show, as for points in the plane.
    """
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad():
            if dataset.reads_tokens:
                written = sample(module, dataset, seed)
                return written.shown[0], str(written.numbers["text"])
            if len(dataset.input_shape) == 3 and dataset.task == "classes":
                return _pictures(module, dataset, device)
            return None
    finally:
        module.train(was_training)


def keep_sample(run: Run, step: int, figure: Figure) -> str:
    """Keep a sample in the run's folder and return its place there.

    Args:
        run: The run.
        step: Optimiser steps made.
        figure: What is shown.

    Returns:
        The file, relative to the folder.
    """
    name = f"{SAMPLES}/step-{step:06d}-{'text' if isinstance(figure, Tokens) else 'pictures'}.safetensors"
    path = run.folder / name
    Gallery(title=f"{run.model} on {run.data}, step {step}", shown=(figure,)).save(path)
    flush(path.parent)
    return name


def _pictures(module: nn.Module, dataset: Dataset, device: torch.device) -> tuple[Figure, str]:
    """Return the first held-out pictures with what the model takes them for."""
    x = np.asarray(dataset.x_test[:PICTURES])
    given = next(module.parameters())
    answers = module(torch.from_numpy(x).to(device, given.dtype)).argmax(1).tolist()
    rights = dataset.y_test[:PICTURES].tolist()
    names = [
        dataset.classes[a] if a == right else f"{dataset.classes[a]} (is {dataset.classes[right]})"
        for a, right in zip(answers, rights, strict=True)
    ]
    span = float(x.max() - x.min()) or 1.0
    bright = (x - x.min()) / span
    pixels = bright[:, 0] if x.shape[1] == 1 else bright[:, :3].transpose(0, 2, 3, 1)
    hits = sum(a == right for a, right in zip(answers, rights, strict=True))
    return Images(title="What it sees", pixels=pixels, names=tuple(names)), f"{hits} of {len(x)} right"

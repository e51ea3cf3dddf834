"""A model that can be run on one input: with its weights, and with what it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from dltui.checkpoints.first_layer import guesses, starts_with_tokens
from dltui.checkpoints.fit import fit_weights
from dltui.checkpoints.gguf import open_gguf
from dltui.checkpoints.huggingface import open_folder
from dltui.checkpoints.open import build_model, open_model
from dltui.checkpoints.pretrained import PRETRAINED, open_pretrained
from dltui.checkpoints.read import About, read_weights
from dltui.data import Dataset, load
from dltui.data.takes import COLOURS, Letters, Takes, Tokenizer, takes_of
from dltui.device import seeded
from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models.spelled import USUAL_DATA, reads_tokens, suits, told_apart
from dltui.objective.undisturbed import same_randomness
from dltui.runs.find import PREFIX, find_run

__all__ = ["Letters", "LiveModel", "Takes", "Tokenizer", "open_live", "takes_of"]


@dataclass(frozen=True, eq=False)
class LiveModel:
    """A model, ready to be run on one input.

    Attributes:
        module: The model, on the CPU, in evaluation mode.
        title: What to call it, such as ``lenet``.
        weights_note: Where its weights came from, such as ``random weights, seed 0``.
        takes: What one input of it is.
        data: How the data are spelled that it was made for; empty where that isn't known.
    """

    module: nn.Module
    title: str
    weights_note: str
    takes: Takes
    data: str = ""


@dataclass(frozen=True)
class _Sample:
    """What a model is built for."""

    input_shape: tuple[int, ...]
    outputs: int


def open_live(spec: str, *, weights: Path | None = None, data: str | None = None, seed: int = 0) -> LiveModel:
    """Return the model that ``spec`` names, with what it takes.

    Args:
        spec: ``lenet`` or ``mlp:width=128`` (fresh weights), ``weights.safetensors`` that dltui wrote, ``run:NAME``,
            ``package.module:function``, a folder of Hugging Face's, a GGUF file, or the name of a model with weights
            of others, such as ``mobilenet-v2``.
        weights: A file of weights to put in.
        data: The data whose samples it takes; where nothing is said, those that the run, the file or the name tells.
        seed: Seed of fresh weights and made data. The caller's generators are left as found.

    Returns:
        The model.

    Raises:
        UsageError: If nothing is spelled that way, or what the model takes can't be found out.
        DltuiError: If weights can't be read or don't fit.
    """
    if spec in PRETRAINED:
        return _with_weights(open_pretrained(spec), weights)
    spelled = told_apart(spec)
    if spelled == "pretrained":
        return _with_weights(_pretrained(spec, data), weights)
    if data is not None:
        return _for_data(spec, load(data, seed=seed), weights, seed)
    if spelled == "run":
        run = find_run(spec.removeprefix(PREFIX).partition("@")[0])
        return _for_data(spec, load(run.data, seed=seed), weights, seed)
    if spelled == "file":
        return _from_file(Path(spec).expanduser(), weights, seed)
    if spelled == "function":
        return _from_function(spec, weights, seed)
    return _for_data(spec, load(suits(spec), seed=seed), weights, seed)


def _pretrained(spec: str, data: str | None) -> LiveModel:
    """Return the model of a Hugging Face folder or a GGUF file, which says itself what it takes."""
    if data is not None:
        raise UsageError(f"{spec} tells itself what it takes: leave out --data {data}")
    path = Path(spec).expanduser()
    found = open_folder(path) if path.is_dir() else open_gguf(path)
    return LiveModel(found.module, found.title, found.note, found.takes)


def _with_weights(live: LiveModel, weights: Path | None) -> LiveModel:
    """Return a model with other weights put in, where there are some."""
    if weights is None:
        return live
    fit_weights(live.module, read_weights(weights).state, weights)
    return replace(live, weights_note=str(weights))


def _for_data(spec: str, dataset: Dataset, weights: Path | None, seed: int) -> LiveModel:
    """Return a model for the samples of a data set."""
    opened = open_model(spec, dataset, weights=weights, seed=seed)
    return LiveModel(opened.module, opened.title, opened.weights_note, takes_of(dataset), data=dataset.name)


def _from_file(path: Path, weights: Path | None, seed: int) -> LiveModel:
    """Return the model that a file of dltui's own names; its usual data tell the classes where the shapes agree."""
    about = read_weights(path).about
    dataset = load(USUAL_DATA if about is None else suits(about.model), seed=seed)
    if (
        about is None
        or about.model.partition(":")[0] not in MODELS
        or (dataset.input_shape, dataset.outputs) == (about.input_shape, about.outputs)
    ):
        return _for_data(str(path), dataset, weights, seed)
    module = build(about.model, about.input_shape, about.outputs).eval()
    fit_weights(module, read_weights(path).state, path)
    return _with_weights(LiveModel(module, about.model, str(path), _takes_about(about)), weights)


def _takes_about(about: About) -> Takes:
    """Return what a model takes of which only the shapes are known."""
    if reads_tokens(about.model):
        return Takes("tokens", about.input_shape)
    return _measurements(about.input_shape)


def _measurements(shape: tuple[int, ...]) -> Takes:
    """Return that a model takes pictures, or any other numbers."""
    pictures = len(shape) == 3 and shape[0] in COLOURS
    return Takes("image" if pictures else "array", shape)


def _from_function(spec: str, weights: Path | None, seed: int) -> LiveModel:
    """Return the model that the user's own function builds, and find out by trying what it takes."""
    usual = load(USUAL_DATA)
    with seeded(seed):
        module = build_model(spec, _Sample(usual.input_shape, usual.outputs)).cpu().eval()
    tokens = starts_with_tokens(module)
    shapes = [] if tokens else [usual.input_shape]
    for shape in [*shapes, *(shape[1:] for shape, _ in guesses(module))]:
        if _can_take(module, shape, torch.int64 if tokens else torch.float32):
            known = takes_of(usual) if shape == usual.input_shape else None
            takes = Takes("tokens", shape) if tokens else known or _measurements(shape)
            return _with_weights(LiveModel(module, spec, f"random weights, seed {seed}", takes), weights)
    raise UsageError(f"can't find out what {spec} takes: tell it by data of that shape, --data file.npz")


def _can_take(module: nn.Module, shape: tuple[int, ...], dtype: torch.dtype) -> bool:
    """Return whether a model runs on a sample of a shape."""
    try:
        with same_randomness(), torch.no_grad():
            module(torch.zeros((1, *shape), dtype=dtype))
    except (RuntimeError, ValueError, IndexError, TypeError, UsageError):
        return False
    return True

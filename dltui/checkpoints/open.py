"""From how a model is spelled to the model with its weights."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import nn

from dltui.checkpoints.fit import fit_weights
from dltui.checkpoints.read import About, read_weights
from dltui.data import Dataset
from dltui.device import seeded
from dltui.errors import DltuiError, UsageError
from dltui.models import MODELS, build
from dltui.models.spelled import reads_tokens, suits, told_apart
from dltui.runs.find import find_snapshot
from dltui.spelling import call_function, load_function


@dataclass(frozen=True, eq=False)
class OpenedModel:
    """A model, ready to be looked at.

    Attributes:
        module: The model, on the CPU, in evaluation mode.
        title: What to call it, such as ``lenet``.
        weights_note: Where its weights came from, such as ``random weights, seed 0``.
    """

    module: nn.Module
    title: str
    weights_note: str


def open_model(spec: str, dataset: Dataset, *, weights: Path | None = None, seed: int = 0) -> OpenedModel:
    """Return the model that ``spec`` names, made for the samples of ``dataset``.

    Args:
        spec: ``lenet`` or ``mlp:width=128`` (fresh weights), ``weights.safetensors`` that dltui wrote,
            ``package.module:function``, or ``run:NAME``, ``run:latest``, ``run:NAME@step=300``, ``run:NAME@best``.
        dataset: Tells the shape of a sample and how many numbers come out.
        weights: A file of weights to put in.
        seed: Seed of fresh weights. The caller's generators are left as found.

    Returns:
        The model.

    Raises:
        UsageError: If nothing is spelled that way, or the model can't take such samples.
        DltuiError: If weights can't be read or don't fit.
    """
    with seeded(seed):
        opened = _open(spec, dataset, seed)
    if weights is not None:
        fit_weights(opened.module, read_weights(weights).state, weights)
        opened = OpenedModel(opened.module, opened.title, str(weights))
    opened.module.eval()
    return opened


class Sample(Protocol):
    """What is asked of data before a model is built for them; a ``Dataset`` knows it."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample."""

    @property
    def outputs(self) -> int:
        """How many numbers the model must give for one sample."""


def build_model(spec: str, sample: Sample) -> nn.Module:
    """Return the model of a name or of the user's own function, with fresh weights, in training mode.

    Args:
        spec: ``lenet`` or ``mlp:width=128``, or ``package.module:function``.
        sample: Tells the shape of a sample and how many numbers come out.

    Returns:
        The model, on torch's default device.

    Raises:
        UsageError: If nothing is spelled that way, or the model can't take such samples.
        DltuiError: If the user's function fails.
    """
    return _fresh(spec, sample)


def _open(spec: str, dataset: Dataset, seed: int) -> OpenedModel:
    """Tell the spellings apart."""
    spelled = told_apart(spec)
    if spelled == "run":
        return _from_run(spec, dataset)
    if spelled == "file":
        return _from_file(Path(spec).expanduser(), dataset)
    if spelled == "pretrained":
        raise UsageError(
            f"{spec} is pretrained on data of its own, not on {dataset.name}: look into it by dltui attention or "
            "dltui features, with --input"
        )
    if spelled == "name":
        _same_kind(spec, dataset)
    return OpenedModel(_fresh(spec, dataset), spec, f"random weights, seed {seed}")


def _same_kind(spec: str, dataset: Dataset) -> None:
    """Refuse tokens for a network of measurements, and the other way round."""
    word, reads = spec.partition(":")[0], reads_tokens(spec)
    if reads and not dataset.reads_tokens:
        raise UsageError(
            f"{word} reads tokens, but {dataset.name} holds measurements: try --data {suits(spec)}"
        )
    if dataset.reads_tokens and not reads:
        fitting = "gpt or lstm" if dataset.task == "tokens" else "makemore"
        raise UsageError(f"{word} reads measurements, but {dataset.name} holds tokens: try {fitting}")


def _fresh(spec: str, dataset: Sample) -> nn.Module:
    """Build a registered model, or call the user's own function."""
    if told_apart(spec) == "function":
        return _from_function(spec, dataset)
    return build(spec, dataset.input_shape, dataset.outputs)


def _from_function(spec: str, dataset: Sample) -> nn.Module:
    """Call the user's function, with the shapes when it takes two arguments or names them."""
    function = load_function("model", spec)
    made = call_function(spec, function, *_arguments(spec, function, dataset))
    if not isinstance(made, nn.Module):
        raise DltuiError(f"{spec} returned a {type(made).__name__}: expected a torch.nn.Module")
    return made


def _arguments(spec: str, function: object, dataset: Sample) -> tuple[object, ...]:
    """Return nothing for a function without required arguments, the shapes for one with two."""
    assert callable(function)
    given = (dataset.input_shape, dataset.outputs)
    try:
        signature = inspect.signature(function)
    except ValueError:
        return ()
    for arguments in (given, ()) if "input_shape" in signature.parameters else ((), given):
        try:
            signature.bind(*arguments)
        except TypeError:
            continue
        return arguments
    raise UsageError(f"{spec}{signature} can't be called: expected no arguments, or (input_shape, outputs)")


def _from_file(path: Path, dataset: Dataset) -> OpenedModel:
    """Build the model that a file of dltui's own names, and put its weights in."""
    read = read_weights(path)
    if read.about is None:
        raise UsageError(
            f"{path} doesn't say which model its weights are of: name the model, then --weights {path}"
        )
    if read.about.model.partition(":")[0] not in MODELS:
        # Calling a function that a file names would let a stranger's file run code.
        raise UsageError(
            f"{path} holds weights of {read.about.model}, which is not a model of dltui: to use that code, "
            f"try {read.about.model} --weights {path}"
        )
    _same_shapes(str(path), read.about, dataset)
    module = build(read.about.model, dataset.input_shape, dataset.outputs)
    fit_weights(module, read.state, path)
    made = f"{path}, run {read.about.run}, step {read.about.step}" if read.about.run else str(path)
    return OpenedModel(module, read.about.model, made)


def _from_run(spec: str, dataset: Dataset) -> OpenedModel:
    """Build the model that a run trained, and put a checkpoint's weights in."""
    snapshot = find_snapshot(spec)
    read = read_weights(snapshot.path)
    if read.about is not None:
        _same_shapes(f"the run {snapshot.run.name}", read.about, dataset)
    module = _fresh(snapshot.run.model, dataset)
    fit_weights(module, read.state, snapshot.path)
    return OpenedModel(module, snapshot.run.model, f"run {snapshot.run.name}, step {snapshot.step}")


def _same_shapes(origin: str, about: About, dataset: Dataset) -> None:
    """Refuse data of other shapes than the weights were made for."""
    trained, given = (about.input_shape, about.outputs), (dataset.input_shape, dataset.outputs)
    if trained != given:
        raise DltuiError(
            f"{origin} maps samples of shape {trained[0]} to {trained[1]} outputs, but {dataset.name} has samples of "
            f"shape {given[0]} and needs {given[1]}: choose the data it was trained on with --data"
        )

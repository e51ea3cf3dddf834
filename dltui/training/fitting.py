"""Training a model that is open already."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.device import threads
from dltui.progress import Report, silent
from dltui.results.training import TrainingHistory
from dltui.runs.folder import Run
from dltui.runs.follow import read_digest
from dltui.runs.history import EVAL
from dltui.runs.metrics import Row
from dltui.training.engine import Engine, make_engine
from dltui.training.loop import Loop, Probe
from dltui.training.recipe import Recipe
from dltui.training.record import recording
from dltui.training.seeding import all_seeded
from dltui.training.signals import Signals
from dltui.training.telling import history_so_far, start_row


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where an earlier attempt at a run had come.

    Attributes:
        step: Steps that it had made.
        weights: Tensors by name.
        state: What was kept beside them.
    """

    step: int
    weights: dict[str, Tensor]
    state: dict[str, Any]


def fit(
    module: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    title: str = "",
    device: torch.device | str = "cpu",
    engine: Engine | None = None,
    cpu_threads: int = 1,
    run: Run | None = None,
    start: Checkpoint | None = None,
    probe: Probe | None = None,
    report: Report = silent,
) -> TrainingHistory:
    """Train ``module`` on the training part of ``dataset`` as a recipe says, and judge it on the held-out part.

    The same recipe gives the same weights to the last bit on the same CPU with as many threads, whether it was
    interrupted or not. Generators of Python, numpy and torch are left as found; the model stays on the device, in the
    mode it had.

    Args:
        module: The model; its weights are changed.
        dataset: What to learn.
        recipe: How; its model and data are not opened here.
        title: What to call the result; the class and the data's name when empty.
        device: Where to compute, without an ``engine``.
        engine: Where to compute, with which precision and processes.
        cpu_threads: Threads of an operation on the CPU. One is the fastest for small models (two on two busy cores
            took ten times as long), and the last bits of the weights depend on it.
        run: Where to keep metrics and checkpoints; nothing is kept when None. Only the first process has one.
        start: Where an earlier attempt had come; a fresh start when None.
        probe: What is measured every ``probe_every`` steps.
        report: Called after every step with the steps done and in all, after every evaluation with the history so far.

    Returns:
        Loss and accuracy by evaluation.

    Raises:
        Cancelled: If it was asked to stop; with a run, the state is kept.
        DltuiError: If the loss stops being finite, memory runs out, or files can't be written.
    """
    engine = engine or make_engine(device=str(device), precision=recipe.precision)
    was_training = module.training
    module.train()
    try:
        with ExitStack() as stack:
            stack.enter_context(all_seeded(recipe.seed, engine.rank))
            stack.enter_context(threads(cpu_threads))
            signals = stack.enter_context(Signals())
            recorder = stack.enter_context(recording(run))
            loop = Loop(module, dataset, recipe, engine, recorder, signals, report=report, probe=probe)
            loop.title = title
            recorder.begin()
            if start is not None:
                loop.keeping.restore(start.step, start.weights, start.state)
                recorder.begin(start.step, start.state["seconds"], _evaluations(run, start.step))
            start_row(loop, start.step if start else 0 if run is not None and run.attempt > 1 else None)
            loop.run()
            return history_so_far(loop)
    finally:
        module.train(was_training)


def _evaluations(run: Run | None, step: int) -> list[Row]:
    """Return the rows of evaluations up to a step."""
    told = read_digest(run).of_kind(EVAL) if run is not None else []
    return [row for row in told if row["step"] <= step]

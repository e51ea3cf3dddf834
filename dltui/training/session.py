"""What ``dltui train`` does in one process: open data and model, begin a run or go on with one, and fit."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dltui.checkpoints import About, OpenedModel, open_model, read_weights, write_weights
from dltui.checkpoints.fit import fit_weights
from dltui.data import Dataset, load
from dltui.errors import DltuiError, UsageError
from dltui.progress import Report, silent
from dltui.results.training import TrainingHistory
from dltui.runs import find_run, new_run
from dltui.runs.checkpoint import new_checkpoint, sweep
from dltui.runs.folder import WEIGHTS, Run
from dltui.runs.new import begin_again, change
from dltui.training.assignments import changed_recipe
from dltui.training.checkpoint import read_state
from dltui.training.engine import Engine, make_engine
from dltui.training.fitting import Checkpoint, fit
from dltui.training.launch.ranks import SUPERVISED
from dltui.training.loop import Probe
from dltui.training.recipe import Recipe
from dltui.training.recipes import recipe_for, trained_model


def train(
    model: str,
    data: str,
    *,
    wishes: Mapping[str, Any] | None = None,
    weights: Path | None = None,
    seed: int = 0,
    device: str = "auto",
    cpu_threads: int = 1,
    command: str = "",
    report: Report = silent,
) -> TrainingHistory:
    """Train a model on data as a new run, as the recipe says that suits it.

    Args:
        model: How the model is spelled.
        data: How the data are spelled.
        wishes: Fields of the recipe to change, by the names that ``Recipe.set`` takes.
        weights: A file of weights to start from.
        seed: Seed of made data, fresh weights and the order of batches.
        device: Where to compute.
        cpu_threads: Threads of an operation on the CPU.
        command: The command line, for the run's card.
        report: Called after every step.

    Returns:
        Loss and accuracy by evaluation; ``run`` names the run.

    Raises:
        UsageError: If model, data, device or a setting is spelled wrongly; no run is begun then.
        DltuiError: If the loss stops being finite or files can't be written.
    """
    recipe = recipe_for(trained_model(model), data).changed({"model": model, "seed": seed, **(wishes or {})})
    return train_recipe(
        recipe, weights=weights, device=device, cpu_threads=cpu_threads, command=command, report=report
    )


def train_recipe(
    recipe: Recipe,
    *,
    weights: Path | None = None,
    name: str = "",
    device: str = "auto",
    strategy: str = "",
    cpu_threads: int = 1,
    command: str = "",
    probe: Probe | None = None,
    report: Report = silent,
) -> TrainingHistory:
    """Train as a recipe says, as a new run.

    Where the environment tells of several processes, this is one of them; the first one keeps the run.

    Args:
        recipe: Model, data, and how.
        weights: A file of weights to start from.
        name: What to call the run; made up when empty.
        device: Where to compute.
        strategy: ``single``, ``ddp`` or ``fsdp``; what suits the number of processes when empty.
        cpu_threads: Threads of an operation on the CPU.
        command: The command line, for the run's card.
        probe: What is measured every ``probe_every`` steps.
        report: Called after every step.

    Returns:
        Loss and accuracy by evaluation; ``run`` names the run.

    Raises:
        UsageError: If something is spelled wrongly; no run is begun then.
        Cancelled: If it was asked to stop; the state is kept.
        DltuiError: If the loss stops being finite or files can't be written.
    """
    if not recipe.model or not recipe.data:
        raise UsageError("a recipe names a model and data: add --set model=lenet --set data=digits")
    engine = make_engine(device=device, strategy=strategy, precision=recipe.precision)
    dataset, opened = opened_for(recipe, weights)
    run = None
    if engine.rank == 0:
        run = new_run(
            model=opened.title,  # of a file or another run, the model in it
            data=recipe.data,
            settings=settings_of(recipe, engine, opened, cpu_threads),
            seed=recipe.seed,
            command=command,
            name=name,
            recipe=recipe.plain() | {"model": opened.title},
            world=engine.world,
        )
    return fit(
        opened.module,
        dataset,
        recipe,
        title=f"{opened.title} on {recipe.data}",
        engine=engine,
        cpu_threads=cpu_threads,
        run=run,
        probe=probe,
        report=report,
    )


def resume(
    spec: str,
    assignments: Iterable[str] = (),
    *,
    device: str = "auto",
    strategy: str = "",
    cpu_threads: int | None = None,
    probe: Probe | None = None,
    report: Report = silent,
) -> TrainingHistory:
    """Go on with a run where its newest checkpoint stands, in the same folder.

    Args:
        spec: ``run:NAME``, or ``run:latest``.
        assignments: Fields of the recipe to change, such as ``epochs=50``; not those that the state depends on.
        device: Where to compute.
        strategy: ``single``, ``ddp`` or ``fsdp``.
        cpu_threads: Threads of an operation on the CPU; as many as before when None.
        probe: What is measured every ``probe_every`` steps.
        report: Called after every step.

    Returns:
        Loss and accuracy by evaluation, those of earlier attempts included.

    Raises:
        UsageError: If there is no such run, or it has made all its steps.
        DltuiError: If it still goes on, or its state can't be read or doesn't fit.
    """
    run = find_run(spec.removeprefix("run:"))
    recipe = changed_recipe(run, assignments)
    engine = make_engine(device=device, strategy=strategy, precision=recipe.precision)
    dataset, opened = opened_for(recipe, None)
    start = newest_checkpoint(run)
    _check_length(run, recipe, dataset, engine, start)
    if start is None and 0 in run.steps():
        fit_weights(opened.module, read_weights(run.checkpoint(0)).state, run.checkpoint(0))
    if engine.rank == 0 and SUPERVISED not in os.environ:
        run = begin_again(run, world=engine.world)
        sweep(run)
    if engine.rank == 0 and recipe.plain() != run.recipe:
        run = change(run, recipe=recipe.plain(), settings=run.settings | recipe.flat())
    return fit(
        opened.module,
        dataset,
        recipe,
        title=f"{run.model} on {run.data}",
        engine=engine,
        cpu_threads=cpu_threads or int(run.settings.get("cpu_threads", 1)),
        run=run if engine.rank == 0 else None,
        start=start,
        probe=probe,
        report=report,
    )


def newest_checkpoint(run: Run) -> Checkpoint | None:
    """Return the newest checkpoint that one can go on from, or None when there is none.

    Args:
        run: The run.

    Returns:
        The newest that can be read; an older one where the newest was damaged from outside.

    Raises:
        DltuiError: If there are some, and none can be read.
    """
    damaged = None
    for step in reversed(run.resumable()):
        try:
            return Checkpoint(step, read_weights(run.checkpoint(step)).state, read_state(run, step))
        except DltuiError as error:
            damaged = damaged or error
    if damaged is not None:
        raise damaged
    return None


def opened_for(recipe: Recipe, weights: Path | None) -> tuple[Dataset, OpenedModel]:
    """Return the data and the model of a recipe.

    Args:
        recipe: The recipe.
        weights: A file of weights to put in.

    Returns:
        Both, the model in training mode.

    Raises:
        UsageError: If one of them is spelled wrongly, or they don't suit each other.
    """
    dataset = load(recipe.data, seed=recipe.seed)
    return dataset, open_model(recipe.model, dataset, weights=weights, seed=recipe.seed)


def keep_first(run: Run, opened: OpenedModel, dataset: Dataset) -> None:
    """Keep the weights that a run starts from as its first checkpoint.

    Args:
        run: A fresh run.
        opened: The model.
        dataset: What it is made for.
    """
    about = About(model=run.model, input_shape=dataset.input_shape, outputs=dataset.outputs, run=run.name)
    with new_checkpoint(run, 0) as folder:
        write_weights(opened.module, folder / WEIGHTS, about)


def settings_of(recipe: Recipe, engine: Engine, opened: OpenedModel, cpu_threads: int) -> dict[str, Any]:
    """Return what a run's card tells of how it was trained, by name."""
    return recipe.flat() | {
        "weights": opened.weights_note,
        "device": str(engine.device),
        "processes": engine.world,
        "cpu_threads": cpu_threads,
    }


def _check_length(
    run: Run, recipe: Recipe, dataset: Dataset, engine: Engine, start: Checkpoint | None
) -> None:
    """Refuse to go on with a run that has made all its steps."""
    from dltui.training.feed import bounds

    per_epoch = len(bounds(len(dataset.x_train), recipe.batch_size * recipe.accumulate * engine.world)) - 1
    total = recipe.steps or recipe.epochs * per_epoch
    if run.state == "done" and start is not None and start.step >= total:
        more = f"steps={2 * total}" if recipe.steps else f"epochs={2 * recipe.epochs}"
        raise UsageError(f"the run {run.name} has made all its {total} steps: to train on, add --set {more}")

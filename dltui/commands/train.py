"""``dltui train``: from a recipe, or a model and data, to a run with weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._cluster import HOUR, On, Partition, TimeLimit, minutes_of, only_there
from dltui.commands._frame import Common, command_line, verb, verb_app
from dltui.commands._words import RECIPE, Weights, data_option, recipes
from dltui.errors import UsageError, unknown
from dltui.spelling import is_function

if TYPE_CHECKING:
    from dltui.results import Result
    from dltui.training.launch import Options
    from dltui.training.launch.slurm import Wish
    from dltui.training.recipe import Recipe

app = verb_app()

AUTO = "auto"
KNOWN = "digits"  # the data of a model that has no recipe of its own


def rule(name: str | None) -> str | None:
    """Return the name of an optimiser that torch has, or None."""
    from dltui.training.rules import kinds_of

    if name is not None:
        kinds_of(name)
    return name


def assignment(texts: list[str] | None) -> list[str] | None:
    """Return texts that set fields of a recipe, once their fields are known to exist, or None."""
    from dltui.training.recipe import Recipe

    Recipe().set(*(text for text in texts or () if not text.startswith("optimizer.")))
    return texts or None


def count(devices: str) -> str:
    """Return how many processes are asked for, when it is a number or ``auto``."""
    if devices not in {"", AUTO} and not (devices.isdigit() and int(devices) > 0):
        raise UsageError(f"--devices {devices!r} is no number of devices: expected 1, 2, … or auto")
    return devices


@verb(app)
def train(
    model: Annotated[
        str,
        typer.Argument(
            metavar=RECIPE,
            help="digits-cnn, lenet, run:latest, weights.safetensors or package.module:function.",
            autocompletion=recipes,
        ),
    ] = "",
    data: Annotated[
        str | None,
        data_option("Instead of the recipe's: digits, file.npz or package.module:function."),
    ] = None,
    weights: Weights = None,
    set_fields: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            callback=assignment,
            help="Set a field of the recipe, such as optimizer.lr=3e-4; again for more.",
        ),
    ] = None,
    recipe_file: Annotated[
        Path | None,
        typer.Option("--recipe-file", metavar="FILE.toml", help="Fields of the recipe from a file."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", min=1, help="Passes over the training part.")
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", "-b", min=1, help="Samples that one process takes at a time."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option("--lr", min=0, help="Step size.")] = None,
    optimizer: Annotated[
        str | None,
        typer.Option("--optimizer", "-o", callback=rule, help="Rule of the steps: sgd, adamw, muon …"),
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option("--weight-decay", min=0, help="Pull of the weights to 0.")
    ] = None,
    momentum: Annotated[
        float | None, typer.Option("--momentum", min=0, max=0.999_999, help="Of sgd and its kin.")
    ] = None,
    schedule: Annotated[
        Literal["constant", "cosine", "linear", "step", "one-cycle", "plateau"] | None,
        typer.Option("--schedule", help="How the step size goes."),
    ] = None,
    precision: Annotated[
        Literal["32", "bf16", "fp16", "64"] | None,
        typer.Option("--precision", help="Of the numbers; bf16 and fp16 are mixed."),
    ] = None,
    compile_model: Annotated[
        bool, typer.Option("--compile", help="Let torch compile the model first.")
    ] = False,
    save_every: Annotated[
        int | None,
        typer.Option(
            "--save-every", min=1, help="Steps between checkpoints to go on from; else every epoch."
        ),
    ] = None,
    keep_every: Annotated[
        int | None, typer.Option("--keep-every", min=1, help="Steps between checkpoints, besides those.")
    ] = None,
    layers_every: Annotated[
        int | None, typer.Option("--layers-every", min=1, help="Steps between records of every layer.")
    ] = None,
    name: Annotated[str, typer.Option("--name", "-n", help="What to call the run.")] = "",
    resume: Annotated[
        str, typer.Option("--resume", "-r", metavar="run:NAME", help="Go on with a run where it stopped.")
    ] = "",
    processes: Annotated[
        str, typer.Option("--devices", callback=count, help="Processes, one a device; auto for every GPU.")
    ] = "",
    strategy: Annotated[
        Literal["single", "ddp", "fsdp"] | None,
        typer.Option("--strategy", help="ddp copies the weights to each process, fsdp shares them out."),
    ] = None,
    restarts: Annotated[
        int, typer.Option("--restarts", min=0, help="How often processes that died are started afresh.")
    ] = 3,
    threads: Annotated[
        int | None,
        typer.Option("--threads", min=1, max=1024, help="CPU threads; 1 is fastest for small models."),
    ] = None,
    on: On = "local",
    partition: Partition = "",
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines of the cluster.")] = 1,
    gpus: Annotated[
        int, typer.Option("--gpus", min=0, help="GPUs on each machine of the cluster, a process each.")
    ] = 0,
    time_limit: TimeLimit = HOUR,
    recipes_listed: Annotated[bool, typer.Option("--list", help="List the recipes.")] = False,
    *,
    common: Common,
) -> Result | None:
    """Train by a recipe, or a model on data; what isn't given is taken from the recipe. Without either, list them."""
    from dltui.commands._listing import listing
    from dltui.training.launch import Options
    from dltui.training.recipes._names import NAMES

    if recipes_listed or not (model or resume or recipe_file):
        return listing("recipes", NAMES, "train one with: dltui train NAME")
    cluster = {"--gpus": gpus, "--partition": partition, "--nodes": nodes > 1, "--time": time_limit != HOUR}
    only_there(on, cluster)
    wishes = {
        "epochs": epochs,
        "batch_size": batch_size,
        "optimizer.name": optimizer,
        "optimizer.lr": learning_rate,
        "optimizer.weight_decay": weight_decay,
        "optimizer.momentum": momentum,
        "schedule.name": schedule,
        "precision": precision,
        "compile": compile_model or None,
        "save_every": save_every,
        "keep_every": keep_every,
        "layers_every": layers_every,
    }
    texts = [f"{field}={value}" for field, value in wishes.items() if value is not None]
    texts += set_fields or []
    options = Options(
        weights=weights,
        name=name,
        device=common.device,
        devices=processes,
        strategy=strategy or "",
        restarts=restarts,
        cpu_threads=threads,
        command=command_line(),
    )
    if resume:
        if model or recipe_file or data:
            raise UsageError(f"--resume {resume} goes on with model and data of that run: name no others")
        work: Recipe | str = resume
    else:
        work, texts = _recipe(model, data, recipe_file, common.seed).set(*texts), []
    if on == "slurm":
        return _submitted(work, texts, options, _wish(partition, nodes, gpus, processes, time_limit), common)
    return _trained(work, texts, options, common)


def _wish(partition: str, nodes: int, gpus: int, devices: str, time_limit: str) -> Wish:
    """Return what is asked of a cluster."""
    from dltui.training.launch.slurm import Wish

    minutes = minutes_of(time_limit)
    tasks = int(devices) if devices not in {"", AUTO} else max(1, gpus)
    if gpus and tasks != gpus:
        raise UsageError(
            f"--devices {devices} and --gpus {gpus} differ: a process on the cluster has one GPU"
        )
    return Wish(partition=partition, nodes=nodes, gpus=gpus, tasks=tasks, minutes=minutes)


def _submitted(work: Recipe | str, texts: list[str], options: Options, wish: Wish, common: Common) -> Result:
    """Train on the cluster, and tell where the run is kept."""
    from dltui.runs.find import find_run
    from dltui.training.launch.cluster import train_on_cluster

    history = train_on_cluster(work, texts, options, wish, tell=common.note, report=common.report)
    data = find_run(history.run).data
    common.note(
        f"kept as run:{history.run}; look at it with: dltui landscape run:{history.run} --data {data}"
    )
    return history


def _recipe(model: str, data: str | None, file: Path | None, seed: int) -> Recipe:
    """Return the recipe that the words name, before single fields are set."""
    from dltui.training.assignments import read_recipe
    from dltui.training.recipes import RECIPES, find_recipe, names_recipe, recipe_for, trained_model

    recipe = None
    if model in RECIPES or (is_function(model) and names_recipe(model)):
        recipe = find_recipe(model)
    elif model:
        _known(model)
        recipe = recipe_for(trained_model(model), data or "")
        recipe = recipe.changed({"model": model, "data": data or recipe.data or KNOWN})
    if file is not None:
        recipe = read_recipe(file, recipe)
    assert recipe is not None, "the verb lists the recipes where none is named"
    given = {"data": data} if data else {}
    return recipe.changed(given | ({"seed": seed} if seed else {}))


def _known(model: str) -> None:
    """Refuse a word that is neither a recipe nor a model, with the nearest of both."""
    from dltui.models._names import NAMES as MODELS
    from dltui.models.spelled import told_apart
    from dltui.training.recipes import RECIPES

    try:
        told_apart(model)
    except UsageError:
        if model.replace("-", "_").isidentifier():
            raise unknown("recipe or model", model, [*RECIPES, *MODELS], "`dltui train --list`") from None
        raise


def _trained(work: Recipe | str, texts: list[str], options: Options, common: Common) -> Result | None:
    """Train here or in several processes, and tell where the run is kept."""
    from dltui.commands._probe import probe
    from dltui.runs.find import find_run
    from dltui.training.launch import is_first, launch

    history = launch(work, texts, options, probe=probe, report=common.report)
    if not is_first():  # of several processes that somebody else started, one tells
        return None
    data = find_run(history.run).data
    common.note(
        f"kept as run:{history.run}; look at it with: dltui landscape run:{history.run} --data {data}"
    )
    return history

"""``dltui train``: from a model and data to a run with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, command_line, verb, verb_app
from dltui.commands._words import Data, Model, Weights

if TYPE_CHECKING:
    from dltui.results.training import TrainingHistory

app = verb_app()


@verb(app)
def train(
    model: Model,
    data: Data = "digits",
    weights: Weights = None,
    epochs: Annotated[
        int | None, typer.Option("--epochs", "-e", min=1, help="Passes over the training part.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", min=1, help="Samples in a step.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--lr", min=0, help="Step size at the start.")
    ] = None,
    optimizer: Annotated[
        Literal["sgd", "adam", "adamw"] | None, typer.Option("--optimizer", "-o", help="Rule of the steps.")
    ] = None,
    weight_decay: Annotated[
        float | None, typer.Option("--weight-decay", min=0, help="Pull of the weights to 0.")
    ] = None,
    momentum: Annotated[
        float | None, typer.Option("--momentum", min=0, max=0.999_999, help="Of sgd.")
    ] = None,
    schedule: Annotated[
        Literal["cosine", "constant"] | None, typer.Option("--schedule", help="How the step size falls.")
    ] = None,
    save_every: Annotated[int, typer.Option("--save-every", min=1, help="Epochs between checkpoints.")] = 1,
    keep_every: Annotated[
        int | None, typer.Option("--keep-every", min=1, help="Steps between checkpoints, besides those of epochs.")
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=1, help="CPU threads; 1 is fastest for small models.")
    ] = 1,
    *,
    common: Common,
) -> TrainingHistory:
    """Train a model on data; what isn't given is taken from the model's recipe."""
    from dltui.training import train as run_training

    wishes = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "weight_decay": weight_decay,
        "momentum": momentum,
        "schedule": schedule,
    }
    history = run_training(
        model,
        data,
        wishes=wishes,
        weights=weights,
        seed=common.seed,
        device=common.device,
        cpu_threads=threads,
        save_every=save_every,
        keep_every=keep_every,
        command=command_line(),
        report=common.report,
    )
    common.note(
        f"kept as run:{history.run}; look at it with: dltui landscape run:{history.run} --data {data}"
    )
    return history

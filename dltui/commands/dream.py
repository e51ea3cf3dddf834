"""``dltui dream``: what units and classes want to see, and what layers still know of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model, Weights, data_option

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results import Result

app = verb_app()


def units(spelled: str | None) -> str | None:
    """Return the spelling of units when it can be read, or None."""
    from dltui.instruments.dream.spelled import spelled_units

    if spelled is not None:
        spelled_units(spelled)
    return spelled


def place(spelled: str | None) -> str | None:
    """Return the spelling of a cell when it can be read, or None."""
    from dltui.instruments.dream.spelled import spelled_cell

    if spelled is not None:
        spelled_cell(spelled)
    return spelled


@verb(app)
def dream(
    model: Model,
    target: Annotated[
        str | None,
        typer.Option(
            "--target", "-t", metavar="CLASS", help="Climb the score of a class, by name or number; a,b; all."
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer", "-l", metavar="NAME", help="Climb units of this layer; with --invert a,b too."
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            "--unit", "-u", metavar="K", callback=units, help="Which units: 3, 0-15, 0,4,9 or whole."
        ),
    ] = None,
    cell: Annotated[
        str | None,
        typer.Option(
            "--cell", metavar="ROW,COLUMN", callback=place, help="One place of the map instead of all."
        ),
    ] = None,
    invert: Annotated[
        str | None,
        typer.Option(
            "--invert",
            metavar="INPUT",
            help="Rebuild this input from what each layer gives: chelsea, digits[12] …",
        ),
    ] = None,
    data: Annotated[
        str | None, data_option("Whose samples the model takes; what it was made for if left out.")
    ] = None,
    weights: Weights = None,
    paint: Annotated[
        Literal["fourier", "pixels"],
        typer.Option("--paint", help="What is moved: frequencies with decorrelated colours, or pixels."),
    ] = "fourier",
    tv: Annotated[
        float | None,
        typer.Option(
            "--tv", min=0, help="Weight of the total variation; 0.2, and 0.01 for --invert, if left out."
        ),
    ] = None,
    l2: Annotated[float, typer.Option("--l2", min=0, help="Weight of the squared distance from grey.")] = 0.1,
    alpha: Annotated[
        float, typer.Option("--alpha", min=0, help="Weight of the α-norm of --invert, α = 6.")
    ] = 1e-3,
    jitter: Annotated[
        int | None,
        typer.Option("--jitter", min=0, help="Pixels of random shifts; a sixteenth of the side if left out."),
    ] = None,
    blur: Annotated[
        float, typer.Option("--blur", min=0, help="Pixels of a blur every fourth step, fading on the way.")
    ] = 0.0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Steps; 256, and 400 for --invert, if left out.")
    ] = None,
    rate: Annotated[float, typer.Option("--lr", min=1e-6, help="Size of a step.")] = 0.05,
    live: Annotated[
        bool, typer.Option("--live", help="Draw the pictures on the terminal as they climb.")
    ] = False,
    *,
    common: Common,
) -> Result | Stopped:
    """Make up the input that a class or a unit answers to most; or rebuild an input from what a layer gives."""
    from dltui.commands._dream import Asked, ask

    return ask(
        Asked(
            model=model,
            target=target,
            layer=layer,
            unit=unit,
            cell=cell,
            invert=invert,
            data=data,
            weights=weights,
            paint=paint,
            tv=tv,
            l2=l2,
            alpha=alpha,
            jitter=jitter,
            blur=blur,
            steps=steps,
            rate=rate,
            live=live,
        ),
        common,
    )

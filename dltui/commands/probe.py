"""``dltui probe``: what a linear classifier can read off each layer, beside what it reads without training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model, Weights, data_option

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.probing import Probing

app = verb_app()


@verb(app)
def probe(
    model: Model,
    data: Annotated[
        str | None, data_option("Samples and classes; what the model was made for if left out.")
    ] = None,
    weights: Weights = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer", "-l", metavar="A,B", help="Probe these layers only; those on the way if left out."
        ),
    ] = None,
    solver: Annotated[
        Literal["logistic", "ridge"],
        typer.Option("--solver", help="Logistic regression by L-BFGS, or ridge regression in closed form."),
    ] = "logistic",
    samples: Annotated[
        int, typer.Option("--samples", min=10, help="Samples, or tokens, of each part at most.")
    ] = 1000,
    draws: Annotated[
        int, typer.Option("--draws", min=0, help="Networks with fresh weights that are probed beside.")
    ] = 2,
    live: Annotated[bool, typer.Option("--live", help="Draw the curve on the terminal as it grows.")] = False,
    *,
    common: Common,
) -> Probing | Stopped:
    """Fit a linear probe on every layer: accuracy by depth, against fresh weights, shuffled labels and the majority."""
    from dltui.commands._alive import alive
    from dltui.commands._sampled import sampled
    from dltui.commands._unfinished import stoppable
    from dltui.instruments.probe.measure import Plan, probe

    found = sampled(model, data, weights, common)
    layers = tuple(name.strip() for name in layer.split(",")) if layer else ()
    plan = Plan(layers=layers, samples=samples, solver=solver, draws=draws, seed=common.seed)
    return stoppable(
        lambda report: probe(
            found.live.module,
            found.dataset,
            plan,
            takes=found.live.takes,
            title=found.title,
            device=found.device,
            report=report,
        ),
        alive(common, wanted=live),
    )

"""``dltui explain``: why a model gave its answer for one input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Live, Weights, data_option
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results.explanation import Explanation
    from dltui.results.lens import LogitLens

app = verb_app()


def methods(spelled: str) -> str:
    """Return the spelling of methods when each is one."""
    from dltui.results.explanation import chosen_methods

    chosen_methods(spelled)
    return spelled


def _methods(incomplete: str) -> list[str]:
    """Return what completes a list of methods."""
    from dltui.results.explanation import ALL, LENS, METHODS

    before, comma, last = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in (*METHODS, ALL, LENS) if name.startswith(last)]


@verb(app)
def explain(
    model: Live,
    input: Annotated[  # noqa: A002 - as the option is called
        str,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="photo.jpg, chelsea, digits[12], array.npy, table.csv, text.txt, a sentence, or - for stdin.",
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            "--method",
            "-m",
            metavar="A,B",
            callback=methods,
            autocompletion=_methods,
            help=(
                "saliency, gradient-x-input, smoothgrad, integrated-gradients, guided-backprop, cam, grad-cam, "
                "grad-cam++, occlusion, lime, shap, several with commas, or all; or logit-lens."
            ),
        ),
    ] = "integrated-gradients",
    target: Annotated[
        str | None,
        typer.Option(
            "--target", "-t", metavar="NAME", help="Name or number of the output; the answer if left out."
        ),
    ] = None,
    score: Annotated[
        Literal["logit", "probability"],
        typer.Option("--score", help="Explain the output itself or its softmax."),
    ] = "logit",
    baseline: Annotated[
        Literal["black", "white", "mean", "blur", "zero"] | None,
        typer.Option(
            "--baseline", help="What stands for nothing; black for pictures, else zero, if left out."
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer", "-l", metavar="NAME", help="Whose maps Grad-CAM uses; the last ones if left out."
        ),
    ] = None,
    path_steps: Annotated[
        int | None,
        typer.Option(
            "--path-steps",
            min=2,
            max=10_000,
            help="Points of integrated gradients; as many as leave a gap of 1 % if left out.",
        ),
    ] = None,
    noise: Annotated[
        float,
        typer.Option("--noise", min=0, max=10, help="σ of SmoothGrad, as a share of the input's range."),
    ] = 0.15,
    copies: Annotated[int, typer.Option("--copies", min=1, help="Noisy copies of SmoothGrad.")] = 50,
    patch: Annotated[
        int | None,
        typer.Option(
            "--patch", min=1, help="Side of the patch of occlusion; a seventh of the picture if left out."
        ),
    ] = None,
    stride: Annotated[
        int | None, typer.Option("--stride", min=1, help="How far it moves; half its side if left out.")
    ] = None,
    segments: Annotated[
        int | None,
        typer.Option(
            "--segments",
            min=2,
            max=2000,
            help="Superpixels for LIME and SHAP; 50, or 16 of a tiny picture.",
        ),
    ] = None,
    tries: Annotated[int, typer.Option("--tries", min=8, help="Inputs that LIME and SHAP try.")] = 1000,
    curves: Annotated[
        bool, typer.Option("--curves/--no-curves", help="Score each method by deletion and insertion.")
    ] = True,
    sanity: Annotated[
        bool,
        typer.Option("--sanity", help="Forget layer after layer: does the map depend on what was learnt?"),
    ] = False,
    position: Annotated[
        str | None,
        typer.Option(
            "--position",
            metavar="TOKEN",
            help="The token after which logit-lens reads, or its place; the last one if left out.",
        ),
    ] = None,
    data: Annotated[
        str | None, data_option("What the model was made for, where neither its name nor its file tells.")
    ] = None,
    weights: Weights = None,
    *,
    common: Common,
) -> Explanation | LogitLens | Stopped:
    """Show which parts of one input speak for one answer of a model, by one or several methods."""
    from dltui.checkpoints.live import open_live
    from dltui.commands._unfinished import stoppable
    from dltui.data.inputs import read_input
    from dltui.device import pick_device
    from dltui.instruments.attribution import Choices, Wanted
    from dltui.instruments.attribution import explain as explained
    from dltui.results.explanation import LENS, chosen_methods

    chosen = chosen_methods(method)
    if position is not None and chosen != [LENS]:
        raise UsageError(f"--position is where {LENS} reads, and {method} reads nowhere: try --method {LENS}")
    if layer is not None and not any(name.startswith("grad-cam") for name in chosen):
        raise UsageError(
            f"--layer is whose maps Grad-CAM uses, and {method} uses none: try --method grad-cam"
        )
    device = pick_device(common.device)
    live = open_live(model, weights=weights, data=data, seed=common.seed)
    found = read_input(input, live.takes, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}{f'; {found.note}' if found.note else ''}")
    if chosen == [LENS]:
        from dltui.instruments.lens import logit_lens

        return logit_lens(
            live, found, target=target, position=position, device=common.device, report=common.report
        )
    return stoppable(
        lambda report: explained(
            live.module,
            found,
            live.takes,
            methods=chosen,
            target=target,
            choices=Choices(
                layer=layer or "",
                steps=path_steps,
                noise=noise,
                copies=copies,
                samples=tries,
                patch=patch,
                stride=stride,
                seed=common.seed,
            ),
            wanted=Wanted(curves=curves, sanity=sanity, segments=segments, score=score, baseline=baseline),
            device=device,
            title=live.title,
            weights=live.weights_note,
            report=report,
        ),
        common,
    )

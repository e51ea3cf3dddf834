"""``dltui features``: what the layers of a network make of an input, how alike they are, and what they heed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Live, Weights, data_option

if TYPE_CHECKING:
    from dltui.results import Result

app = verb_app()

Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="INPUT",
        help="photo.jpg, chelsea, digits[12], array.npy, table.csv, text.txt, a sentence, or - for stdin.",
    ),
]


@verb(app)
def features(
    model: Live,
    input: Input = None,  # noqa: A002 - as the option is called
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", metavar="NAME", help="Layers to keep, the first is shown; * stands for anything."
        ),
    ] = None,
    data: Annotated[
        str | None, data_option("What samples are drawn from; what the model was made for if left out.")
    ] = None,
    weights: Weights = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples", min=1, help="Count idle units, compare layers and average over so many samples."
        ),
    ] = None,
    page: Annotated[int, typer.Option("--page", min=1, help="Which page of maps is shown.")] = 1,
    unit: Annotated[
        int | None, typer.Option("--unit", min=0, help="Show the map of this unit alone, large.")
    ] = None,
    cka: Annotated[
        bool, typer.Option("--cka", help="How alike every two layers are (CKA), over samples.")
    ] = False,
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="MODEL", help="Compare with the layers of another model by CKA."),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", min=4, help="Samples in a batch of --cka; many at once if left out."),
    ] = None,
    receptive_field: Annotated[
        bool,
        typer.Option("--receptive-field", help="Which pixels the middle of each layer heeds, by gradients."),
    ] = False,
    *,
    common: Common,
) -> Result:
    """Run one input through a model and show what its layers make of it; or compare layers; or what they heed."""
    from dltui.commands._features import Asked, ask

    return ask(
        Asked(
            model=model,
            given=input,
            layers=tuple(layer or ()),
            data=data,
            weights=weights,
            samples=samples,
            page=page,
            unit=unit,
            cka=cka,
            against=against,
            batch_size=batch_size,
            receptive_field=receptive_field,
        ),
        common,
    )

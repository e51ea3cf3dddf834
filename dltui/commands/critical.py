"""``dltui critical``: the points of a cloud that an answer hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Model, Weights, data_option

if TYPE_CHECKING:
    from dltui.results.critical import CriticalPoints

app = verb_app()


@verb(app)
def critical(
    model: Model,
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="A cloud: 'shapes3d[test:3]', cloud.npy or table.csv; the first held-out one if left out.",
        ),
    ] = None,
    data: Annotated[
        str | None, data_option("What accuracy is measured on; what the model was made for if left out.")
    ] = None,
    weights: Weights = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Held-out clouds that accuracy is over.")
    ] = 200,
    *,
    common: Common,
) -> CriticalPoints:
    """Light the points of a cloud that the maximum takes; drop, shuffle, blur and turn clouds and count what stays.

    The features of a PointNet hang on its critical points alone: all others can be left out.
    """
    from dltui.checkpoints.live import open_live
    from dltui.commands._features import made_for_data
    from dltui.data.inputs import read_input, read_samples
    from dltui.errors import UsageError
    from dltui.instruments.critical import check
    from dltui.instruments.critical import critical as find

    live = open_live(model, weights=weights, data=data if made_for_data(model) else None, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    source = data or live.data
    if not source:
        raise UsageError(f"say what {live.title} is tried on with --data, such as --data shapes3d")
    check(live)
    found = read_input(given or f"{source}[test:0]", live.takes, seed=common.seed)
    x, y = read_samples(source, live.takes, samples, seed=common.seed)
    return find(live, found, x, y, seed=common.seed, device=common.device, report=common.report)

"""``dltui critical``: the points of a cloud that an answer hangs on."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._words import Weights, data_option, model_argument
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from dltui.data.inputs import Given, Takes
    from dltui.results.critical import CriticalPoints

app = verb_app()


@verb(app)
def critical(
    model: Annotated[str, model_argument("pointnet")],
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="A cloud: 'shapes3d[test:3]', or any file or shape that dltui cloud reads; the first held-out one if "
            "left out.",
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
    from dltui.data.inputs import read_samples
    from dltui.errors import UsageError
    from dltui.instruments.critical import check
    from dltui.instruments.critical import critical as find

    live = open_live(model, weights=weights, data=data if made_for_data(model) else None, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    source = data or live.data
    if not source:
        raise UsageError(f"say what {live.title} is tried on with --data, such as --data shapes3d")
    check(live)
    found = cloud_input(given or f"{source}[test:0]", live.takes, common.seed)
    if found.note:
        common.note(found.note)
    x, y = read_samples(source, live.takes, samples, seed=common.seed)
    return find(live, found, x, y, seed=common.seed, device=common.device, report=common.report)


def cloud_input(spec: str, takes: Takes, seed: int) -> Given:
    """Return a cloud for a model: a row of a data set, an array of the right shape, or points of any other shape."""
    from pathlib import Path

    from dltui.data.inputs import ARRAYS, ROW, Given, read_input
    from dltui.scene.points.unit import unit_cloud
    from dltui.scene.read import read_geometry

    if not spec.strip() or (ROW.fullmatch(spec) and not Path(spec).exists()):
        return read_input(spec, takes, seed=seed)
    if Path(spec).suffix.lower() in ARRAYS:
        with suppress(DltuiError):  # a table of other columns is read as one
            return read_input(spec, takes, seed=seed)
    geometry = read_geometry(spec, seed=seed)
    count = takes.shape[0]
    values = unit_cloud(geometry, count, seed=seed)[None]
    drawn = f"{count} points of {geometry.title}, around 0, the farthest at distance 1"
    return Given(geometry.title, values, note=drawn)

"""What ``dltui dream`` asks the instruments, once its words are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dltui.checkpoints.live import LiveModel, open_live
from dltui.commands._alive import alive
from dltui.commands._frame import Common
from dltui.commands._unfinished import stoppable
from dltui.data.inputs import read_input
from dltui.device import pick_device
from dltui.errors import UsageError
from dltui.instruments.dream.aim import Aim, units_of
from dltui.instruments.dream.spelled import ALL, spelled_cell, spelled_classes, spelled_units
from dltui.instruments.features.layers import default_layer

if TYPE_CHECKING:
    from dltui.commands._show import Stopped
    from dltui.results import Result

FIRST = 12  # units that are shown when nobody names any
TV, TV_INVERTED = 0.2, 1e-2
STEPS, STEPS_INVERTED = 256, 400
SIXTEENTH = 16


@dataclass(frozen=True)
class Asked:
    """The words of the verb, read; their meaning is told there."""

    model: str
    target: str | None
    layer: str | None
    unit: str | None
    cell: str | None
    invert: str | None
    data: str | None
    weights: Path | None
    paint: Literal["fourier", "pixels"]
    tv: float | None
    l2: float
    alpha: float
    jitter: int | None
    blur: float
    steps: int | None
    rate: float
    live: bool


def ask(asked: Asked, common: Common) -> Result | Stopped:
    """Make up what was asked for.

    Args:
        asked: The words.
        common: The common options.

    Returns:
        What was found, or what was known of it when Ctrl-C came.

    Raises:
        UsageError: If the words don't go together.
    """
    _together(asked)
    live = open_live(asked.model, weights=asked.weights, data=asked.data, seed=common.seed)
    common.note(f"{live.title}: {live.weights_note}")
    common = alive(common, wanted=asked.live)
    return _inverted(live, asked, common) if asked.invert is not None else _dreamt(live, asked, common)


def _together(asked: Asked) -> None:
    """Refuse words that don't go together."""
    if asked.invert is not None:
        for name in ("target", "unit", "cell"):
            if getattr(asked, name) is not None:
                raise UsageError(f"--invert rebuilds an input from whole layers: leave out --{name}")
    elif asked.target is not None:
        for name in ("layer", "unit", "cell"):
            if getattr(asked, name) is not None:
                raise UsageError(f"--target climbs the score of a class: leave out --{name}, or --target")


def _inverted(live: LiveModel, asked: Asked, common: Common) -> Result | Stopped:
    """Rebuild an input from what layers give."""
    from dltui.instruments.dream.invert import Hold, invert

    assert asked.invert is not None
    given = read_input(asked.invert, live.takes, seed=common.seed)
    if given.note:
        common.note(given.note)
    hold = Hold(
        alpha=asked.alpha,
        tv=TV_INVERTED if asked.tv is None else asked.tv,
        steps=asked.steps or STEPS_INVERTED,
        rate=asked.rate,
        seed=common.seed,
    )
    layers = [name.strip() for name in asked.layer.split(",")] if asked.layer else []
    return stoppable(
        lambda report: invert(
            live.module,
            live.takes,
            given,
            layers,
            hold,
            title=live.title,
            device=pick_device(common.device),
            report=report,
        ),
        common,
    )


def _dreamt(live: LiveModel, asked: Asked, common: Common) -> Result | Stopped:
    """Climb what was asked for."""
    from dltui.instruments.dream.climb import READS, Way, dream
    from dltui.instruments.dream.priors import Priors

    if live.takes.kind == "tokens":
        raise UsageError(READS.format(title=live.title))
    aim, names = _aim(live, asked)
    jitter = max(live.takes.shape[-2:]) // SIXTEENTH if live.takes.kind == "image" else 0
    way = Way(
        steps=asked.steps or STEPS,
        rate=asked.rate,
        paint=asked.paint,
        priors=Priors(
            l2=asked.l2,
            tv=TV if asked.tv is None else asked.tv,
            jitter=jitter if asked.jitter is None else asked.jitter,
            blur=asked.blur,
        ),
        seed=common.seed,
    )
    return stoppable(
        lambda report: dream(
            live.module,
            live.takes,
            aim,
            way,
            title=live.title,
            names=names,
            device=pick_device(common.device),
            report=report,
        ),
        common,
    )


def _aim(live: LiveModel, asked: Asked) -> tuple[Aim, tuple[str, ...]]:
    """Return what is climbed, and what it is called: the classes when nothing is said and there are some."""
    module, takes = live.module, live.takes
    if asked.target is not None or (asked.layer is None and asked.unit is None and asked.cell is None):
        outputs = units_of(module, takes, "")
        if asked.target is None and outputs > FIRST:
            chosen = tuple(range(FIRST))
        else:
            chosen = spelled_classes(asked.target or ALL, takes.classes, outputs)
        return Aim("", chosen), tuple(_class(takes.classes, one) for one in chosen)
    layer = asked.layer or default_layer(module, takes.kind)
    cell = None if asked.cell is None else spelled_cell(asked.cell)
    if asked.unit is not None:
        return Aim(layer, spelled_units(asked.unit), cell), ()
    return Aim(layer, tuple(range(min(FIRST, units_of(module, takes, layer)))), cell), ()


def _class(classes: tuple[str, ...], number: int) -> str:
    """Return what a class is called."""
    return classes[number] if number < len(classes) else f"class {number}"

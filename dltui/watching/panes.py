"""The pictures of a dashboard, each made when it is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dltui.figures import Cell, Figure, Heatmap, Lines, Prose, Series, Table
from dltui.runs.curves import Sight, smoothed
from dltui.watching.course import Course
from dltui.watching.follow import Followed
from dltui.watching.telling import duration
from dltui.watching.track import Floats, Track

RAW = 7  # place in the palette of what lies behind a smoothed curve: the quietest
NORMS = (1e-7, 1e3)  # ends of the colours of gradient norms: blue vanishes, red explodes
NOTHING = 1e-38  # stands for 0 where colours go by the logarithm
RATIOS = (1e-6, 1.0)  # of ‖Δw‖ / ‖w‖, about 1e-3 is usual
HELD_OUT = ("test_loss", "test_accuracy")
UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
PLACES = {"step": "step", "epoch": "epoch", "time": "seconds"}
ROWS = 60  # lines of the log at most

Colours = Mapping[str, int]
Make = Callable[[Sequence[Followed], Followed, Sight, Colours], Figure]


def panes(runs: Sequence[Followed], lead: Followed) -> list[str]:
    """Return the names of the pictures that there is something to see in, the most important first.

    Args:
        runs: All that are watched.
        lead: The one whose layers are shown.

    Returns:
        Keys for ``picture``.
    """
    known = [name for name, has in HAS.items() if has(runs, lead)]
    others = dict.fromkeys(
        key
        for one in runs
        for told in (one.course.evals, one.course.steps)
        for key in told
        if key not in USED
    )
    said = ["log"] if lead.said or lead.course.notes else []
    return [*known, *(f"metric {key}" for key in others), *said] or ["loss"]


def picture(
    name: str, runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours | None = None
) -> Figure:
    """Return one picture.

    Args:
        name: One of ``panes``.
        runs: All that are watched.
        lead: The one whose layers are shown.
        sight: How to look at curves.
        colours: The colour of each run, where there are several.

    Returns:
        The figure as the runs are by now.
    """
    if name.startswith("metric "):
        return _metric(name.removeprefix("metric "), runs, sight, colours or {})
    return MAKE[name](runs, lead, sight, colours or {})


def told(name: str, runs: Sequence[Followed], lead: Followed) -> object:
    """Return what changes when a picture does: how much of what it shows has been told."""
    if (key := LAYERS.get(name)) is not None:
        return lead.source.name, lead.course.layers[key].told
    if name == "log":
        return lead.source.name, len(lead.said), lead.said[-1:], len(lead.course.notes)
    if name == "device":
        return lead.source.name, lead.course.device.told
    evals = tuple(one.course.evals.told for one in runs)
    if name in {"accuracy", "test loss"}:
        return evals
    return evals, tuple(one.course.steps.told for one in runs)


def diagnosis(runs: Sequence[Followed]) -> Prose:
    """Return what is ill, in sentences."""
    told = []
    for one in runs:
        who = f"{one.source.name}: " if len(runs) > 1 else ""
        told += [
            f"{who}{finding.severity}: {finding.sentence} {finding.advice} ({finding.note})"
            for finding in one.findings
        ]
        if not one.findings:
            told.append(f"{who}nothing found that is ill.")
    return Prose(title="Diagnosis", text="\n\n".join(told))


# curves


def _line(name: str, track: Track, sight: Sight, *, tint: int | None, weight: float = 0.0) -> Series:
    return Series(name=name, x=_across(track, sight), y=_smooth(track, weight), tint=tint)


def _smooth(track: Track, weight: float) -> Floats:
    """Return the means, smoothed; a bucket of many values counts as often as it has some."""
    return track.mean if not weight else smoothed(track.mean, weight, track.rows)


def _across(track: Track, sight: Sight) -> Floats:
    """Return where the values of a track lie."""
    return track.at(PLACES[sight.across])


def _raw(name: str, track: Track, sight: Sight) -> Series:
    """Return the values themselves, of crowded ones the least and the largest."""
    x = _across(track, sight)
    if (track.rows == 1).all():
        return Series(name=name, x=x, y=track.mean, tint=RAW)
    y = np.stack([track.low, track.high], axis=1).ravel()
    return Series(name=name, x=np.repeat(x, 2), y=y, tint=RAW)


def _chart(
    title: str,
    series: Sequence[Series],
    sight: Sight,
    label: str,
    *,
    log: bool = False,
    levels: tuple[tuple[float, str], ...] = (),
) -> Lines:
    """Return curves in one chart, time in a unit that suits."""
    shown, unit = list(series), ""
    if sight.across == "time":
        longest = max((float(np.nanmax(line.x, initial=0.0)) for line in shown), default=0.0)
        size, unit = next((unit for unit in UNITS if longest >= 2 * unit[0]), UNITS[-1])
        shown = [Series(name=s.name, x=s.x / size, y=s.y, tint=s.tint, marks=s.marks) for s in shown]
    positive = all((s.y[np.isfinite(s.y)] > 0).all() for s in shown)
    return Lines(
        title=title,
        series=tuple(shown),
        x_label=f"time ({unit})" if unit else sight.across,
        y_label=label,
        y_scale="log" if log and positive else "linear",
        levels=levels,
    )


def _loss(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return the loss: of one run raw, smoothed and held out, of several one smoothed curve each."""
    levels = _guess_level(runs)
    if len(runs) > 1:
        series = [
            _line(one.source.name, track, sight, tint=colours.get(one.source.name), weight=sight.smooth)
            for one in runs
            if (track := _loss_track(one.course)) is not None
        ]
        return _chart("Loss", series, sight, "loss", log=sight.log, levels=levels)
    course = lead.course
    steps, series = course.steps.get("loss"), []
    if steps is not None and len(steps):
        series += [_raw("batch", steps, sight)]
        if sight.smooth:
            series += [_line("smoothed", steps, sight, tint=0, weight=sight.smooth)]
    for tint, (key, name) in enumerate((("train_loss", "train"), ("test_loss", "test")), start=2):
        if (track := course.evals.get(key)) is not None and len(track):
            series.append(_line(name, track, sight, tint=1 if key == "test_loss" else tint))
    return _chart("Loss", series, sight, "loss", log=sight.log, levels=levels)


def _loss_track(course: Course) -> Track | None:
    for tracks, key in ((course.steps, "loss"), (course.evals, "train_loss")):
        if (track := tracks.get(key)) is not None and len(track):
            return track
    return None


def _guess_level(runs: Sequence[Followed]) -> tuple[tuple[float, str], ...]:
    """Return the loss of a guess as a guide line, where all runs have as many classes (notes 003:ce-guess)."""
    told = {one.course.classes for one in runs}
    classes = told.pop() if len(told) == 1 else None
    return ((math.log(classes), f"a guess: ln {classes}"),) if classes else ()


def _metric(key: str, runs: Sequence[Followed], sight: Sight, colours: Colours) -> Figure:
    """Return one quantity of the evaluations, a curve a run."""
    words = key.replace("_", " ")
    if any(key in one.course.steps for one in runs):
        return _step_curve(key, words.capitalize(), words)(runs, runs[0], sight, colours)
    series = [
        _line(one.source.name if len(runs) > 1 else words, track, sight, tint=colours.get(one.source.name))
        for one in runs
        if (track := one.course.evals.get(key)) is not None and len(track)
    ]
    return _chart(words.capitalize(), series, sight, words)


def _accuracy(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    if len(runs) > 1:
        return _metric("test_accuracy", runs, sight, colours)
    series = [
        _line(name, track, sight, tint=tint)
        for key, name, tint in (("train_accuracy", "train", 2), ("test_accuracy", "test", 1))
        if (track := lead.course.evals.get(key)) is not None and len(track)
    ]
    return _chart("Accuracy", series, sight, "share right")


def _step_curve(key: str, title: str, label: str, *, log: bool = False, smooth: bool = True) -> Make:
    """Return what makes the chart of one quantity of the steps."""

    def make(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
        del lead
        weight = sight.smooth if smooth else 0.0
        several = len(runs) > 1
        series = []
        for one in runs:
            track = one.course.steps.get(key) or one.course.evals.get(key)
            if track is None or not len(track):
                continue
            if not several and weight:
                series.append(_raw("step", track, sight))
            name = one.source.name if several else "smoothed" if weight else label
            series.append(
                _line(name, track, sight, tint=colours.get(one.source.name) if several else 0, weight=weight)
            )
        return _chart(title, series, sight, label, log=log and sight.log)

    return make


def _device(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return how busy and how full the accelerator was."""
    del colours, runs
    told = lead.course.device
    series = []
    if (busy := told.get("utilisation")) is not None and len(busy):
        series.append(_line("busy", busy, sight, tint=0))
    used, total = told.get("memory_used"), told.get("memory_total")
    if used is not None and total is not None and len(used) and total.last > 0:
        series.append(Series(name="memory", x=_across(used, sight), y=used.mean / total.last, tint=1))
    return _chart("Device", series, sight, "share")


# layers


def _by_layer(
    key: str, title: str, label: str, caption: str, limits: tuple[float, float], *, log: bool
) -> Make:
    """Return what makes the map of one quantity by layer and step."""

    def make(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
        del sight, colours
        table = lead.course.layers[key]
        values = table.values
        if log:
            values = np.where(values == 0, NOTHING, values)
        return Heatmap(
            title=f"{title} · {lead.source.name}" if len(runs) > 1 else title,
            caption=caption,
            values=values,
            x=table.steps,
            y=np.arange(float(len(table.names))),
            row_names=tuple(table.names),
            x_label="step",
            y_label="layer",
            value_label=label,
            scale="log" if log else "linear",
            limits=limits,
            colormap="coolwarm" if log else "magma",
            downwards=True,
        )

    return make


# words


def _log(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return what was said, the newest first."""
    del runs, sight, colours
    rows: list[tuple[Cell, ...]] = [(line,) for line in reversed(lead.said[-ROWS:])]
    if not rows:
        rows = [
            (f"{duration(float(row.get('seconds') or 0))}  {row.get('text', '')}",)
            for row in reversed(lead.course.notes[-ROWS:])
        ]
    return Table(title="Log", columns=("newest first",), rows=tuple(rows))


def _any(key: str) -> Callable[[Sequence[Followed], Followed], bool]:
    """Return whether any run tells a quantity of its steps or evaluations."""
    return lambda runs, _: any(
        len(tracks[key]) > 0
        for one in runs
        for tracks in (one.course.steps, one.course.evals)
        if key in tracks
    )


def _layered(key: str) -> Callable[[Sequence[Followed], Followed], bool]:
    return lambda _, lead: len(lead.course.layers[key]) > 1


LAYERS = {"gradients": "grad_norm", "updates": "update_ratio", "dead units": "dead"}
USED = {
    *("loss", "train_loss", "test_loss", "train_accuracy", "test_accuracy", "learning_rate", "grad_norm"),
    *("nonfinite", "update_ratio", "rate"),
}
HAS: dict[str, Callable[[Sequence[Followed], Followed], bool]] = {
    "loss": lambda runs, lead: any(_any(key)(runs, lead) for key in ("loss", "train_loss", "test_loss")),
    "gradients": _layered("grad_norm"),
    "accuracy": _any("test_accuracy"),
    "learning rate": _any("learning_rate"),
    "gradient norm": _any("grad_norm"),
    "updates": _layered("update_ratio"),
    "update ratio": _any("update_ratio"),
    "test loss": lambda runs, lead: len(runs) > 1 and _any("test_loss")(runs, lead),
    "throughput": _any("rate"),
    "dead units": _layered("dead"),
    "device": lambda _, lead: bool(lead.course.device),
}
MAKE: dict[str, Make] = {
    "loss": _loss,
    "gradients": _by_layer(
        "grad_norm",
        "Gradient norm by layer",
        "‖∇‖",
        "low: vanishing · high: exploding",
        NORMS,
        log=True,
    ),
    "accuracy": _accuracy,
    "learning rate": _step_curve("learning_rate", "Learning rate", "learning rate", smooth=False),
    "gradient norm": _step_curve("grad_norm", "Gradient norm", "‖∇L‖", log=True),
    "updates": _by_layer(
        "update_ratio", "Step by layer", "‖Δw‖ / ‖w‖", "about 0.001 is usual", RATIOS, log=True
    ),
    "update ratio": _step_curve("update_ratio", "Step against weights", "‖Δw‖ / ‖w‖", log=True),
    "test loss": lambda runs, _lead, sight, colours: _metric("test_loss", runs, sight, colours),
    "throughput": _step_curve("rate", "Throughput", "samples/s"),
    "dead units": _by_layer("dead", "Units that never fire", "share", "", (0.0, 1.0), log=False),
    "device": _device,
    "log": _log,
}

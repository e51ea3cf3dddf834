"""Curves of a dashboard."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from dltui.figures import Figure, Lines, Series
from dltui.runs.curves import Sight, smoothed
from dltui.watching.course import Course
from dltui.watching.follow import Followed
from dltui.watching.telling import GIB
from dltui.watching.track import Floats, Track

RAW = 7  # place in the palette of what lies behind a smoothed curve: the quietest
UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"))
PLACES = {"step": "step", "epoch": "epoch", "time": "seconds"}
BYTES = {"memory"}  # quantities that are told in bytes

Colours = Mapping[str, int]
Make = Callable[[Sequence[Followed], Followed, Sight, Colours], Figure]


def called(name: str) -> str:
    """Return what a picture is called on the screen."""
    return name.removeprefix("metric ").replace("_", " ").replace(" iou", " IoU")


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


def loss(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
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


def metric(key: str, runs: Sequence[Followed], sight: Sight, colours: Colours) -> Figure:
    """Return one quantity of steps, evaluations or probes, a curve a run."""
    words = called(key)
    title = words[:1].upper() + words[1:]
    if any(key in one.course.steps for one in runs):
        made = step_curve(key, title, words)(runs, runs[0], sight, colours)
        return _in_gib(made) if key in BYTES and isinstance(made, Lines) else made
    series = [
        _line(one.source.name if len(runs) > 1 else words, track, sight, tint=colours.get(one.source.name))
        for one in runs
        if (track := one.course.evals.get(key) or one.course.probes.get(key)) is not None and len(track)
    ]
    return _chart(title, series, sight, words)


def _in_gib(chart: Lines) -> Lines:
    """Return a chart of bytes in GiB."""
    series = tuple(replace(line, y=line.y / GIB) for line in chart.series)
    return replace(chart, series=series, y_label=f"{chart.y_label} (GiB)")


def accuracy(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
    """Return the share of right answers: of one run in training and held out, of several held out."""
    if len(runs) > 1:
        return metric("test_accuracy", runs, sight, colours)
    series = [
        _line(name, track, sight, tint=tint)
        for key, name, tint in (("train_accuracy", "train", 2), ("test_accuracy", "test", 1))
        if (track := lead.course.evals.get(key)) is not None and len(track)
    ]
    return _chart("Accuracy", series, sight, "share right")


def step_curve(key: str, title: str, label: str, *, log: bool = False, smooth: bool = True) -> Make:
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


def device(runs: Sequence[Followed], lead: Followed, sight: Sight, colours: Colours) -> Figure:
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

"""What every exhibit of every family must do; one that is new gets all of this for nothing.

It is well made, answers in time, gives the same numbers again and on the command line, fits into a small and a large
terminal, stands the ends of its knobs, passes its checks, and its checks notice what ``broken_FAMILY.py`` breaks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from dltui.cli import run as dltui
from dltui.commands._frame import OPTIONS
from dltui.commands._names import VERBS
from dltui.draw import Depth, Look, draw, render
from dltui.draw.canvas import text_width
from dltui.figures import Figure, Table
from dltui.lab import EXHIBITS, Exhibit, Knob, load
from dltui.lab._names import FAMILIES
from dltui.lab.checks import check_exhibit
from dltui.lab.run import run
from tests.lab.breaking import Break, must_notice, tables

ALL = list(EXHIBITS)
LINKED = [name for name in ALL if EXHIBITS.entry(name).family in {"geometry", "optimisers"}]
RUN = "dltui lab run "
BREAKS = tables()
TAKEN = {part.name for part in OPTIONS} - {"seed", "device"} | {"live", "help"}
FIRST, WHOLE = 2.0, 10.0  # seconds of processor time: twice what a first picture may take, and what a run may
QUICK = 0.02  # seconds of a run up to which every end of every knob is tried alone
TERMINALS = ((80, 24), (160, 50))


@pytest.mark.parametrize("name", ALL)
def test_exhibit_is_well_made(name: str) -> None:
    one = load(name)
    assert one.checks, "an exhibit has one check or more"
    assert one.covers
    assert one.family in FAMILIES
    assert one.make.__module__.startswith(f"dltui.lab.{one.family}.")
    assert len(one.story.seen) <= 100
    assert not TAKEN & {knob.name for knob in one.knobs}, "a knob bears the name of a common option"
    for command in one.kin:
        words = command.split()
        assert words[0] == "dltui"
        if words[1:3] == ["lab", "run"]:
            assert words[3] in EXHIBITS
        else:
            assert words[1] in VERBS, command


@pytest.mark.parametrize("name", LINKED)
def test_kindred_exhibits_name_each_other_and_an_instrument(name: str) -> None:
    kin = load(name).kin
    others = [command.removeprefix(RUN) for command in kin if command.startswith(RUN)]
    assert len(others) < len(kin), "there is no instrument to go on with"
    for other in set(others) & set(LINKED):
        assert RUN + name in load(other).kin, f"{other} does not name {name}"


@pytest.mark.parametrize("name", ALL)
def test_exhibit_runs_in_time_and_repeats(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The same numbers and words on the command line and here, in time, within a small and a large terminal."""
    assert dltui(["lab", "run", name, "--json", "--quiet"]) == 0
    told = json.loads(capsys.readouterr().out)
    frames = load(name)()
    started = time.process_time()
    next(frames)
    assert time.process_time() - started < FIRST, "the first picture comes too late"
    one = run(name)
    assert time.process_time() - started < WHOLE
    assert told["numbers"] == json.loads(json.dumps(one.document()))["numbers"] != {}
    assert [figure["words"] for figure in told["figures"]] == [figure.words() for figure in one.shown]
    for columns, rows in TERMINALS:
        for figure in one.shown:
            _fits(figure, columns, rows)


@pytest.mark.parametrize("name", ALL)
def test_checks_hold(name: str) -> None:
    failed = [f"{one.check}: {one.message}" for one in check_exhibit(name) if not one.holds]
    assert not failed


@pytest.mark.parametrize("name", ALL)
def test_ends_of_every_knob(name: str) -> None:
    """No knob's end breaks an exhibit, and numbers that are not finite never come without a word.

    What answers at once is tried with each knob alone at either end; what trains or scans, with all of them at ends at
    the same time, in as few runs as bring every knob to each of its ends.
    """
    one = load(name)
    together = list(_together(one.knobs))
    started = time.process_time()
    for values in together:
        _stands(one, values)
    if time.process_time() - started < QUICK * len(together):
        for values in _alone(one.knobs):
            _stands(one, values)


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(one, id=f"{one.exhibit}-{place}")
        for table in BREAKS.values()
        for place, one in enumerate(table)
    ],
)
def test_a_broken_formula_is_noticed(one: Break) -> None:
    must_notice(one)


@pytest.mark.parametrize("family", BREAKS)
def test_every_exhibit_is_broken_once(family: str) -> None:
    names = {name for name in ALL if EXHIBITS.entry(name).family == family}
    assert names == {one.exhibit for one in BREAKS[family]}, (
        f"tests/lab/broken_{family}.py: a line an exhibit"
    )


def _together(knobs: tuple[Knob, ...]) -> Iterator[dict[str, Any]]:
    """Yield settings with every knob at an end, until each was at each; neighbours stand at opposite ends."""
    for turn in range(max((len(knob.extremes) for knob in knobs), default=0)):
        yield {knob.name: _end(knob, place + turn) for place, knob in enumerate(knobs)}


def _end(knob: Knob, turn: int) -> Any:
    return knob.extremes[turn % len(knob.extremes)]


def _alone(knobs: tuple[Knob, ...]) -> Iterator[dict[str, Any]]:
    """Yield settings with one knob at an end."""
    for knob in knobs:
        for value in knob.extremes:
            yield {knob.name: value}


def _stands(one: Exhibit, values: Mapping[str, Any]) -> None:
    """Run an exhibit and look at what it shows in the end."""
    frames = list(one(**values))
    assert frames, f"{values} shows nothing"
    assert len(frames) == frames[-1].total or not frames[-1].total
    for figure in frames[-1].figures:
        assert figure.title
        assert "no finite value" not in figure.words(), f"{values}: {figure.title}"
    assert _finite(list(frames[-1].numbers.values())), f"{values}: {frames[-1].numbers}"


def _finite(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    return not isinstance(value, float) or bool(np.isfinite(value))


def _fits(figure: Figure, columns: int, rows: int) -> None:
    """Draw a figure as the command line does and as a pane of the TUI does."""
    lines = render(figure, Look(width=columns))
    assert max(map(len, lines)) <= columns, f"{figure.title} is wider than {columns} cells"
    assert text_width(figure.title) <= columns, f"the title {figure.title!r} is cut"
    if figure.title == "Go on":
        assert not any(line.endswith("…") for line in lines), "a command is cut"
    if isinstance(figure, Table) and "…" not in str((figure.columns, figure.rows, figure.caption)):
        assert not any("…" in line for line in lines), f"a cell of {figure.title!r} is cut"
    canvas = draw(figure, Look(width=columns - 4, height=rows - 10, depth=Depth.TRUE)).canvas
    assert (canvas.width, canvas.height) <= (columns - 4, rows - 10), f"{figure.title} at {columns}×{rows}"

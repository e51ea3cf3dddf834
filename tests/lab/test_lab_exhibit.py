"""The decorator, the story, the table of names, and every exhibit that stands in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pytest

import dltui.lab.table
from dltui.commands._frame import OPTIONS
from dltui.commands._names import VERBS
from dltui.errors import DltuiError, UsageError
from dltui.figures import Figure, Prose
from dltui.lab import EXHIBITS, Choice, Exhibit, Frame, Slider, chosen, exhibit, load
from dltui.lab._names import FAMILIES, NAMES
from dltui.lab.checks import check_exhibit
from dltui.lab.run import live, run
from dltui.lab.story import read_story
from dltui.registry import Entry

ALL = list(EXHIBITS)
TAKEN = {part.name for part in OPTIONS} - {"seed", "device"} | {"live", "help"}


@pytest.fixture
def small() -> Iterator[Exhibit]:
    @exhibit("small", family="testing", covers=("x:y",), kin={"dltui open FILE": "more"}, sources=("A book",))
    def made(
        gain: Annotated[float, Slider(0, 2)] = 1.0, way: Annotated[str, Choice("up", "down")] = "up"
    ) -> Iterator[Frame]:
        """Three words.

        Try: this,
        and that.
        Notice: something.

        A paragraph
        of two lines.
        """
        for k in range(3):
            yield Frame(
                figures=(Prose(text=f"{way} {k}"),), numbers={"k": k, "gain": gain}, caption=f"{k}", total=3
            )

    yield made
    EXHIBITS._found.pop("small")


def test_story(small: Exhibit) -> None:
    assert small.story.opening == ("Three words.", "Try: this, and that.", "Notice: something.")
    assert small.story.body == ("A paragraph of two lines.",)


@pytest.mark.parametrize("text", [None, "", "Only this.", "Seen.\n\nTry: it.", "Seen.\n\nNotice: it."])
def test_story_must_be_whole(text: str | None) -> None:
    with pytest.raises(TypeError, match="'x'"):
        read_story(text, "x")


def test_runs_with_any_knob(small: Exhibit) -> None:
    assert [frame.caption for frame in small()] == ["0", "1", "2"]
    last = run(small, {"gain": "0.5", "way": "down"})
    assert last.knobs == {"gain": 0.5, "way": "down"}
    assert last.numbers == {"k": 2, "gain": 0.5}
    assert last.title == "small · 2"
    assert [type(figure).__name__ for figure in last.shown] == ["Prose", "Prose", "Table"]
    assert small.schema()["properties"].keys() == {"gain", "way"}


def test_reports_every_frame(small: Exhibit) -> None:
    told: list[tuple[int, int]] = []
    list(live(small, report=lambda done, total, partial=None: told.append((done, total))))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_unknown_knob(small: Exhibit) -> None:
    with pytest.raises(UsageError, match="unknown knob of small 'gian': did you mean gain"):
        run(small, {"gian": 1})


def test_check_needs_words(small: Exhibit) -> None:
    def silent_check() -> None: ...

    with pytest.raises(TypeError, match="silent-check"):
        small.check(silent_check)


def test_names_are_unique(small: Exhibit) -> None:
    with pytest.raises(ValueError, match="two exhibits are named 'small'"):
        exhibit("small", family="testing", covers=())(small.make)


def test_stale_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NAMES, "gone", Entry("dltui.lab.geometry.saddles", "", "geometry"))
    with pytest.raises(DltuiError, match="dltui.lab.table"):
        load("gone")


def test_chosen() -> None:
    assert chosen() == ALL
    assert "two-weight-saddle" in chosen(family="geometry")
    with pytest.raises(UsageError, match="geometry"):
        chosen(family="geometri")
    with pytest.raises(UsageError, match="two-weight-saddle"):
        chosen("two-weights-saddle")


def test_table_of_names_is_true() -> None:
    written = dltui.lab.table.PLACE.read_text(encoding="utf-8")
    assert written == dltui.lab.table.table(), "run: python -m dltui.lab.table"


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


@pytest.mark.parametrize("name", ALL)
def test_exhibit_runs_and_repeats(name: str) -> None:
    one, again = run(name), run(name)
    assert one.numbers == again.numbers
    for figure, other in zip(one.shown, again.shown, strict=True):
        assert figure.words() == other.words()
    assert json.loads(json.dumps(one.document()))["numbers"]


@pytest.mark.parametrize("name", ALL)
def test_checks_hold(name: str) -> None:
    failed = [f"{one.check}: {one.message}" for one in check_exhibit(name) if not one.holds]
    assert not failed


@pytest.mark.parametrize("name", ALL)
def test_ends_of_every_knob(name: str) -> None:
    """No knob's end breaks an exhibit, and numbers that are not finite never come without a word."""
    one = load(name)
    for knob in one.knobs:
        for value in knob.extremes:
            frames = list(one(**{knob.name: value}))
            assert frames, f"{knob.name} = {value} shows nothing"
            assert len(frames) == frames[-1].total or not frames[-1].total
            _speak(frames[-1].figures)
            assert _finite(list(frames[-1].numbers.values())), f"{knob.name} = {value}: {frames[-1].numbers}"


def _speak(figures: tuple[Figure, ...]) -> None:
    for figure in figures:
        assert figure.title
        assert "no finite value" not in figure.words()


def _finite(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_finite(item) for item in value)
    return not isinstance(value, float) or bool(np.isfinite(value))

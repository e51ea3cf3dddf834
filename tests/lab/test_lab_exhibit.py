"""The decorator, the story and the table of names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest

import dltui.lab.table
from dltui.errors import DltuiError, UsageError
from dltui.figures import Prose
from dltui.lab import EXHIBITS, Choice, Exhibit, Frame, Slider, chosen, exhibit, load
from dltui.lab._names import NAMES
from dltui.lab.run import live, run
from dltui.lab.story import read_story
from dltui.registry import Entry

ALL = list(EXHIBITS)


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
    assert small.last(gain=0.5).numbers == {"k": 2, "gain": 0.5}
    last = run(small, {"gain": "0.5", "way": "down"})
    assert last.knobs == {"gain": 0.5, "way": "down"}
    assert last.numbers == {"k": 2, "gain": 0.5}
    assert last.title == "small · 2"
    assert [type(figure).__name__ for figure in last.shown] == ["Prose", "Prose", "Steps"]
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

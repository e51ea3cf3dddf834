"""An open exhibit answers every turn of a knob, drops what is stale, and moves to a process when it is slow."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import dltui.jobs.exhibit as live_exhibit
from dltui.cli import run
from dltui.errors import DltuiError, UsageError
from dltui.jobs import Engine, LiveExhibit
from dltui.jobs.closed_form import needs_torch
from dltui.jobs.perform import Moment, Newest, Said, Setting, Settled, play
from dltui.lab import EXHIBITS
from dltui.lab._names import NAMES
from dltui.lab.run import run as run_exhibit
from dltui.registry import Entry
from dltui.results import load

from .conftest import PATIENT, until  # noqa: TID252 - the tests of this folder share it

SADDLE = "two-weight-saddle"

LONG = '''
from typing import Annotated
from dltui.figures import Prose
from dltui.lab import Frame, Slider, exhibit


@exhibit("long-story", family="testing", covers=())
def long_story(stop: Annotated[int, Slider(1, 10**9, help="where it stops")] = 10**9):
    """Counts, and fails at thirteen.

    Try: --stop 3.
    Notice: nothing.
    """
    for count in range(1, stop + 1):
        if stop == 13:
            raise RuntimeError("thirteen")
        yield Frame(figures=(Prose(title="count", text=str(count)),), numbers={"count": count})
'''


@pytest.fixture
def saddle(engine: Engine) -> Iterator[LiveExhibit]:
    exhibit = engine.open_exhibit(SADDLE)
    yield exhibit
    exhibit.close()


@pytest.fixture
def long_story(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveExhibit]:
    (tmp_path / "stories.py").write_text(LONG, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(NAMES, "long-story", Entry("stories", "Counts.", "testing"))
    exhibit = engine.open_exhibit("long-story")
    yield exhibit
    exhibit.close()
    until(lambda: not _playing("long-story"), "the end of its thread")
    sys.modules.pop("stories", None)
    EXHIBITS._found.pop("long-story", None)


def _playing(name: str) -> bool:
    import threading

    return any(thread.name == f"dltui-{name}" for thread in threading.enumerate())


@pytest.mark.parametrize("apart", [False, True], ids=["thread", "process"])
def test_it_shows_what_the_command_line_shows(saddle: LiveExhibit, apart: bool) -> None:
    saddle.apart = apart
    saddle.set(lr=0.3)
    setting = saddle.set(mode="escape")
    assert saddle.wait(setting, PATIENT, settled=True)
    theirs = run_exhibit(SADDLE, {"lr": 0.3, "mode": "escape"})
    assert saddle.moment.shown.document()["numbers"] == theirs.document()["numbers"]
    assert saddle.moment.done == saddle.moment.total > 40
    assert saddle.line == f"dltui lab run {SADDLE} --mode escape --lr 0.3"
    assert saddle.apart is apart


@pytest.mark.parametrize("apart", [False, True], ids=["thread", "process"])
def test_a_turned_knob_shows_at_once(saddle: LiveExhibit, apart: bool) -> None:
    """The quickest of some turns, so that a busy machine fails nothing; the benchmark tells the median."""
    saddle.apart = apart
    assert saddle.wait(saddle.set(lr=0.2), PATIENT, settled=True)
    seconds = []
    for turn in range(12):
        asked = time.perf_counter()
        assert saddle.wait(saddle.set(w1=turn / 10), PATIENT)
        seconds.append(time.perf_counter() - asked)
    assert min(seconds) < 0.1


@pytest.mark.parametrize("apart", [False, True], ids=["thread", "process"])
def test_the_newest_setting_wins(saddle: LiveExhibit, apart: bool) -> None:
    saddle.apart = apart
    for turn in range(60):
        last = saddle.set(w1=turn / 50)
    assert saddle.wait(last, PATIENT, settled=True)
    assert saddle.moment.setting == saddle.setting == last == 60
    assert saddle.moment.shown.knobs["w1"] == 59 / 50


def test_a_stale_setting_is_given_up_at_its_next_moment() -> None:
    newest, said = Newest(), []
    first, second = Setting(1, {}), Setting(2, {"lr": 0.5})

    def say(what: Said) -> None:
        said.append(what)
        newest.put(second)

    newest.put(first)
    assert newest.take() is first
    play(SADDLE, first, newest, say)
    assert [type(what) for what in said] == [Moment]
    assert newest.take() is second
    play(SADDLE, second, newest, said.append)
    assert isinstance(said[-1], Settled)
    assert {what.setting for what in said[1:]} == {2}
    newest.close()
    assert newest.take() is None


def test_an_endless_one_still_answers(long_story: LiveExhibit, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never ends by itself; only a setting that is given up lets the next one show."""
    monkeypatch.setattr(live_exhibit, "QUICK", float("inf"))
    assert long_story.wait(long_story.set(), PATIENT)
    assert not long_story.settled
    short = long_story.set(stop=3)
    assert long_story.wait(short, PATIENT, settled=True)
    assert long_story.moment.shown.numbers["count"] == 3
    assert not long_story.apart


def test_a_slow_one_moves_to_a_process(saddle: LiveExhibit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_exhibit, "QUICK", -1.0)
    setting = saddle.set(lr=0.3)
    assert saddle.wait(setting, PATIENT, settled=True)
    assert saddle.apart
    assert saddle.moment.done == saddle.moment.total
    assert saddle.moment.setting == setting


def test_what_is_refused_is_told_and_the_next_setting_plays(long_story: LiveExhibit) -> None:
    assert long_story.wait(long_story.set(stop=0), PATIENT)
    assert "a whole number from 1" in long_story.failure.sentence
    assert long_story.failure.last_lines == ()
    assert long_story.wait(long_story.set(stop=13), PATIENT)
    assert "RuntimeError: thirteen" in long_story.failure.sentence
    assert any("raise RuntimeError" in line for line in long_story.failure.last_lines)
    assert long_story.wait(long_story.set(stop=2), PATIENT, settled=True)
    assert long_story.failure is None
    assert long_story.wait(long_story.set(nothing=2), PATIENT)
    assert "unknown knob" in long_story.failure.sentence


def test_a_process_refuses_likewise(saddle: LiveExhibit) -> None:
    saddle.apart = True
    assert saddle.wait(saddle.set(lr=99), PATIENT)
    assert saddle.failure.sentence == "the knob lr takes a number from 0.001 to 1, not 99; try --lr 0.1"
    assert saddle.wait(saddle.set(lr=0.5), PATIENT, settled=True)
    assert saddle.failure is None


def test_a_process_that_was_killed_is_told_and_started_anew(saddle: LiveExhibit) -> None:
    saddle.apart = True
    assert saddle.wait(saddle.set(), PATIENT, settled=True)
    os.kill(saddle._process._pid, signal.SIGKILL)
    until(lambda: saddle.failure, "the news")
    assert "SIGKILL" in saddle.failure.sentence
    assert saddle.wait(saddle.set(lr=0.5), PATIENT, settled=True)
    assert saddle.failure is None


def test_what_is_shown_can_be_kept(saddle: LiveExhibit, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DltuiError, match="nothing yet"):
        saddle.keep()
    assert saddle.wait(saddle.set(noise=0.05, seed=4), PATIENT, settled=True)
    path = saddle.keep()
    kept = load(path)
    assert kept.made.command == saddle.line == f"dltui lab run {SADDLE} --noise 0.05 --seed 4"
    assert run([*saddle.line.split()[1:], "--save", str(path.with_name("cli.safetensors")), "--quiet"]) == 0
    assert load(path.with_name("cli.safetensors")).numbers == kept.numbers


def test_a_closed_one_plays_no_more(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_exhibit, "QUICK", -1.0)
    exhibit = engine.open_exhibit(SADDLE)
    assert exhibit.wait(exhibit.set(), PATIENT, settled=True)
    until(lambda: exhibit.apart, "the move")
    exhibit.close()
    with pytest.raises(DltuiError, match="was closed"):
        exhibit.set()
    with pytest.raises(UsageError, match="two-weight-saddle"):
        engine.open_exhibit("two-weight-sadle")
    until(lambda: not _playing(SADDLE), "the end of its threads")


REACH: dict[str, bool] = {
    "dltui.lab.geometry.saddles": False,  # imports torch in its checks alone
    "dltui.lab.geometry.two_weights": False,
    "dltui.results.gallery": False,
    "dltui.instruments.landscape": True,
    "dltui.commands.landscape": True,  # inside of a function
    "dltui.checkpoints.open": True,
}


@pytest.mark.parametrize("module", REACH)
def test_whether_torch_is_reached_is_read_off_the_sources(module: str) -> None:
    assert needs_torch(module) is REACH[module]


def test_news_come_from_a_thread(engine: Engine) -> None:
    told: list[int] = []
    hear: Callable[[LiveExhibit], None] = lambda exhibit: told.append(exhibit.setting)  # noqa: E731
    exhibit = engine.open_exhibit(SADDLE, hear)
    assert exhibit.wait(exhibit.set(), PATIENT, settled=True)
    until(lambda: len(told) > 1, "news")
    exhibit.close()

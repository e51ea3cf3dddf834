"""Random keys, clicks and sizes on every screen: nothing breaks, and nothing is kept that is over.

A short version runs with the suite; ``DLTUI_SOAK=10000`` asks for so many gestures and looks at memory, too.
"""

import gc
import os
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from textual._styles_cache import StylesCache
from textual.errors import NoWidget
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from dltui.runs import new_run
from dltui.tui import _names
from dltui.tui.actions import ACTIONS
from dltui.tui.app import DltuiApp
from dltui.tui.trimming import give_back
from tests.tui.conftest import until

GESTURES = int(os.environ.get("DLTUI_SOAK", "150"))
WARM_UP = 2000  # gestures until every module is loaded and every cache is full
GROWTH = 20.0  # MB that a soak may grow by afterwards
LEAVING = {"q", "ctrl+q"}
KEYS = [key for action in ACTIONS for key in action.keys if key not in LEAVING]
LETTERS = [*"abxyz019./-", "space", "tab", "shift+tab", "delete", "ctrl+a"]


async def test_nothing_breaks(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DltuiApp, "action_quit", _stay)
    (results / "broken.safetensors").write_bytes(b"garbage")
    new_run(model="lenet", data="digits", settings={}, command="")
    chance = random.Random(1)
    app = make_app()
    memory: list[float] = []
    seen: Counter[str] = Counter()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await _everything_once(app, pilot, settle)
        for gesture in range(GESTURES):
            await _gesture(app, pilot, chance)
            assert app.is_running, f"it ended at gesture {gesture}"
            seen[type(app.screen).__name__] += 1
            if gesture % 500 == 499:
                await settle(pilot)
                gc.collect()
                give_back()  # as the application does every twenty seconds
                memory.append(_resident())
                print(f"gesture {gesture + 1}: {memory[-1]:.0f} MB", flush=True)  # a soak takes its time
        while len(app.trail.open) > 1:  # all that was opened is let go again
            await pilot.press("escape")
            await app.close_place(app.trail.open[-1])
        await settle(pilot)
        # a timer that was cancelled keeps what it was for until its time would have come, twenty seconds at most
        await until(pilot, lambda: len(closed_screens()) <= 2, "the end of what was closed")
        assert len(closed_screens()) <= 2, Counter(type(one).__name__ for one in closed_screens())
    print(f"{GESTURES} gestures on {dict(seen)}")
    if GESTURES > 2 * WARM_UP:
        assert memory[-1] - memory[WARM_UP // 500] < GROWTH


async def _everything_once(
    app: DltuiApp, pilot: Pilot[int], settle: Callable[[Pilot[int]], Awaitable[None]]
) -> None:
    """Open one thing of every kind that has a screen."""
    items = [item for shelf in app.items.values() for item in shelf]
    for kind in _names.SCREENS:
        wanted, _, schema = kind.partition(":")
        found = [one for one in items if one.kind == wanted and (not schema or one.schema == schema)]
        for item in found[:1]:
            app.open_item(item)
            await settle(pilot)


async def _stay(app: DltuiApp) -> None:
    """Stay, although someone clicked on the way out."""


async def _gesture(app: DltuiApp, pilot: Pilot[int], chance: random.Random) -> None:
    """Press a key, click, turn the wheel, or change the size."""
    width, height = app.size
    kind = chance.random()
    if kind < 0.7:
        await pilot.press(chance.choice([*KEYS, *["enter"] * 10, *["escape"] * 8]))
    elif kind < 0.75:
        await pilot.press(*chance.choices(LETTERS, k=3))
    elif kind < 0.95:
        with suppress(NoWidget):  # the pilot's own trouble: the screen is just changing its size
            await pilot.click(offset=(chance.randrange(width), chance.randrange(height)))
    else:
        await pilot.resize_terminal(chance.randrange(1, 180), chance.randrange(1, 60))


def _resident() -> float:
    """Return the memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def test_a_screen_that_is_closed_is_let_go(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for _ in range(10):
            await pilot.press("enter")
            await settle(pilot)
            await pilot.press("question_mark", "escape", "slash", "escape", "x")
            await settle(pilot)
        assert len(app.trail.open) == 1
        kept = Counter(type(one).__name__ for one in closed_screens())
        assert kept.total() <= 1, kept  # of ten: the last one may wait for a timer


async def test_what_was_drawn_for_dialogs_that_are_closed_is_let_go(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dltui.tui.app.EVERY", 0.2)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        before = drawers()
        for _ in range(6):
            await pilot.press("question_mark", "escape", "slash", "escape", "colon", "escape")
            await settle(pilot)
        await until(pilot, lambda: drawers() <= before + 10, "its end")  # a dialog alone has forty
        assert drawers() <= before + 10


async def test_bars_of_what_is_taken_apart_do_not_begin(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("question_mark")
        dialog = app.screen
        await pilot.press("escape")
        await until(pilot, lambda: not dialog.is_attached, "its end")
        assert dialog._vertical_scrollbar is None
        bar = dialog.vertical_scrollbar  # as a layout asks that ends late
        await settle(pilot)
        assert bar._task is None
        assert app.screen.vertical_scrollbar._task is not None


async def test_an_exhibit_that_is_closed_holds_no_screen(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
) -> None:
    app = make_app()
    live = app.engine.open_exhibit("two-weight-saddle", print)
    assert print in gc.get_referents(live.__dict__)
    live.close()
    assert print not in gc.get_referents(live.__dict__)


def drawers() -> int:
    """Return how many objects there are that keep the lines of a widget."""
    gc.collect()
    return sum(isinstance(one, StylesCache) for one in gc.get_objects())


def closed_screens() -> list[Widget]:
    """Return the screens that are kept although they are closed."""
    return [one for one in detached() if isinstance(one, Screen)]


def detached() -> list[Widget]:
    """Return the widgets that are kept although they are on no screen any more."""
    gc.collect()
    return [one for one in gc.get_objects() if isinstance(one, Widget) and not one.is_attached]


@pytest.mark.parametrize("width", [1, 2, 3, 5])
async def test_lists_that_have_no_room_at_all(
    results: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
    width: int,
) -> None:
    app = make_app()
    async with app.run_test(size=(width, 30)) as pilot:
        await settle(pilot)
        await pilot.press("T", "a", "down", "escape", "slash", "b", "escape")
        await settle(pilot)
        await pilot.resize_terminal(100, 30)
        await settle(pilot)
        await pilot.press("slash", "b")
        await pilot.resize_terminal(width, 30)
        await pilot.press("escape")
        await settle(pilot)
        assert app.is_running

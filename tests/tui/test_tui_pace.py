"""No frame is sent while the terminal still chews on the last one."""

import os
import pty
import select
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot

from dltui.commands.landscape_screen import LandscapeScreen
from dltui.draw.look import Depth
from dltui.tui.app import DltuiApp
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.pace import CALM_FRAMES, Pace, waiting

from .conftest import until  # noqa: TID252 - the tests of this folder share it


def test_pace_is_careful_over_a_network_and_rises_while_the_line_is_free() -> None:
    assert (Pace.of({}).rate, Pace.of({}).depth) == (30, Depth.TRUE)
    pace = Pace.of({"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"})
    assert (pace.rate, pace.depth) == (10, Depth.PALETTE)
    for _ in range(4 * CALM_FRAMES):
        pace.drawn()
    assert (pace.rate, pace.depth) == (30, Depth.TRUE)
    for _ in range(3):
        pace.held()
    assert (pace.rate, pace.depth) == (10, Depth.PALETTE)


def test_pace_of_a_local_terminal_stays() -> None:
    pace = Pace()
    for _ in range(10):
        pace.held()
    assert (pace.rate, pace.depth) == (30, Depth.TRUE)


def test_a_terminal_that_is_full_is_waited_for() -> None:
    main, child = pty.openpty()
    writer = SimpleNamespace(_queue=Queue(), fileno=lambda: child)
    app: Any = SimpleNamespace(_driver=SimpleNamespace(_writer_thread=writer))
    tty.setraw(child)
    os.set_blocking(child, False)
    try:
        assert not waiting(app)
        for _ in range(200):  # what was written moves on for a moment before the terminal is full for good
            with suppress(BlockingIOError):
                while True:
                    os.write(child, b"x" * 4096)
            time.sleep(0.005)
            if waiting(app):
                break
        assert waiting(app)
        while select.select([main], [], [], 0.05)[0]:
            os.read(main, 65536)
        assert not waiting(app)
    finally:
        os.close(main)
        os.close(child)


def test_a_pipe_to_a_browser_that_is_full_is_waited_for() -> None:
    reader, end = os.pipe()
    app: Any = SimpleNamespace(_driver=SimpleNamespace(fileno=end))
    os.set_blocking(end, False)
    try:
        assert not waiting(app)
        with suppress(BlockingIOError):
            while True:
                os.write(end, b"x" * 4096)
        assert waiting(app)
    finally:
        os.close(reader)
        os.close(end)


async def opened(app: DltuiApp, pilot: Pilot[int]) -> FigureView:
    """Open the first result and wait until it stands still."""
    await until(pilot, lambda: app.items.get("results"), "the shelf")
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, LandscapeScreen), "its screen")
    await until(pilot, lambda: app.screen.query(FigureView), "its view")
    view = app.screen.query_one(FigureView)
    await until(
        pilot, lambda: view.figure is not None and view.canvas.plain() and view._due is None, "its picture"
    )
    await app.workers.wait_for_complete()
    await pilot.pause()
    return view


async def test_no_frame_while_writes_are_queued(
    results: object, make_app: Callable[..., DltuiApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        view = await opened(app, pilot)
        queue: Queue[str] = Queue()
        queue.put("a frame that the terminal has not taken")
        monkeypatch.setattr(app._driver, "_writer_thread", SimpleNamespace(_queue=queue), raising=False)
        assert waiting(app)
        before = view.canvas
        await pilot.press("left", "left")
        await pilot.pause(0.2)  # longer than frames are apart
        assert view.view.azimuth != 35
        assert view.canvas is before
        queue.get()
        await until(pilot, lambda: view.canvas is not before, "the next frame")


async def test_frames_that_come_too_fast_are_left_out(
    results: object, make_app: Callable[..., DltuiApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        view = await opened(app, pilot)
        drawn = []
        monkeypatch.setattr(view, "show", lambda canvas: drawn.append(canvas))
        for _ in range(50):
            view.action_turn(1, 0)
        await pilot.pause(0.2)
        assert view.view.azimuth == (35 + 50 * 6) % 360
        assert 1 <= len(drawn) <= 3

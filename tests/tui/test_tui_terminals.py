"""Every kind of terminal: poor in colours, small, far away, inside another, or for people who want it calm."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dltui.tui.motion import reduced

from .conftest import PATIENT  # noqa: TID252 - the tests of this folder share it

Start = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
RUN = "from dltui.tui.start import run_tui; raise SystemExit(run_tui())"
SIXTEEN = re.compile(rb"\x1b\[[0-9;]*[34]8;[25];")
TRUE = re.compile(rb"\x1b\[[0-9;]*[34]8;2;")


def unreadable(screen: Any, columns: range | None = None) -> list[tuple[int, str]]:
    """Return the rows that have letters in the colour of what is behind them."""
    found = []
    for row in range(screen.lines):
        cells = [screen.buffer[row][column] for column in columns or range(screen.columns)]
        hidden = "".join(
            cell.data for cell in cells if cell.data.isalnum() and cell.fg == cell.bg != "default"
        )
        if hidden:
            found.append((row, hidden))
    return found


def readable(app: Any, columns: range | None = None) -> None:
    """Wait until every letter on the screen can be told from what is behind it."""
    app.until(lambda: not unreadable(app.screen, columns), "what can be read")


def back(app: Any) -> None:
    """Close the help."""
    app.press("\x1b")
    app.until(lambda: "esc closes" not in app.shown, "what is below")


def colours(app: Any) -> list[tuple[str, str]]:
    """Return the colours of every cell."""
    cells = [app.screen.buffer[row][column] for row in range(30) for column in range(100)]
    return [(cell.fg, cell.bg) for cell in cells]


def leave(app: Any) -> None:
    """Leave by key, with the terminal as it was."""
    app.press("q")
    assert app.ended() == 0
    assert b"Traceback" not in app.raw


@pytest.mark.parametrize("term", ["xterm", "linux"])
def test_sixteen_colours_are_enough_to_read(results: Path, terminal: Start, term: str) -> None:
    app = terminal(RUN, TERM=term, COLORTERM="")
    app.read_until("lowest 0.01")
    assert not SIXTEEN.search(app.raw)
    readable(app)
    before = colours(app)
    app.press("t")
    app.until(lambda: colours(app) != before, "the light theme")
    readable(app)
    app.press("?")
    app.read_until("esc closes")
    readable(app, range(11, 89))  # what is behind the page may fade
    back(app)
    leave(app)


def test_256_colours(results: Path, terminal: Start) -> None:
    app = terminal(RUN, TERM="screen-256color", COLORTERM="")
    app.read_until("lowest 0.01")
    assert not TRUE.search(app.raw)
    assert b"38;5;" in app.raw
    leave(app)


def test_no_colour_is_sent_where_none_is_wanted(results: Path, terminal: Start) -> None:
    app = terminal(RUN, NO_COLOR="1")
    app.read_until("lowest 0.01")
    app.press("\r")
    app.read_until("azimuth 35°")
    coloured = {
        (cell.fg, cell.bg) for row in app.screen.buffer.values() for cell in row.values() if cell.data.strip()
    }
    assert coloured == {("default", "default")}
    leave(app)


def test_far_away_pictures_have_256_colours_at_first(results: Path, terminal: Start) -> None:
    app = terminal(RUN, SSH_CONNECTION="192.0.2.1 50000 192.0.2.2 22")
    app.read_until("lowest 0.01")
    app.press("\r")
    app.read_until("azimuth 35°")
    assert re.search(rb"[34]8;5;\d+m[^\x1b]*\xe2\x96\x80", app.raw)  # half blocks of the picture
    assert not re.search(rb"38;2;[0-9;]+m\xe2\x96\x80", app.raw)
    leave(app)


def test_smallest_terminal_has_everything(results: Path, terminal: Start) -> None:
    app = terminal(RUN, columns=60, rows=18)
    shown = app.read_until("bowl")
    for part in ("Results", "Models", "? help", "q quit"):
        assert part in shown
    app.press("\r")
    app.read_until("azimuth 35°")
    app.read_until("esc back")
    app.press("?")
    app.read_until("esc closes")
    back(app)
    leave(app)


def test_below_the_smallest_size_it_says_so(results: Path, terminal: Start) -> None:
    app = terminal(RUN, columns=59, rows=18)
    shown = app.read_until("dltui needs 60 × 18 cells.")
    assert "Results" not in shown
    leave(app)


def test_nothing_moves_by_itself_where_it_should_not(results: Path, terminal: Start) -> None:
    app = terminal(RUN, DLTUI_REDUCED_MOTION="1")
    app.read_until("lowest 0.01")
    app.press("\r")
    shown = app.read_until("azimuth 35°")
    assert "s spin" not in shown
    app.press("s")
    time.sleep(0.4)
    assert "azimuth 35°" in app.read_until("azimuth")
    app.press("\x1b[D")
    app.read_until("azimuth 29°")
    leave(app)


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({}, False), ({"DLTUI_REDUCED_MOTION": "1"}, True), ({"DLTUI_REDUCED_MOTION": "0"}, False),
     ({"TEXTUAL_ANIMATIONS": "none"}, True), ({"TEXTUAL_ANIMATIONS": "full"}, False)],
)  # fmt: skip
def test_where_motion_is_reduced(environ: dict[str, str], expected: bool) -> None:
    assert reduced(environ) is expected


@pytest.fixture
def tmux(here: Path, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Talk to a tmux of its own."""
    if shutil.which("tmux") is None:
        pytest.skip("no tmux on this machine")
    base = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null"]
    environment = {name: value for name, value in os.environ.items() if name not in {"COLORTERM", "TERM"}}
    environment |= {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}

    def command(*words: str) -> str:
        done = subprocess.run(
            [*base, *words],
            cwd=here,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout

    yield command
    subprocess.run([*base, "kill-server"], capture_output=True, check=False)


def test_inside_tmux(results: Path, here: Path, tmux: Callable[..., str]) -> None:
    def wait(text: str) -> str:
        end = time.monotonic() + PATIENT
        while text not in (shown := tmux("capture-pane", "-p")):
            assert time.monotonic() < end, f"{text!r} never came; tmux shows\n{shown}"
            time.sleep(0.05)
        return shown

    program = f"import sys; sys.argv[1:] = []; {RUN}"
    tmux("new-session", "-d", "-x", "100", "-y", "30", sys.executable, "-c", program)
    tmux("set-option", "remain-on-exit", "on")
    wait("lowest 0.01")
    assert "\x1b[38;5;" in tmux("capture-pane", "-p", "-e")
    tmux("send-keys", "Enter")
    wait("azimuth 35°")
    tmux("send-keys", "Left")
    wait("azimuth 29°")
    tmux("send-keys", "Escape")
    wait("lowest 0.01")
    tmux("resize-window", "-x", "60", "-y", "18")
    assert max(map(len, wait("q quit").splitlines())) <= 60
    tmux("send-keys", "q")
    assert "Traceback" not in wait("Pane is dead (status 0")

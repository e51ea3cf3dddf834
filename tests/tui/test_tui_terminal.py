"""The real thing on a pseudo-terminal, and what it must not load."""

import os
import re
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
import pytest

from dltui.errors import DltuiError, UsageError
from dltui.tui.start import run_tui
from tests.tui.conftest import PATIENT

Start = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
HYGIENE = """
import asyncio, sys
from dltui.tui.app import DltuiApp
read_shelves = DltuiApp.read_shelves
def painted(app):
    print([name for name in ("numpy", "torch") if name in sys.modules], "at the first paint")
    read_shelves(app)
DltuiApp.read_shelves = painted
async def main():
    app = DltuiApp()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.3)
        await app.workers.wait_for_complete()
        await pilot.press(*sys.argv[1:])
        await pilot.pause(0.3)
        await app.workers.wait_for_complete()
        await pilot.pause(0.1)
asyncio.run(main())
print(sorted(name for name in ("torch", "matplotlib", "plotext") if name in sys.modules))
"""


def test_it_paints_turns_and_leaves_the_terminal_as_it_was(results: Path, terminal: Start) -> None:
    app = terminal("from dltui.tui.start import run_tui; raise SystemExit(run_tui())")
    app.read_until("bowl")
    app.read_until("Loss landscape")
    app.press("\r")
    app.read_until("azimuth 35°")
    app.press("\x1b[D")
    app.read_until("azimuth 29°")
    assert not termios.tcgetattr(app.child)[tty.OFLAG] & termios.OPOST  # no search for line ends
    assert app.before[tty.OFLAG] & termios.OPOST
    app.press("q")
    assert app.ended() == 0
    assert termios.tcgetattr(app.child) == app.before
    for on, off in [(b"?1049h", b"?1049l"), (b"?1000h", b"?1000l"), (b"?25l", b"?25h")]:
        assert app.raw.rindex(b"\x1b[" + off) > app.raw.rindex(b"\x1b[" + on)
    assert b"Traceback" not in app.raw


KITTY = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.40.1)\x1b\\\x1b[6;16;8t\x1b[?62;c"
FOOT = b"\x1bP>|foot(1.20.0)\x1b\\\x1b[6;16;8t\x1b[?62;4;22c"


def test_a_resting_surface_becomes_pixels_in_kitty(results: Path, terminal: Start) -> None:
    app = terminal("from dltui.tui.start import run_tui; raise SystemExit(run_tui())")
    app.answer(rb"a=q,t=d.*\x1b\[c", KITTY)
    first = app.read_raw_until(rb"\x1b_Ga=T,U=1,q=2,f=32,o=z,s=(\d+),v=(\d+),i=(\d+),c=(\d+),r=(\d+),m=1;")
    wide, tall, number, columns, rows = map(int, first.groups())
    assert (wide, tall) == (8 * columns, 16 * rows)
    colour = f"38;2;{number >> 16};{number >> 8 & 255};{number & 255}".encode()
    app.read_raw_until(re.escape(colour) + rb"[;0-9]*m" + "\U0010eeee".encode())
    seen = len(app.raw)
    app.press("q")
    assert app.ended() == 0
    assert f"a=d,d=I,i={number},q=2".encode() in app.raw[seen:]
    assert termios.tcgetattr(app.child) == app.before


def test_a_resting_surface_becomes_sixel_in_foot(results: Path, terminal: Start) -> None:
    app = terminal("from dltui.tui.start import run_tui; raise SystemExit(run_tui())")
    app.answer(rb"a=q,t=d.*\x1b\[c", FOOT)
    found = app.read_raw_until(rb"\x1b\[\?2026h\x1b7\x1b\[\d+;\d+H\x1bP0;1;0q\"1;1;(\d+);(\d+)#")
    assert int(found[1]) % 8 == int(found[2]) % 16 == 0
    app.press("q")
    assert app.ended() == 0


def test_command_line_prints_pixels_where_they_are_asked_for(
    results: Path, terminal: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_GLYPHS", "pixels")
    path = results / "saddle.safetensors"
    app = terminal(f"import sys; from dltui.cli import run; sys.exit(run(['open', {str(path)!r}]))")
    app.answer(rb"a=q,t=d.*\x1b\[c", KITTY)
    assert app.ended() == 0
    assert len(re.findall(rb"\x1b_Ga=T,U=1", app.raw)) == 2  # the landscape, and the field from above
    assert app.raw.count("\U0010eeee".encode()) > 500
    assert termios.tcgetattr(app.child) == app.before


def test_command_opens_a_file_on_a_terminal(results: Path, terminal: Start) -> None:
    path = results / "saddle.safetensors"
    app = terminal(f"import sys; from dltui.cli import run; sys.exit(run(['tui', {str(path)!r}]))")
    app.read_until("› saddle")
    app.press("q")
    assert app.ended() == 0


@pytest.mark.parametrize(
    "keys",
    [("2", "enter", "left", "n", "right"), ("1", "enter", "x"), ("4", "enter"), ("5", "enter", "right")],
)
def test_torch_is_never_loaded(results: Path, here: Path, keys: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HYGIENE, *keys],
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "[] at the first paint\n[]\n", done.stderr


def test_without_a_terminal_it_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="needs a terminal; try `dltui open FILE`"):
        run_tui()


def test_file_that_is_no_result_is_told_before_anything_is_painted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tty:
        def isatty(self) -> bool:
            return True

    for name in ("__stdin__", "__stdout__", "__stderr__"):
        monkeypatch.setattr(sys, name, Tty())
    with pytest.raises(DltuiError, match="no file"):
        run_tui(tmp_path / "nowhere.safetensors")
    (tmp_path / "odd.safetensors").write_bytes(b"odd")
    with pytest.raises(DltuiError, match="can't read"):
        run_tui(tmp_path / "odd.safetensors")


@pytest.mark.parametrize("how", ["the line breaks", "a signal says so"])
def test_what_is_computed_is_kept_when_the_terminal_goes(
    how: str, results: Path, terminal: Start, tmp_path: Path
) -> None:
    app = terminal(GOING)
    app.read_until("Loss landscape")
    app.until(lambda: (tmp_path / "home" / "going").exists(), "the first numbers")
    if how == "the line breaks":
        app.hang_up()
        assert app.process.wait(PATIENT) == 130
    else:
        app.process.send_signal(signal.SIGHUP)
        assert app.ended() == 130
    assert len(list((tmp_path / "home" / "scratch").glob("landscape-*.safetensors"))) == 1


# Starts a job that takes long, and says when something of it is known.
GOING = """
from pathlib import Path
from dltui.runs import home
from dltui.tui.app import DltuiApp
from dltui.tui.start import run_tui
ready = DltuiApp.on_mount
def begin(app):
    ready(app)
    app.job_news.subscribe(app, told)
    app.run_job(("landscape", "mlp", "--data", "moons", "--steps", "401", "--exact"))
def told(job):
    if job.partial is not None:
        (home() / "going").touch()
DltuiApp.on_mount = begin
if __name__ == "__main__":
    raise SystemExit(run_tui())
"""

WITNESS = """
import sys
from pathlib import Path
from dltui.tui.app import DltuiApp
from dltui.tui.start import run_tui
quit = DltuiApp.action_quit
async def tell_and_quit(app):
    update = app.screen._compositor.render_full_update()
    Path(sys.argv[0]).with_name("whole").write_bytes(update.render_segments(app.console).encode())
    await quit(app)
DltuiApp.action_quit = tell_and_quit
sys.argv[0] = {path!r}
raise SystemExit(run_tui())
"""


def test_the_terminal_shows_what_the_compositor_holds_after_frames_dialogs_and_resizes(
    results: Path, terminal: Start, tmp_path: Path
) -> None:
    app = terminal(WITNESS.format(path=str(tmp_path / "app")))
    app.read_until("Loss landscape")
    app.press("\r")
    app.read_until("azimuth 35°")
    app.press("s")
    gone(app, "azimuth 35°")
    for dialog, said in (("?", "esc closes"), ("/", "Find"), (":", "Commands")):
        app.press(dialog)
        app.read_until(said)
        app.press("\x1b")
        gone(app, said)
    app.resize(110, 34)
    app.press("s")
    app.quiet()
    shown = pyte.Screen(110, 34)
    app.press("q")
    assert app.ended() == 0
    pyte.ByteStream(shown).feed((tmp_path / "whole").read_bytes())
    assert [shown.display, cells(shown)] == [app.screen.display, cells(app.screen)]


def gone(app: Any, text: str) -> None:
    """Read until a text stands nowhere on the screen."""
    app.until(lambda: text not in app.shown, f"a screen without {text!r}")


def cells(screen: pyte.Screen) -> list[Any]:
    """Return every cell of a screen with its style."""
    return [screen.buffer[row][column] for row in range(screen.lines) for column in range(screen.columns)]

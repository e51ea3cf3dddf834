"""The real program on a pseudo-terminal: colours, widths, plain mode, and the TUI's first paint."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.commands._frame import Common
from dltui.draw.canvas import text_width
from dltui.results.landscape import Landscape

OnTerminal = Callable[..., tuple[int, str]]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def bowl(tmp_path: Path, landscape: Landscape) -> Path:
    """A saved landscape, its minimum in the middle."""
    path = tmp_path / "bowl.safetensors"
    landscape.save(path)
    return path


def test_colour_on_a_terminal(on_terminal: OnTerminal, bowl: Path) -> None:
    code, written = on_terminal("open", str(bowl), COLORTERM="truecolor")
    assert code == 0
    assert "\x1b[0;38;2;" in written


def test_palette_without_truecolor(on_terminal: OnTerminal, bowl: Path) -> None:
    _, written = on_terminal("open", str(bowl))
    assert "38;5;" in written
    assert "38;2;" not in written


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_no_escape_codes(on_terminal: OnTerminal, bowl: Path, environment: dict[str, str]) -> None:
    code, written = on_terminal("open", str(bowl), "--quiet", **environment)
    assert code == 0
    assert "\x1b" not in written
    assert "bowl" in written


@pytest.mark.parametrize("columns", [60, 80, 133, 240])
def test_no_line_is_wider_than_the_terminal(on_terminal: OnTerminal, bowl: Path, columns: int) -> None:
    _, written = on_terminal("open", str(bowl), "--quiet", columns=columns)
    widths = [text_width(ESCAPE.sub("", line)) for line in written.replace("\r", "").split("\n")]
    assert columns // 2 < max(widths) <= columns


def test_a_pipe_has_no_colour_and_ascii_has_only_ascii(dltui: Callable[..., object], bowl: Path) -> None:
    done = dltui("open", str(bowl), "--ascii", FORCE_COLOR="1")
    assert done.returncode == 0  # type: ignore[attr-defined]
    assert done.stdout.isascii()  # type: ignore[attr-defined]
    assert "\x1b" not in done.stdout  # type: ignore[attr-defined]


def test_an_old_encoding_does_not_break(dltui: Callable[..., object], bowl: Path) -> None:
    done = dltui("open", str(bowl), PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0, done.stderr  # type: ignore[attr-defined]
    assert "bowl" in done.stdout  # type: ignore[attr-defined]


def test_plain_mode_says_the_numbers(dltui: Callable[..., object], bowl: Path) -> None:
    done = dltui("open", str(bowl), "--plain")
    assert "lowest 0.1 at α 0, β 0" in " ".join(done.stdout.split())  # type: ignore[attr-defined]


def test_doctor_tells_what_it_finds(dltui: Callable[..., object]) -> None:
    done = dltui("doctor")
    assert done.returncode == 0, done.stderr  # type: ignore[attr-defined]
    for part in ("torch", "cpu", "no terminal", "digits.npz", "results"):
        assert part in done.stdout  # type: ignore[attr-defined]


@pytest.mark.parametrize("ascii_only", [False, True])
def test_remarks_too_are_in_ascii_where_that_is_asked(ascii_only: bool) -> None:
    told: list[str] = []
    Common(ascii=ascii_only, say=told.append).note("1.5 s · keep it")
    assert told == ["1.5 s * keep it" if ascii_only else "1.5 s · keep it"]

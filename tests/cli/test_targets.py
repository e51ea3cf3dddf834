"""A file that can't be written is told before any work is done, by every verb and for every option that names one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dltui.cli import run
from dltui.commands import _frame
from dltui.commands._calls import command_of
from dltui.commands._names import VERBS
from dltui.draw import endings

EXHIBIT = ("lab", "run", "two-weight-saddle")


Options = dict[str, list[tuple[str, ...]]]


def commands_below(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every command that can be called, with the words that call it."""
    if words == EXHIBIT[:2]:
        context = typer.Context(command)
        yield EXHIBIT, command.resolve_command(context, list(EXHIBIT[2:]))[1]
    elif hasattr(command, "commands"):
        for name, one in command.commands.items():
            yield from commands_below(one, (*words, name))
    else:
        yield words, command


@pytest.fixture(scope="module")
def options() -> Options:
    """Return the commands that have each of the options that name a file to be written."""
    found: Options = {name: [] for name in ("--figure", "--save", "--record", "--gif", "--export")}
    for verb in VERBS:
        for words, command in commands_below(command_of(verb), (verb,)):
            for option in (name for parameter in command.params for name in parameter.opts if name in found):
                found[option].append(words)
    return found


@pytest.fixture(autouse=True)
def idle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let no verb begin its work."""

    def called(call: object) -> None:
        raise AssertionError(f"{call} has begun")

    monkeypatch.setattr(_frame.Call, "__call__", called)
    monkeypatch.chdir(tmp_path)


def told(
    words: tuple[str, ...], option: str, path: str, capsys: pytest.CaptureFixture[str], code: int = 2
) -> str:
    """Return the sentence with which a command refuses a file."""
    # 1 is an answer of diff, which never stands for trouble
    assert run([*words, option, path]) == (2 if words == ("diff",) else code), words
    shown = capsys.readouterr()
    assert not shown.out, words
    assert shown.err.count("\n") == 1, words
    return shown.err


def test_a_figure_without_matplotlib_is_refused_before_the_work(
    options: Options, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(endings, "find_spec", lambda _: None)
    assert len(options["--figure"]) > 60
    assert EXHIBIT in options["--figure"]
    for words in options["--figure"]:
        for kind in ("png", "pdf"):
            sentence = (
                f"error: {kind.upper()} needs matplotlib: pip install 'dltui[figures]'; .svg, .html, .csv, "
            )
            assert told(words, "--figure", f"a.{kind}", capsys, 1).startswith(sentence)


def test_an_ending_that_nothing_writes_is_refused_before_the_work(
    options: Options, capsys: pytest.CaptureFixture[str]
) -> None:
    assert options["--save"] == options["--figure"]
    for option, found in options.items():
        assert found
        for words in found:
            assert "'a.xyz': its name must end in " in told(words, option, "a.xyz", capsys)


@pytest.mark.parametrize("option", ["--gif", "--record", "--orbit"])
def test_a_gif_without_pillow_is_refused_before_the_work(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"--gif": ("nerf", "render"), "--record": ("open",), "--orbit": ("mesh",)}[option]
    monkeypatch.setattr(endings, "find_spec", lambda _: None)
    assert "GIF needs Pillow" in told(words, option, "a.gif", capsys, 1)


def test_a_place_that_can_not_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.svg").mkdir()
    assert "Not a directory; name a folder" in told(("landscape",), "--figure", "file/b/a.svg", capsys, 1)
    assert "Is a directory; name a folder" in told(("hessian",), "--figure", "folder.svg", capsys, 1)
    assert "Not a directory" in told(("diff",), "--save", "file/a.safetensors", capsys, 1)
    monkeypatch.setattr("dltui.files.os.access", lambda *_: False)
    assert "Permission denied" in told(("remake",), "--export", "new/a.ply", capsys, 1)


def test_what_can_be_written_is_left_alone(tmp_path: Path) -> None:
    for path in (Path("a.svg"), Path("A.SVG"), tmp_path / "new" / "folder" / "a.svg"):
        endings.check_figure(path)
    assert not list(tmp_path.iterdir())

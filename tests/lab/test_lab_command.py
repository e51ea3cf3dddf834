"""``dltui lab``: from the signature of an exhibit to options, and the same numbers on every way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.cli import run as dltui
from dltui.commands._exhibits import exhibit_command
from dltui.lab import EXHIBITS, load
from dltui.lab.run import run

NAME = "two-weight-saddle"
PROBE = """
import sys
from dltui.cli import run
code = run(sys.argv[1:])
heavy = {"torch", "numpy", "textual", "pydantic", "dltui.lab.geometry.saddles"} & set(sys.modules)
assert not heavy, heavy
assert code == 0, code
"""


@pytest.mark.parametrize(
    "words", [["list"], ["list", "--family", "geometry", "--json"], ["run", "--help"], ["--help"]]
)
def test_lists_without_importing(words: list[str]) -> None:
    subprocess.run([sys.executable, "-c", PROBE, "lab", *words], check=True, capture_output=True, text=True)


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "list", "--search", "SADDLE gradient", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["exhibits"]
    assert NAME in [one["name"] for one in found]
    assert dltui(["lab", "list", "--search", "zyzzyva"]) == 0
    assert "no exhibit has 'zyzzyva'" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_wider_than_the_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for words in (["list"], ["show", NAME]):
        assert dltui(["lab", *words]) == 0
        assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= width


@pytest.mark.parametrize("name", list(EXHIBITS))
def test_every_knob_is_an_option(name: str) -> None:
    exhibit = load(name)
    options = {option: part for part in exhibit_command(exhibit).params for option in part.opts}
    for knob in exhibit.knobs:
        assert knob.option in options
        assert knob.help == options[knob.option].help or knob.name in {"seed", "device"}


def test_help_tells_ranges_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "run", NAME, "--help"]) == 0
    out = capsys.readouterr().out
    for part in ("--lr 0.001…1", "--mode descend|escape", "[default: 0.1]", "Try: ", "Notice: ", "--seed"):
        assert part in out


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "show", NAME, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert plain["knobs"] == load(NAME).schema()
    assert plain["covers"] == list(load(NAME).covers)
    assert dltui(["lab", "show", NAME]) == 0
    out = capsys.readouterr().out
    for part in ("Knobs", "Checks", "Go on", "Sources", "+λ‖u‖²"):
        assert part in out


def test_json_has_the_same_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--w1", "-0.5", "--w2=.25", "--noise", "0.1", "--seed", "7", "--mode", "escape"]
    assert dltui(["lab", "run", NAME, *words, "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    known = run(NAME, {"w1": -0.5, "w2": 0.25, "noise": 0.1, "seed": 7, "mode": "escape"})
    assert plain["schema"] == "figures/1"
    assert plain["numbers"] == json.loads(json.dumps(known.numbers))
    assert plain["knobs"] == known.knobs


def test_live_json_has_every_moment(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "run", NAME, "--steps", "5", "--live", "--json"]) == 0
    numbers = json.loads(capsys.readouterr().out)["numbers"]
    assert [one["step"] for one in numbers["moments"]] == list(range(6))


def test_save_and_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from dltui.results import load as read

    file = tmp_path / "saddle.safetensors"
    assert dltui(["lab", "run", NAME, "--json", "--quiet", "--save", str(file)]) == 0
    numbers = json.loads(capsys.readouterr().out)["numbers"]
    assert json.loads(json.dumps(read(file).document()))["numbers"] == numbers


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run", "two-weight-sadle"], ["unknown exhibit", NAME]),
        (["run", NAME, "--alhpa", "1"], ["--alhpa", "--alpha"]),
        (["run", NAME, "--lr", "5"], ["lr", "0.001 to 1", "'5'", "--lr 0.1"]),
        (["run", NAME, "--lr", "fast"], ["lr", "0.001 to 1", "'fast'"]),
        (["run", NAME, "--steps", "2.5"], ["steps", "whole number", "'2.5'"]),
        (["run", NAME, "--mode", "jump"], ["mode", "descend, escape", "'jump'"]),
        (["run", NAME, "--seed", "123456"], ["seed", "0 to 9999"]),
        (["run", NAME, "--lr"], ["--lr"]),
        (["show", "saddle"], ["unknown exhibit"]),
        (["check", "saddle"], ["unknown exhibit"]),
        (["list", "--family", "geometri"], ["unknown family", "geometry"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_words(words: list[str], parts: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", *words]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert len(err.strip().splitlines()) == 1
    for part in parts:
        assert part in err


def test_coverage_without_a_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dltui(["lab", "coverage"]) == 1
    assert "--catalogue" in capsys.readouterr().err


def test_check_json(
    exhibits_from: Callable[[str, str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        "from dltui.lab import Frame, exhibit, near\n"
        "@exhibit('sound', family='testing', covers=())\n"
        "def sound():\n    'Seen.\\n\\nTry: it.\\nNotice: it.'\n    yield Frame(figures=())\n"
        "@sound.check\ndef one():\n    'One with one.'\n    near('one', 1, 1)\n"
    )
    exhibits_from(source, "sound", "sound_exhibits")
    assert dltui(["lab", "check", "sound", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert (plain["total"], plain["failed"]) == (1, 0)
    assert plain["checks"][0]["holds"] is True


def test_live_draws_every_moment_over_the_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dltui.commands._live.PAUSE", 0)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert dltui(["lab", "run", NAME, "--steps", "3", "--live"]) == 0
    moments = capsys.readouterr().out.split("\x1b[H")[1:]
    assert [f"step {k} of 3" in moment.splitlines()[0] for k, moment in enumerate(moments)] == [True] * 4
    assert all(len(moment.splitlines()) <= 23 for moment in moments[:-1])


def test_live_in_a_pipe_is_a_line_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "run", NAME, "--steps", "3", "--live"]) == 0
    assert [f"step {k} of 3" in line for k, line in enumerate(capsys.readouterr().out.splitlines()[:4])] == [
        True
    ] * 4


@pytest.mark.parametrize("flag", [[], ["--ascii"], ["--plain"]])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_drawn_within_the_width(
    width: int, flag: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert dltui(["lab", "run", NAME, "--mode", "escape", *flag]) == 0
    out = capsys.readouterr().out
    assert max(len(line) for line in out.splitlines()) <= width
    assert not flag or flag == ["--plain"] or out.isascii()

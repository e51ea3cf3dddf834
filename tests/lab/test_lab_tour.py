"""Tours: teaching order, in a pipe and on a terminal."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from dltui.cli import run as dltui
from dltui.lab import EXHIBITS
from dltui.lab.order import TOURS, in_order
from dltui.lab.tour import beside, stop_at, stops

CATALOGUE = Path(__file__).resolve().parents[3] / "shared" / "catalogue.md"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_order_of_the_tour_then_as_they_come() -> None:
    names = ["zebra", "number-formats", "ant", "layer-shapes"]
    assert in_order("shapes", names) == ["layer-shapes", "number-formats", "zebra", "ant"]


@pytest.mark.skipif(not CATALOGUE.is_file(), reason="the catalogue is not beside this checkout")
def test_tours_keep_the_order_of_the_catalogue() -> None:
    """Exhibits beyond the catalogue may stand anywhere among its own."""
    family, known = "", dict[str, list[str]]()
    for line in CATALOGUE.read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"## (\w+): ", line):
            family = heading[1]
        elif entry := re.match(r"- \*\*([a-z0-9-]+)\*\*", line):
            known.setdefault(family, []).append(entry[1])
    for family, tour in TOURS.items():
        assert [name for name in tour if name in known[family]] == known[family]


def test_neighbours() -> None:
    names = stops("shapes")
    assert [beside(names[1], step) for step in (-2, -1, 1)] == [None, names[0], names[2]]
    assert beside(names[-1], 1) is None
    assert stop_at("shapes", "2") == stop_at("shapes", names[1]) == 1


def test_a_pipe_gets_the_stops(capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "tour", "shapes", "--json"]) == 0
    plain = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in plain["stops"]] == stops("shapes")
    assert {one["summary"] for one in plain["stops"]} == {EXHIBITS.entry(n).summary for n in stops("shapes")}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shape"], "did you mean shapes"),
        (["shapes", "--at", "99"], "stops, not 99"),
        (["geometry", "--at", "foo"], "`dltui lab list --family geometry` lists them"),
        (["shapes", "--at", "layer-shape"], "layer-shapes"),
    ],
)
def test_wrong_words(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert dltui(["lab", "tour", *words]) == 2
    assert told in capsys.readouterr().err


def test_a_terminal_is_led_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names = stops("shapes")
    monkeypatch.setattr("sys.stdin", Terminal("\np\nnowhere\nnumber-formats\n2\nq\n"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert dltui(["lab", "tour", "shapes"]) == 0
    out, err = capsys.readouterr()
    at = [names[int(place) - 1] for place in re.findall(r"── (\d+) of \d+ · shapes", out)]
    assert at == [names[0], names[1], names[0], "number-formats", names[1]]
    assert "unknown stop of the tour of shapes 'nowhere'" in err
    assert out.count("Try: ") == len(at)


def test_the_end_of_a_tour_names_its_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "dumb")
    assert dltui(["lab", "tour", "shapes", "--at", stops("shapes")[-1]]) == 0
    assert "dltui lab check --family shapes" in capsys.readouterr().err

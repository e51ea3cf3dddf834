"""Coverage, counted by hand on a small catalogue and against the whole one where it is there."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from dltui.errors import DltuiError, UsageError
from dltui.lab import EXHIBITS, Exhibit, Frame, exhibit, load
from dltui.lab.coverage import core_rows, count, coverage

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT.parent / "shared" / "catalogue.csv"
SMALL = """key,name,family,exhibit,kind
a:one,One,left,first,core
a:two,"Two, with a comma",left,first,core
a:three,Three,left,second,core
a:four,Four,right,third,core
a:five,Five,right,third,mention
"""


def _made(name: str, family: str, covers: tuple[str, ...], checks: int) -> Exhibit:
    def show() -> Iterator[Frame]:
        """Seen.

        Try: it.
        Notice: it.
        """
        yield Frame(figures=())

    def check() -> None:
        """Nothing with nothing."""

    made = exhibit(name, family=family, covers=covers)(show)
    for _ in range(checks):
        made.check(check)
    EXHIBITS._found.pop(name)
    return made


def test_counts_by_hand(tmp_path: Path) -> None:
    file = tmp_path / "small.csv"
    file.write_text(SMALL, encoding="utf-8")
    first = _made("first", "left", ("a:one", "a:two"), 2)
    # claims a row of the other family, one that is a mention, and one that is nowhere
    second = _made("second", "left", ("a:four", "a:five", "a:none"), 1)
    counts, total, unknown = count(core_rows(file), [first, second])
    found = [(one.family, one.rows, one.covered, one.exhibits, one.checks) for one in counts]
    assert found == [("left", 3, 2, 2, 3), ("right", 1, 1, 0, 0)]
    assert (total.rows, total.covered, total.exhibits, total.checks) == (4, 3, 2, 3)
    assert unknown == ["a:five", "a:none"]


def test_document(tmp_path: Path) -> None:
    file = tmp_path / "small.csv"
    file.write_text(SMALL + "000a:two-weight-net,Net,geometry,two-weight-saddle,core\n", encoding="utf-8")
    plain = coverage(file).document()
    geometry = next(one for one in plain["families"] if one["family"] == "geometry")
    assert geometry.keys() == {"family", "rows", "covered", "exhibits", "checks"}
    assert (geometry["rows"], geometry["covered"]) == (1, 1)
    assert plain["total"]["rows"] == 5


def test_one_family_names_what_is_missing(tmp_path: Path) -> None:
    file = tmp_path / "small.csv"
    rows = "000a:two-weight-net,Net,geometry,two-weight-saddle,core\n000a:no-such,No,geometry,none-yet,core\n"
    file.write_text(SMALL + rows, encoding="utf-8")
    plain = coverage(file, "geometry").document()
    assert [one["family"] for one in plain["families"]] == ["geometry"]
    assert (plain["total"]["rows"], plain["total"]["covered"], plain["missing"]) == (2, 1, ["000a:no-such"])
    with pytest.raises(UsageError, match="geometry"):
        coverage(file, "geometri")


def test_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DltuiError, match="--catalogue"):
        coverage()
    with pytest.raises(DltuiError, match=r"gone\.csv"):
        coverage(tmp_path / "gone.csv")
    other = tmp_path / "other.csv"
    other.write_text("key,name\na,b\n", encoding="utf-8")
    with pytest.raises(DltuiError, match="'family'"):
        coverage(other)
    other.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DltuiError, match=r"other\.csv"):
        coverage(other)


@pytest.mark.skipif(not CATALOGUE.is_file(), reason="the catalogue is not beside this checkout")
def test_against_the_whole_catalogue() -> None:
    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "core"]
    plain = coverage(CATALOGUE).document()
    assert plain["unknown"] == [], "an exhibit covers what is no core row"
    assert {one["family"]: one["rows"] for one in plain["families"]} == Counter(row["family"] for row in rows)
    for name in EXHIBITS:
        given = {row["key"] for row in rows if row["exhibit"] == name}
        assert given <= set(load(name).covers), f"{name} leaves rows of the catalogue to nobody"

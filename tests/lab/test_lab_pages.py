"""The pages of the lab are those that the exhibits would write now."""

from __future__ import annotations

from pathlib import Path

import pytest

from dltui.lab import EXHIBITS
from dltui.lab._names import FAMILIES
from dltui.lab.pages import PICTURES, PLACE, main, page, picture

MOST = 40_000  # bytes of a picture: there will be hundreds


@pytest.mark.parametrize("family", FAMILIES)
def test_a_page_is_current(family: str) -> None:
    written = (PLACE / f"{family}.md").read_text(encoding="utf-8")
    assert written == page(family), "run: python -m dltui.lab.pages"
    assert f"docs/lab/{family}.md" in (PLACE.parents[1] / "README.md").read_text(encoding="utf-8")


def test_every_exhibit_has_a_small_picture() -> None:
    found = {file.stem: file.stat().st_size for file in (PLACE / PICTURES).glob("*.svg")}
    assert found.keys() == set(EXHIBITS), "run: python -m dltui.lab.pages"
    assert max(found.values()) < MOST


def test_a_picture_shows_the_figure() -> None:
    drawn = picture("number-formats")
    assert drawn.startswith("<svg")
    assert "dltui lab run number-formats" in drawn
    assert drawn == picture("number-formats") == (PLACE / PICTURES / "number-formats.svg").read_text("utf-8")


def test_pictures_are_taken_when_they_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dltui.lab.pages.PLACE", tmp_path)
    monkeypatch.setattr("dltui.lab.pages.FAMILIES", {"shapes": FAMILIES["shapes"]})
    monkeypatch.setattr("dltui.lab.pages.stops", lambda family: ["layer-shapes", "number-formats"])
    taken: list[str] = []
    monkeypatch.setattr("dltui.lab.pages.picture", lambda name: taken.append(name) or f"<svg>{name}</svg>")
    folder = tmp_path / PICTURES
    folder.mkdir()
    (folder / "number-formats.svg").write_text("old", encoding="utf-8")
    (folder / "gone.svg").write_text("old", encoding="utf-8")
    main([])
    assert taken == ["layer-shapes"]
    main(["number-formats"])
    assert taken == ["layer-shapes", "number-formats"]
    assert sorted(file.name for file in folder.iterdir()) == ["layer-shapes.svg", "number-formats.svg"]

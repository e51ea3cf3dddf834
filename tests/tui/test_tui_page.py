"""The screen that the page on writing one shows: its shelf, its glimpse, its tab, its own key, its trouble."""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from textual.pilot import Pilot

from dltui.figures import Histogram
from dltui.tui import _names, actions, catalog, register
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Shelf
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.home import HomeScreen
from dltui.tui.table import PLACE, modules, table
from dltui.tui.widgets.top_bar import TopBar

PAGE = Path(__file__).resolve().parents[2] / "docs" / "writing-a-screen.md"
NAME = "page_screen"
for known in modules():
    import_module(known)  # what they register must not be taken back with the page's own


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModuleType]:
    """The page's code as a module, registered as the table of names would have it."""
    block = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert block, "the page shows a screen"
    for known in ("SCREEN_OF", "SHELF_OF", "GLIMPSE_OF"):
        monkeypatch.setattr(register, known, dict(getattr(register, known)))
    monkeypatch.setattr(actions, "_ADDED", dict(actions._ADDED))
    (tmp_path / f"{NAME}.py").write_text(block[1], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = import_module(NAME)
    arrays = register.SHELF_OF["arrays"]
    assert arrays == Shelf("arrays", "Arrays", 60, "No .npy files in this folder.", (), f"{NAME}:read")
    for where in (
        "dltui.tui.working",
        "dltui.tui.catalog",
        "dltui.tui.screens.home",
        "dltui.tui.overview",
        "dltui.tui.palette",
    ):
        monkeypatch.setattr(f"{where}.SHELVES", (*catalog.SHELVES[:1], arrays))
    monkeypatch.setitem(_names.SCREENS, "array", f"{NAME}:ArrayScreen")
    monkeypatch.setitem(_names.GLIMPSES, "array", f"{NAME}:glimpse")
    yield module
    del sys.modules[NAME]


async def test_the_page_s_screen(
    page: ModuleType,
    here: Path,
    make_app: Callable[..., DltuiApp],
    settle: Callable[[Pilot[int]], Awaitable[None]],
) -> None:
    np.save(here / "hills.npy", np.outer(np.linspace(-1, 1, 20), np.arange(1.0, 31.0)))
    np.save(here / "words.npy", np.array(["a", "b"]))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await pilot.press("2", "enter")
        await settle(pilot)
        room = app.screen
        assert isinstance(room, GalleryScreen)
        assert type(room).__name__ == "ArrayScreen"
        assert room.query_one(TopBar).crumbs == ("Arrays", "hills.npy")
        assert room.view.figure.values.min() == -30.0  # type: ignore[union-attr]
        await pilot.press("a")
        assert room.view.figure.values.min() == 30 * np.abs(np.linspace(-1, 1, 20)).min() / 30  # type: ignore[union-attr]
        await pilot.press("n")
        assert isinstance(room.view.figure, Histogram)
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("down", "enter")
        await settle(pilot)
        assert "can't read words.npy" in str(app.screen.query_one("#said").render()) or app.screen.has_class(
            "-words"
        )
        assert len(app.tabs()) == 3


def test_the_table_of_screens_is_true() -> None:
    assert PLACE.read_text(encoding="utf-8") == table(), "write it anew: python -m dltui.tui.table"
    assert "dltui.tui.screens.result" in modules()

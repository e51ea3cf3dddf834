"""How the screens look, kept as SVG files.

Pictures have tests of their own; here a pattern stands for them, so that only the layout is compared. After a change
that is meant, run ``DLTUI_UPDATE_SNAPSHOTS=1 pytest tests/tui/test_tui_snapshots.py`` and look at the new files.
"""

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dltui.draw import Drawing, Look, View
from dltui.draw.canvas import Canvas
from dltui.figures import Figure
from dltui.tui.app import DltuiApp

FOLDER = Path(__file__).parent / "snapshots"
Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


def pattern(figure: Figure, look: Look, view: View) -> Drawing:
    """The title, and a frame as large as the picture would be."""
    canvas = Canvas(look.width, look.height or 1)
    for row in range(canvas.height):
        canvas.text(0, row, "·" * canvas.width if row in {0, canvas.height - 1} else "·", (128, 128, 128))
        canvas.text(canvas.width - 1, row, "·", (128, 128, 128))
    canvas.text(2, canvas.height // 2, f"{type(figure).__name__} · {figure.title}", (38, 139, 210), bold=True)
    return Drawing(canvas)


def plain(svg: str, tmp_path: Path) -> str:
    """An SVG without what changes from run to run."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace(str(tmp_path), "") + "\n"


def compared(app: DltuiApp, name: str, tmp_path: Path) -> None:
    """Fail when the screen does not look like its file, and leave the new picture beside."""
    found = plain(app.export_screenshot(), tmp_path)
    path = FOLDER / f"{name}.svg"
    if os.environ.get("DLTUI_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    if found != path.read_text(encoding="utf-8"):
        other = tmp_path / path.name
        other.write_text(found, encoding="utf-8")
        pytest.fail(f"{path.name} looks different now: compare {path} with {other}")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "theme", "keys"),
    [
        ("home", "textual-dark", ()),
        ("result", "textual-light", ("enter",)),
        ("help", "textual-dark", ("question_mark",)),
    ],
    ids=["home", "result", "help"],
)
async def test_snapshot(
    results: Path,
    here: Path,
    make_app: Make,
    settle: Settle,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    name: str,
    theme: str,
    keys: tuple[str, ...],
) -> None:
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    # names and counts of other rooms would change the picture with every model and exhibit
    monkeypatch.setattr("dltui.tui.catalog.models.NAMES", {})
    monkeypatch.setattr("dltui.tui.catalog.exhibits.NAMES", {})
    monkeypatch.setattr("dltui.commands._forms.VERBS", {})
    monkeypatch.setattr("dltui.tui.catalog.results.results_folder", lambda: Path("home/results"))
    monkeypatch.chdir(results.parents[1])
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
        compared(app, f"{name}-{size[0]}x{size[1]}", results.parents[1])

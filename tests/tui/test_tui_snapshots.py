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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(
    ("name", "theme", "keys"),
    [
        ("home", "dark", ()),
        ("result", "light", ("enter",)),
        ("help", "dark", ("question_mark",)),
        ("settings", "dark", ("comma",)),
        ("settings-light", "contrast-light", ("comma", "down")),
        ("compare", "safe-dark", ("space", "down", "space", "vertical_line")),
        ("compare-light", "light", ("space", "down", "space", "vertical_line", "o", "s")),
        ("themes", "dark", ("T",)),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
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
    monkeypatch.setattr("dltui.tui.catalog.results.results_folder", lambda: Path("home/results"))
    monkeypatch.chdir(results.parents[1])
    monkeypatch.setenv("DLTUI_CONFIG", "settings.toml")
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        app.clear_notifications()
        await settle(pilot)
        found = plain(app.export_screenshot(), results.parents[1])
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    if os.environ.get("DLTUI_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    if found != path.read_text(encoding="utf-8"):
        other = results.parents[1] / path.name
        other.write_text(found, encoding="utf-8")
        pytest.fail(f"{path.name} looks different now: compare {path} with {other}")

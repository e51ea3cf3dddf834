"""How the screens look, kept as SVG files.

Pictures have tests of their own; here a pattern stands for them, so that only the layout is compared. After a change
that is meant, run ``DLTUI_UPDATE_SNAPSHOTS=1 pytest tests/tui/test_tui_snapshots.py`` and look at the new files.
"""

import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot

from dltui.draw import Drawing, Look, View
from dltui.draw.canvas import Canvas
from dltui.figures import Figure
from dltui.results.gradients import GradientNorms
from dltui.tui.app import DltuiApp

from .conftest import made, saddle, spectrum  # noqa: TID252 - the tests of this folder share them

NOW = 1_795_608_000.0  # 2026-11-25 12:00, as the clock of lists has it here
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


def made_runs(folder: Path) -> None:
    """Two runs that are always the same: one done, one killed."""
    for number, (model, state) in enumerate([("lenet", "done"), ("mlp", "running")]):
        run = folder / f"digits-{model}-000{number}"
        (run / "checkpoints").mkdir(parents=True)
        (run / "run.json").write_text(
            json.dumps({
                "model": model,
                "data": "digits",
                "settings": {"epochs": 2, "learning_rate": 0.1 * (number + 1)},
                "started": f"2026-11-2{4 - number}T20:00:00+00:00",
                "command": f"dltui train {model}",
                "state": state,
            })
        )
        rows: list[dict[str, object]] = [{"kind": "start", "steps": 40, "epochs": 2, "parameters": 9_000}]
        rows += [
            {"kind": "step", "step": step, "seconds": step / 8, "loss": 4 / (step + number)}
            for step in range(1, 41)
        ]
        rows.append({
            "kind": "epoch",
            "epoch": 1,
            "step": 20,
            "seconds": 5.0,
            "test_loss": 0.5,
            "test_accuracy": 0.9,
        })
        (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        weights = run / "checkpoints" / "step-000020.safetensors"
        save_file(
            {"conv.weight": np.zeros((6, 1, 5, 5), np.float32), "conv.bias": np.zeros(6, np.float32)}, weights
        )
        os.utime(weights, (NOW - 3600, NOW - 3600))


def made_files(folder: Path) -> None:
    """A data set and a checkpoint in the current folder."""
    x = np.linspace(0, 1, 40 * 36, dtype=np.float32).reshape(40, 6, 6)
    np.savez(folder / "waves.npz", x=x, y=np.array(["up", "down"])[np.arange(40) % 2])
    save_file(
        {"fc.weight": np.zeros((10, 84), np.float32), "fc.bias": np.zeros(10)}, folder / "net.safetensors"
    )
    for path in folder.iterdir():
        os.utime(path, (NOW - 86_400, NOW - 86_400))


def unlike(app: DltuiApp, name: str, tmp_path: Path) -> str:
    """Return "" when the screen looks like its file, else where the new picture is."""
    found = plain(app.export_screenshot(), tmp_path)
    path = FOLDER / f"{name}.svg"
    if os.environ.get("DLTUI_UPDATE_SNAPSHOTS"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    if found == path.read_text(encoding="utf-8"):
        return ""
    other = tmp_path / path.name
    other.write_text(found, encoding="utf-8")
    return f"{path.name} looks different now: compare {path} with {other}"


def made_results(folder: Path, scratch: Path) -> None:
    """A spectrum, gradient norms and something unfinished, that are always the same."""
    spectrum().save(folder / "spectrum.safetensors")
    GradientNorms(
        title="mlp on moons",
        made=made("dltui gradients mlp --data moons", "2026-11-20T20:00:00+00:00"),
        loss=1.0,
        total_norm=5.0,
        names=["fc1.weight", "fc1.bias"],
        shapes=[[2, 2], [9]],
        grad_norms=np.array([3.0, 4.0]),
        weight_norms=np.array([1.0, 8.0]),
        samples=7,
    ).save(folder / "slopes.safetensors")
    half = scratch / "landscape-mlp.safetensors"
    saddle().save(half)
    os.utime(half, (NOW - 3600, NOW - 3600))


SIZES = [(80, 24), (120, 40)]
GROUNDS = ("dark", "light")
SCREENS: dict[str, tuple[str, ...]] = {  # the keys that lead there
    "home": (),
    "runs": ("2",),
    "data": ("4", "enter"),
    "card": ("3", "enter"),
    "run": ("2", "enter"),
    "watch": ("2", "enter", "d"),
    "overlay": ("2", "space", "space", "o"),
    "landscape": ("1", "enter", "2", "right", "up"),
    "gallery": ("1", "down", "down", "enter"),
    "spectrum": ("1", "down", "down", "down", "enter", "tab", "down"),
    "gradients": ("1", "end", "enter"),
    "bench": ("6", "enter", "up", "full_stop"),
    "scratch": ("9", "right", "enter"),
    "export": ("1", "enter", "e"),
    "help": ("question_mark",),
    "search": ("slash", *"digit"),
    "commands": ("colon", *"copy"),
    "delete": ("1", "d"),
    "act": ("2", "a"),
    "settings": ("comma", "down"),
    "compare": ("1", "space", "down", "space", "vertical_line"),
    "linked": ("1", "space", "down", "space", "vertical_line", "o", "s"),
    "themes": ("T",),
}
CONTRAST = {
    "settings": "contrast-light",
    "compare": "safe-dark",
}  # screens that are kept in a third theme, too
LOOKS = [(name, theme) for name in SCREENS for theme in (*GROUNDS, *filter(None, [CONTRAST.get(name)]))]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("name", "theme"), LOOKS)
async def test_snapshot(
    results: Path,
    here: Path,
    make_app: Make,
    settle: Settle,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    name: str,
    theme: str,
) -> None:
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    # names and counts of other rooms would change the picture with every model and exhibit
    for table in ("catalog.models.NAMES", "catalog.exhibits.NAMES", "catalog.data.NAMES"):
        monkeypatch.setattr(f"dltui.tui.{table}", {})
    monkeypatch.setattr("dltui.tui.catalog.fetchable.things", dict)
    monkeypatch.setattr("dltui.commands._forms.VERBS", {})
    monkeypatch.setattr("dltui.commands._model_looks.VERBS", {"weights": None})
    monkeypatch.setattr("dltui.commands.shapes_screen.named_chains", list)
    root = results.parents[1]
    made_runs(root / "home" / "runs")
    made_results(results, root / "home" / "scratch")
    made_files(here)
    monkeypatch.setenv("DLTUI_HOME", "home")
    monkeypatch.chdir(root)
    monkeypatch.setenv("DLTUI_CONFIG", "settings.toml")
    app = make_app()
    app.folder = Path("here")
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        await settle(pilot)
        for key in SCREENS[name]:
            await pilot.press(key)
            await settle(pilot)
        app.clear_notifications()
        await settle(pilot)
        assert not unlike(app, f"{name}-{theme}-{size[0]}x{size[1]}", root)

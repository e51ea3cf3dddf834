"""The screen of a model: its tree is walked, searched and compared, its tabs ask other verbs, and how it looks."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file
from textual.pilot import Pilot

from dltui.commands._model_files import grown
from dltui.commands._model_looks import LOOKS, Look, ask, layer_of
from dltui.commands.inspect_screen import ModelScreen
from dltui.contents import Entry
from dltui.contents.facts import attends
from dltui.figures import Bars, Heatmap, Histogram, Images, Prose, Table
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.catalog.models import checkpoint_item
from dltui.tui.screens.search import SearchScreen
from dltui.tui.widgets.facts import Facts
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.tensor_tree import TensorTree
from dltui.tui.widgets.top_bar import TopBar

from .conftest import mixture, until  # noqa: TID252 - the tests of this folder share them
from .test_tui_snapshots import GROUNDS, SIZES, pattern, unlike  # noqa: TID252

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


def decoder(seed: int = 0, layers: int = 4) -> dict[str, np.ndarray]:
    """A small decoder with a first layer of kernels."""
    draw = np.random.default_rng(seed)
    state = {"stem.weight": draw.normal(size=(6, 3, 5, 5)).astype(np.float32)}
    for i in range(layers):
        for name, shape in (
            ("attn.q_proj.weight", (16, 16)),
            ("attn.k_proj.weight", (16, 16)),
            ("norm.weight", (16,)),
        ):
            state[f"layers.{i}.{name}"] = draw.normal(size=shape).astype(np.float32)
    return state


def saved(folder: Path, name: str = "net.safetensors", **changes: np.ndarray | None) -> Path:
    """Save it; what is changed to None is left out."""
    state = {key: value for key, value in (decoder() | changes).items() if value is not None}
    save_file(state, folder / name)
    return folder / name


def shown(app: DltuiApp) -> ModelScreen:
    assert isinstance(app.screen, ModelScreen)
    return app.screen


def labels(app: DltuiApp) -> list[str]:
    outline = shown(app).query_one(TensorTree).outline
    assert outline is not None
    return [line.label for line in outline.lines]


async def opened(app: DltuiApp, pilot: Pilot[int], settle: Settle, path: Path) -> ModelScreen:
    app.open_item(checkpoint_item(path, path.name))
    await until(pilot, lambda: shown(app).contents, "the list of tensors")
    await settle(pilot)
    return shown(app)


async def test_a_tree_is_walked_and_shows_each_tensor(make_app: Make, here: Path, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, saved(here))
        assert labels(app) == ["layers.0…3", "stem.weight"]
        assert isinstance(screen.view.figure, Bars)
        await pilot.press("enter", "down", "right", "down")
        await settle(pilot)
        assert labels(app)[:5] == ["layers.0…3", "0", "attn", "norm.weight", "1"]
        await pilot.press("right", "down")
        await settle(pilot)
        assert screen.line is not None
        assert screen.line.path == "layers.0.attn.k_proj.weight"
        assert isinstance(screen.view.figure, Histogram)
        await pilot.press("n")
        assert isinstance(screen.view.figure, Heatmap)
        assert np.array_equal(screen.view.figure.values, decoder()["layers.0.attn.k_proj.weight"])
        assert ("tensor", "layers.0.attn.k_proj.weight") in screen.query_one(Facts).facts
        await pilot.press("left")
        assert screen.line.path == "layers.0.attn"
        await pilot.press("G")
        await settle(pilot)
        await pilot.press("n")
        assert isinstance(screen.view.figure, Images)
        assert screen.view.figure.pixels.shape == (6, 5, 5, 3)


async def test_tensors_are_found_by_letters(make_app: Make, here: Path, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, settle, saved(here))
        await pilot.press("f", *"2 q_")
        assert labels(app) == ["layers.2.attn.q_proj.weight"]
        await pilot.press("enter")
        assert screen.query_one(TensorTree).has_focus
        await pilot.press("escape")
        await settle(pilot)
        assert "layers.0…3" in labels(app)
        assert screen.line is not None
        assert screen.line.path == "layers.2.attn.q_proj.weight"


async def test_two_checkpoints_stand_side_by_side(make_app: Make, here: Path, settle: Settle) -> None:
    path = saved(here)
    changed = {
        "stem.weight": None,
        "head.weight": np.ones((3, 16), np.float32),
        "layers.1.norm.weight": np.ones(9, np.float32),
        "layers.0.attn.q_proj.weight": decoder()["layers.0.attn.q_proj.weight"] + 1,
    }
    saved(here, "other.safetensors", **changed)
    app = make_app()
    async with app.run_test(size=(170, 44)) as pilot:
        await until(pilot, lambda: app.items.get("models"), "the shelf")
        screen = await opened(app, pilot, settle, path)
        await pilot.press("c")
        await settle(pilot)
        assert isinstance(app.screen, SearchScreen)
        await pilot.press("enter")
        await until(pilot, lambda: screen.other, "the second file")
        await settle(pilot)
        assert screen.query_one(TopBar).remark == "12 tensors in both, 1 added, 1 removed, 1 changed"
        remarks = screen.query_one(TensorTree).remarks
        assert remarks["layers.1.norm.weight"] == ("16 → 9", "changed")
        assert remarks["head.weight"] == ("+ 3×16", "added")
        assert isinstance(screen.view.figure, Table)
        screen.query_one(TensorTree).go_to("layers.0.attn.q_proj.weight")
        await settle(pilot)
        await pilot.press("n")
        first, second = (view.figure for view in screen.query(FigureView))
        assert isinstance(first, Heatmap)
        assert isinstance(second, Heatmap)
        assert np.allclose(second.values - first.values, 1)
        assert first.limits == second.limits
        await pilot.press("n")
        assert screen.view.figure is not None
        assert screen.view.figure.title.startswith("Difference")
        await pilot.press("c")
        await settle(pilot)
        assert screen.other is None
        assert screen.query_one(TensorTree).remarks == {}


def made_run(home: Path) -> list[Path]:
    """A run with three checkpoints."""
    run = home / "runs" / "digits-mlp-0001"
    (run / "checkpoints").mkdir(parents=True)
    card = {
        "model": "mlp",
        "data": "digits",
        "settings": {},
        "started": "2026-11-24T20:00:00+00:00",
        "state": "done",
    }
    (run / "run.json").write_text(json.dumps(card | {"command": "dltui train mlp"}))
    paths = []
    for step in (10, 20, 30):
        paths.append(run / "checkpoints" / f"step-{step:06d}.safetensors")
        save_file(
            {"fc.weight": np.full((4, 4), step, np.float32), "fc.bias": np.zeros(4, np.float32)}, paths[-1]
        )
    return paths


async def test_a_tensor_is_followed_through_the_steps_of_a_run(
    make_app: Make, tmp_path: Path, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = made_run(tmp_path / "home")
    app = make_app()
    ran: list[list[str]] = []
    monkeypatch.setattr("dltui.commands.inspect_screen.VERBS", {"weights": None})
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, paths[0])
        screen.query_one(TensorTree).go_to("fc.weight")
        await settle(pilot)
        await pilot.press("greater_than_sign")
        await until(pilot, lambda: screen.spec == str(paths[1]), "the next step")
        await settle(pilot)
        assert screen.line is not None
        assert screen.line.path == "fc.weight"
        await until(pilot, lambda: "mean 20" in screen.view.figure.caption, "its numbers")  # type: ignore[union-attr]
        monkeypatch.setattr(screen, "_run", lambda words, asked: ran.append(words))
        await pilot.press("l")
        assert ran == [["weights", "run:digits-mlp-0001", "fc.weight", "--along-run"]]
        told = SimpleNamespace(name="x", words=tuple(ran[0]), over=True, result=mixture(), failure=None)
        screen._asked["x"] = ("weights", " ".join(ask(LOOKS[0], screen.file, "fc.weight", tensor=True).line))
        screen._news(told)  # type: ignore[arg-type]
        assert screen.view.figure is told.result.shown[0]
        await pilot.press("up", "down")
        await settle(pilot)
        assert screen.view.figure is told.result.shown[0]  # it stays with its tensor


async def test_tabs_offer_the_verbs_and_open_their_forms(make_app: Make, here: Path, settle: Settle) -> None:
    app = make_app()
    path = saved(here)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, path)
        screen.query_one(TensorTree).go_to("layers.2.attn.q_proj.weight")
        await settle(pilot)
        assert ask(LOOKS[0], "a", "w", tensor=True).line == ["weights", "a", "w"]
        assert ask(LOOKS[1], "a", "layers.2.norm.weight", tensor=True).line == [
            "features",
            "a",
            "--layer",
            "layers.2.norm",
        ]
        assert ask(LOOKS[2], "a", "layers.2.norm.weight", tensor=True).line == [
            "attention",
            "a",
            "--layer",
            "2",
        ]
        assert ask(LOOKS[3], "a", "layers", tensor=False).line == ["explain", "a"]
        assert layer_of("a.rnn.weight_hh_l0", tensor=True) == "a.rnn"
        for number, look in enumerate(LOOKS[1:], 2):
            await pilot.press(str(number))
            assert isinstance(screen.view.figure, Prose)
            assert look.verb in screen.view.figure.text
        await pilot.press("1")
        await settle(pilot)
        assert isinstance(screen.view.figure, Histogram)


async def test_a_model_without_attention_says_so(make_app: Make, here: Path, settle: Settle) -> None:
    gone = {name: None for name in decoder() if ".attn." in name}
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, saved(here, **gone))
        await pilot.press("3")
        assert isinstance(screen.view.figure, Prose)
        assert screen.view.figure.text.startswith("It has no attention")
        assert not screen.check_action("measure", ())
        assert screen.command_line.startswith("dltui inspect")
        await pilot.press("2")
        assert screen.check_action("measure", ())


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("blocks.0.attention.qkv.weight", True),
        ("encoder.layers.0.self_attn.in_proj_weight", True),
        ("layer/query/kernel", True),
        ("h.0.to_q.weight", True),
        ("wq.weight", True),
        ("mixer.in_proj.weight", False),
        ("seq.0.weight", False),
        ("hidden.0.weight", False),
    ],
)
def test_attention_is_known_by_its_names(name: str, there: bool) -> None:
    assert attends([Entry(name, (2, 2), "float32", 16)]) == there


async def test_what_a_verb_found_comes_back(
    make_app: Make, here: Path, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = (Look("weights", "inspect", "what it holds", runs=True), *LOOKS[1:])
    for part in ("inspect_screen", "_model_view"):
        monkeypatch.setattr(f"dltui.commands.{part}.LOOKS", looks)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, saved(here))
        screen.query_one(TensorTree).go_to("stem.weight")
        await settle(pilot)
        remarks: list[str] = []  # all of them: a job may be over before the key is done with
        screen.watch(screen.query_one(TopBar), "remark", lambda remark: remarks.append(remark))
        await pilot.press("enter")
        assert app.jobs[-1].words == ("inspect", screen.spec)
        await until(
            pilot, lambda: any("inspect runs" in remark for remark in remarks), "word that the job runs"
        )
        await until(pilot, lambda: app.jobs[-1].over, "the end of the job")
        await until(pilot, lambda: isinstance(screen.view.figure, Table), "its result")
        assert app.screen is screen


async def test_the_place_in_the_tree_is_kept(
    make_app: Make, here: Path, tmp_path: Path, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    path = saved(here)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, path)
        screen.query_one(TensorTree).go_to("layers.3.norm.weight")
        await pilot.press("3")
        await settle(pilot)
        kept = screen.remember()
        assert (kept["tensor"], kept["look"]) == ("layers.3.norm.weight", 2)
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "another"))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        app.keeper.memory.rooms[f"checkpoint {path}"] = kept
        screen = await opened(app, pilot, settle, path)
        assert screen.line is not None
        assert screen.line.path == "layers.3.norm.weight"
        assert screen.look == 2


async def test_a_file_that_is_refused_says_why(make_app: Make, here: Path, settle: Settle) -> None:
    (here / "bad.safetensors").write_bytes(b"\x00" * 40)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.open_item(Item("checkpoint", "bad", "", str(here / "bad.safetensors"), ""))
        await settle(pilot)
        assert "holds no weights" in str(shown(app).query_one("#said").render())


async def test_a_hundred_thousand_tensors_are_walked(make_app: Make, here: Path, settle: Settle) -> None:
    entries = [
        Entry(f"layers.{i // 100}.experts.{i % 100}.w", (i % 7 + 1, 2), "float32", 8) for i in range(100_000)
    ]
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, settle, saved(here))
        tree = screen.query_one(TensorTree)
        tree.plant(grown(entries))
        assert tree.go_to("layers.777.experts.50.w")
        await settle(pilot)
        drawn = 0
        render = tree.render_line

        def counted(y: int) -> object:
            nonlocal drawn
            drawn += 1
            return render(y)

        tree.render_line = counted  # type: ignore[method-assign, assignment]
        await pilot.press(*["down"] * 20)
        await settle(pilot)
        assert drawn < 20 * 2 * 40  # only lines that are seen are ever written
        tree.filter("layers.9 experts.7")
        assert tree.outline is not None
        assert tree.outline.found == sum(
            "layers.9" in one.name and "experts.7" in one.name for one in entries
        )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme", GROUNDS)
async def test_snapshot_of_a_model(
    make_app: Make,
    settle: Settle,
    tmp_path: Path,
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    size: tuple[int, int],
    theme: str,
) -> None:
    monkeypatch.setattr("dltui.tui.widgets.figure_view.draw", pattern)
    monkeypatch.setattr("dltui.commands._model_looks.VERBS", {"weights": None})
    app = make_app()
    path = saved(here)
    async with app.run_test(size=size) as pilot:
        app.theme = theme
        screen = await opened(app, pilot, settle, path)
        screen.query_one(TensorTree).go_to("layers.1.attn.q_proj.weight")
        await settle(pilot)
        await until(pilot, lambda: isinstance(screen.view.figure, Histogram), "the numbers")
        await settle(pilot)
        assert not unlike(app, f"model-{theme}-{size[0]}x{size[1]}", tmp_path)

"""Forms by keys and mouse: what is typed, judged, suggested, copied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from dltui.errors import DltuiError
from dltui.tui.app import DltuiApp
from dltui.tui.screens.form import FormScreen
from dltui.tui.widgets.field_row import FieldRow
from dltui.tui.widgets.pick import Pick
from dltui.tui.widgets.slider import Slider
from dltui.tui.widgets.type_in import TypeIn

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge and suggest at once."""
    monkeypatch.setattr("dltui.tui.screens.form.PAUSE", 0.001)
    monkeypatch.setattr("dltui.tui.widgets.type_in.PAUSE", 0.001)


async def opened(app: DltuiApp, pilot: Pilot[int], settle: Settle, verb: str, **values: object) -> FormScreen:
    await settle(pilot)
    app.open_form(verb, values or None)
    await settle(pilot)
    await settle(pilot)
    assert isinstance(app.screen, FormScreen)
    return app.screen


def row(form: FormScreen, name: str) -> FieldRow:
    (found,) = [one for one in form.query(FieldRow) if one.asked.name == name]
    return found


def line(form: FormScreen) -> str:
    return str(form.query_one("#line").render())


async def test_what_is_typed_is_judged_and_stands_on_the_command_line(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, settle, "landscape")
        assert app.focused is row(form, "model").taker  # where something is needed
        await pilot.press(*"lent")
        await settle(pilot)
        assert row(form, "model").has_class("-refused")
        assert "did you mean lenet" in str(row(form, "model").query_one(".refusal").render())
        assert line(form) == "$ dltui landscape lent"
        await pilot.press("ctrl+u", *"len")
        await settle(pilot)
        await pilot.press("right")  # the way in grey
        await settle(pilot)
        assert not row(form, "model").has_class("-refused")
        await pilot.press("down", "down", "down", "right", "right")
        assert line(form) == "$ dltui landscape lenet --steps 29"
        await pilot.press("backspace")
        assert line(form) == "$ dltui landscape lenet"
        await pilot.press("2", "4", "enter")
        assert "odd number" in str(row(form, "steps").query_one(".refusal").render())
        await pilot.press("R")
        await settle(pilot)
        assert line(form) == "$ dltui landscape MODEL"
        assert not form.query("FieldRow.-refused")


async def test_every_kind_has_its_own_taker(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        form = await opened(app, pilot, settle, "gradients")
        kinds = {one.asked.kind: type(one.taker) for one in form.query(FieldRow)}
        assert kinds == {
            "model": TypeIn, "data": TypeIn, "path": TypeIn, "text": TypeIn,
            "switch": Pick, "choice": Pick, "whole": Slider, "number": Slider,
        }  # fmt: skip
        form.set_focus(row(form, "per_sample").taker)
        await pilot.press("space")
        form.set_focus(row(form, "part").taker)
        await pilot.press("right")
        assert line(form) == "$ dltui gradients MODEL --no-per-sample --part test"
        await pilot.press("left")  # back where it stands by itself
        assert line(form) == "$ dltui gradients MODEL --no-per-sample"
        await pilot.click(row(form, "part").taker, offset=(8, 0))
        assert line(form).endswith("--part test")


async def test_suggestions_are_taken_one_after_the_other(
    make_app: Make, settle: Settle, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "a.safetensors").touch()
    (here / "b.safetensors").touch()
    monkeypatch.chdir(here)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        form = await opened(app, pilot, settle, "landscape", model="mlp")
        form.set_focus(row(form, "weights").taker)
        await settle(pilot)
        assert "a.safetensors  b.safetensors" in str(row(form, "weights").query_one(".ways").render())
        await pilot.press("ctrl+n")
        assert row(form, "weights").text == "a.safetensors"
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert row(form, "weights").text == "b.safetensors"
        assert line(form) == "$ dltui landscape mlp --weights b.safetensors"


async def test_form_says_what_it_needs_and_copies_what_it_means(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        form = await opened(app, pilot, settle, "landscape")
        form.set_focus(form.query_one("#run"))
        await pilot.press("enter")
        assert not app.jobs
        assert app.focused is row(form, "model").taker
        assert "model is needed" in str(row(form, "model").query_one(".refusal").render())
        await pilot.press("ctrl+y")
        assert app.clipboard == ""
        await pilot.press(*"mlp")
        await settle(pilot)
        await pilot.press("ctrl+y")
        assert app.clipboard == "dltui landscape mlp"


async def test_the_form_of_a_verb_is_one_tab(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        form = await opened(app, pilot, settle, "landscape", model="mlp", data="moons")
        assert line(form) == "$ dltui landscape mlp --data moons"
        again = await opened(app, pilot, settle, "landscape")  # nothing is lost by going there
        assert again is form
        assert line(form) == "$ dltui landscape mlp --data moons"
        again = await opened(app, pilot, settle, "landscape", model="lenet", steps=11)
        assert again is form
        assert line(form) == "$ dltui landscape lenet --steps 11"
        assert len(app.trail.open) == 2


async def test_run_takes_what_was_typed_just_before_it(
    make_app: Make, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run_job(app: DltuiApp, words: list[str]) -> None:
        del app
        asked.append(words)
        raise DltuiError("asked")

    monkeypatch.setattr(DltuiApp, "run_job", run_job)
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        form = await opened(app, pilot, settle, "landscape", model="no such", data="moons")
        taker = row(form, "model").taker
        assert isinstance(taker, TypeIn)
        assert form.answers is not None
        assert "model" in form.answers.refused
        taker.value = "mlp"  # the news of it is on its way while the key is handled
        form.action_run()
        for _ in range(200):
            if asked:
                break
            await pilot.pause(0.05)
        assert asked == [["landscape", "mlp", "--data", "moons"]]


async def test_long_form_scrolls_with_the_cursor_on_a_small_terminal(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        form = await opened(app, pilot, settle, "train", model="mlp")
        rows = list(form.query(FieldRow))
        assert len(rows) >= 14
        for _ in range(len(rows) - 1):
            await pilot.press("down")
        await pilot.pause(0.05)
        assert app.focused is rows[-1].taker
        assert form.query_one("#rows").region.contains_region(rows[-1].taker.region)
        await pilot.press("down")
        assert app.focused is form.query_one("#run")


async def test_slider_is_dragged_turned_and_typed(make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        form = await opened(app, pilot, settle, "shapes solve")
        slider = row(form, "max_kernel").taker  # 1 … 101, 11 by default
        assert isinstance(slider, Slider)
        form.set_focus(slider)
        await pilot.pause(0.05)  # its help takes room below, that of the field before gives it back
        await pilot.mouse_down(slider, offset=(0, 0))
        await pilot.mouse_up(slider, offset=(0, 0))
        assert slider.text == "1"
        await pilot.mouse_down(slider, offset=(slider._bar - 1, 0))
        await pilot.mouse_up(slider, offset=(slider._bar - 1, 0))
        assert slider.text == "101"
        await pilot.press("left", "shift+left")
        assert slider.text == "89"
        await pilot.press("home")
        assert slider.text == "1"
        await pilot.press("4", "2", "enter")
        assert (slider.text, slider.typed) == ("42", None)
        await pilot.press("9", "escape")  # typing given up: back to the default
        assert slider.text == ""
        assert "max-kernel" not in line(form)

"""One table of actions: keys, footer, help and palette tell the same."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widgets import Input

from dltui.commands.inspect_screen import ModelScreen
from dltui.lab._names import NAMES as EXHIBITS
from dltui.tui import _names
from dltui.tui.actions import Action, bindings, everything, of_scope, scopes
from dltui.tui.app import DltuiApp
from dltui.tui.catalog.items import Item
from dltui.tui.screens.exhibit import ExhibitScreen
from dltui.tui.screens.gallery import GalleryScreen
from dltui.tui.screens.help import HelpScreen, help_text
from dltui.tui.screens.home import HomeScreen
from dltui.tui.screens.result import ResultScreen
from dltui.tui.widgets.figure_view import FigureView
from dltui.tui.widgets.item_list import ItemList

Make = Callable[..., DltuiApp]
Settle = Callable[[Pilot[int]], Awaitable[None]]
for place in _names.SCREENS.values():
    import_module(place.partition(":")[0])  # screens add their own actions to the table
SHARED = {
    "app": DltuiApp,
    "home": HomeScreen,
    "gallery": GalleryScreen,
    "list": ItemList,
    "turn": FigureView,
    "plane": FigureView,
    "read": FigureView,
}
SCOPES = scopes()


def owner(scope: str) -> type[DOMNode]:
    """The class whose bindings belong to a scope."""
    classes = [kind for kind in everyone(DOMNode) if scope in scopes_bound_by(kind)]
    return SHARED.get(scope) or classes[0]


def everyone(kind: type) -> list[type]:
    return [kind, *(below for direct in kind.__subclasses__() for below in everyone(direct))]


def scopes_bound_by(kind: type) -> set[str]:
    bound = vars(kind).get("BINDINGS", ())
    return {(one.id or "").partition(".")[0] for one in bound if isinstance(one, Binding)}


@pytest.mark.parametrize("action", everything(), ids=lambda action: action.id)
def test_every_action_has_a_method_and_says_what_it_does(action: Action) -> None:
    assert callable(getattr(owner(action.scope), f"action_{action.name}"))
    assert action.help.endswith(".")
    assert bool(action.label) or not action.shown


@pytest.mark.parametrize("scope", SCOPES)
def test_no_key_means_two_things_in_one_scope(scope: str) -> None:
    keys = [key for action in of_scope(scope) for key in action.keys]
    assert len(keys) == len(set(keys))


def test_manners_share_no_name_of_an_action() -> None:
    names = [action.name for scope in ("turn", "plane", "read") for action in of_scope(scope)]
    assert len(names) == len(set(names))  # check_action is asked by name alone


@pytest.mark.parametrize("scope", SCOPES)
def test_help_lists_every_key_and_sentence(scope: str) -> None:
    page = help_text([scope], "dltui open bowl.safetensors").plain
    assert "dltui open bowl.safetensors" in page
    for action in of_scope(scope):
        assert any(action.key_names() in line and action.help in line for line in page.splitlines())


def test_arrows_have_vim_keys_beside_them() -> None:
    for scope, name in [("turn", "turn"), ("plane", "cursor")]:
        (action,) = [action for action in of_scope(scope) if action.name == name]
        calls = dict(action.calls())
        assert [
            calls[a] == calls[b] for a, b in zip(("left", "right", "up", "down"), "hlkj", strict=True)
        ] == [True] * 4


def test_keys_of_a_keymap_can_be_told_apart() -> None:
    ids = [binding.id for binding in bindings(*SCOPES)]  # type: ignore[union-attr]
    assert len(ids) == len(set(ids))


async def test_help_is_that_of_the_figure_that_is_shown(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        for key, scope in [("1", "turn"), ("2", "plane")]:
            await pilot.press(key, "question_mark")
            assert isinstance(app.screen, HelpScreen)
            assert set(app.screen._scopes) == {scope, "figure", "landscape", "gallery", "app"}
            await pilot.press("question_mark")
            assert not isinstance(app.screen, HelpScreen)


async def find(app: DltuiApp, pilot: Pilot[int], letters: str, key: str = "slash") -> list[Item]:
    await pilot.press(key)
    app.screen.query_one(Input).value = letters
    await pilot.pause(0.05)
    return app.screen.query_one("#hits", ItemList).items


async def test_palette_finds_a_result_and_opens_it(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        hits = await find(app, pilot, "mixtur")
        assert (hits[0].kind, hits[0].name) == ("result", "mixture")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        assert app.screen.item.name == "mixture"


async def test_palette_finds_models_exhibits_and_actions(
    results: Path, make_app: Make, settle: Settle
) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        for letters, found in [
            ("resnet20-no", ("model", "resnet20-noskip")),
            (min(EXHIBITS), ("exhibit", min(EXHIBITS))),
        ]:
            hits = await find(app, pilot, letters)
            assert (hits[0].kind, hits[0].name) == found
            await pilot.press("enter")
            await settle(pilot)
            assert isinstance(app.screen, ModelScreen | ExhibitScreen)
            await pilot.press("escape")
        before = app.theme
        await find(app, pilot, "dark and light")
        await pilot.press("enter")
        await settle(pilot)
        assert app.theme != before


async def test_palette_offers_what_works_here(results: Path, make_app: Make, settle: Settle) -> None:
    app = make_app()
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        hits = await find(app, pilot, "in words", "colon")
        assert (hits[0].name, hits[0].note) == ("Say in words what the figure shows, and back", "w")
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen.has_class("-words")

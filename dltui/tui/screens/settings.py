"""Everything that can be set: seen, explained, changed at once, written to the file; and the keys of all actions."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dltui.errors import DltuiError
from dltui.settings import RULES, Rule, from_text, written
from dltui.tui import actions
from dltui.tui.actions import Action, key_name
from dltui.tui.catalog import Item
from dltui.tui.catalog.items import homely
from dltui.tui.keymap import Stroke, arranged, known_everywhere, problems, strokes
from dltui.tui.register import screen
from dltui.tui.screens.base import Room
from dltui.tui.screens.press import PressScreen
from dltui.tui.widgets.row_list import RowList
from dltui.tui.widgets.tab_line import TabLine

NAME, VALUE, KEY = 13, 18, 16  # cells of the columns


class NumberInput(Input):
    """A line for a number; escape leaves it without a change."""

    BINDINGS = [Binding("escape", "screen.give_up", show=False)]  # noqa: RUF012 - as Textual declares it


@screen("settings")
class SettingsScreen(Room):
    """Two lists: settings, and keys; what is chosen is explained beside it."""

    CSS_PATH = Path(__file__).with_name("settings.tcss")
    BINDINGS = actions.register(
        "Settings",
        Action("settings", "turn_value", ("left", "right", "h", "l"), "change",
               "Take the value before, or the next one.", ("-1", "1", "-1", "1"), shown=2),
        Action("settings", "section", ("tab",), "section", "Go from the settings to the keys, and back."),
        Action("settings", "add_key", ("a",), "add a key", "Give an action one more key."),
        Action("settings", "reset", ("u", "delete"), "default", "Take the setting out of the file."),
        Action("settings", "copy_command", ("y",), "copy command", "Copy the command that sets the same."),
    )  # fmt: skip
    AUTO_FOCUS = "RowList"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._keys = False  # which of the two lists is shown
        self._strokes: list[Stroke] = []

    @property
    def crumbs(self) -> tuple[str, ...]:
        """One step from home."""
        return ("Settings",)

    @property
    def command_line(self) -> str:
        """The command that sets what is chosen to what it is."""
        if self._keys and self._stroke is not None:
            return f"dltui settings set keys.{self._stroke.id} '{' '.join(self._stroke.keys)}'"
        return f"dltui settings set {self._rule.name} {self._told(self._rule)}"

    def furnish(self) -> ComposeResult:
        """Lay out sections, list and explanation."""
        yield TabLine("settings", "keys", id="sections")
        with Horizontal(id="panes"):
            yield RowList(id="rows")
            with VerticalScroll(id="explained", can_focus=False):
                yield Static(id="what")
        yield NumberInput(id="typed", compact=True)
        yield Static(id="where", markup=False)

    def on_mount(self) -> None:
        """Fill the list, and follow changes from elsewhere."""
        known_everywhere()
        self.dltui.tuning.screens_came()
        self.dltui.tuning.news.subscribe(self, lambda _: self._fill())
        self.query_one("#typed").display = False
        self.tell()
        self._fill()

    # what is shown

    @property
    def _rows(self) -> RowList:
        return self.query_one(RowList)

    @property
    def _rule(self) -> Rule:
        """The setting under the cursor."""
        return RULES[0 if self._keys else min(self._rows.highlighted or 0, len(RULES) - 1)]

    @property
    def _stroke(self) -> Stroke | None:
        """The action under the cursor."""
        option = self._rows.highlighted_option if self._keys else None
        return next((one for one in self._strokes if option is not None and one.id == option.id), None)

    def _told(self, rule: Rule) -> str:
        """Return a setting as it is, in words."""
        return written(getattr(self.dltui.tuning.settings, rule.name))

    def _fill(self) -> None:
        """Write the list anew; the cursor stays."""
        rows, place = self._rows, self._rows.highlighted
        rows.clear_options()
        rows.add_options(self._key_rows() if self._keys else [self._row(rule) for rule in RULES])
        rows.highlighted = min(place or 0, rows.option_count - 1)
        self.query_one(TabLine).active = int(self._keys)
        path = self.dltui.tuning.loaded.path
        self.query_one("#where", Static).update(
            f"{homely(path)}{'' if path.exists() else ' (not there yet)'}"
        )
        self._explain()

    def _row(self, rule: Rule) -> Option:
        """Return the line of a setting."""
        origin = self.dltui.tuning.loaded.origins[rule.name]
        value = set_cell_size(f"‹ {self._told(rule)} ›", VALUE)
        changed = "$text-accent bold" if origin != "default" else "bold"
        name = set_cell_size(rule.name, NAME)
        return Option(Content.assemble(name, (value, changed), (origin, "$foreground 70%")), id=rule.name)

    def _key_rows(self) -> list[Option | None]:
        """Return the lines of all actions, those of a screen under its heading."""
        wished = self.dltui.tuning.settings
        self._strokes = [one for action in actions.known() for one in arranged(action, wished)]
        rows: list[Option | None] = []
        headings = actions.scopes()
        for scope in headings:
            rows.append(Option(Content.styled(headings[scope], "$text-primary bold"), disabled=True))
            for stroke in (one for one in self._strokes if one.action.scope == scope):
                keys = " ".join(map(key_name, stroke.keys))
                room = max(KEY, cell_len(keys) + 1)
                style = "$text-accent bold" if stroke.id in wished.keys else "bold"
                rows.append(
                    Option(Content.assemble((set_cell_size(keys, room), style), stroke.help), id=stroke.id)
                )
        return rows

    @on(OptionList.OptionHighlighted)
    def _explain(self) -> None:
        """Write what is chosen beside the list."""
        self.query_one("#what", Static).update(self._about_keys() if self._keys else self._about(self._rule))
        self.refresh_bindings()

    def _about(self, rule: Rule) -> Content:
        """Return what there is to know of a setting."""
        loaded = self.dltui.tuning.loaded
        origin = loaded.origins[rule.name]
        parts = [
            Content.assemble((rule.name, "bold"), f"\n{rule.help}"),
            _named(
                ("allowed", rule.allowed), ("default", written(rule.default)), ("command", self.command_line)
            ),
        ]
        if origin not in {"default", "file"}:
            parts.append(Content.styled(f"{origin} is set and wins over the file.", "$text-warning"))
        if rule.name == "theme" and self.app.theme != self.dltui.tuning.settings.theme:
            parts.append(Content(f"{self.app.theme} is worn for now, as the key t chose it."))
        parts += [Content.styled(trouble, "$text-error") for trouble in loaded.troubles]
        return Content("\n\n").join(parts)

    def _about_keys(self) -> Content:
        """Return what there is to know of the keys of an action."""
        stroke = self._stroke
        if stroke is None:
            return Content("Choose an action, press enter, then the key that it shall have.")
        table = next(one for one in strokes(stroke.action) if one.id == stroke.id)
        told = problems(self.dltui.tuning.settings, only=(stroke.id,))
        keys = " ".join(map(key_name, table.keys))
        parts = [
            Content.assemble((stroke.id, "bold"), f"\n{stroke.help}"),
            _named(("default", keys), ("command", self.command_line)),
        ]
        return Content("\n\n").join([*parts, *(Content.styled(one, "$text-warning") for one in told)])

    # changes

    @on(TabLine.Chosen)
    def _clicked(self, event: TabLine.Chosen) -> None:
        if bool(event.index) is not self._keys:
            self.action_section()

    @on(OptionList.OptionSelected)
    def _change(self) -> None:
        """Take the next value, ask for a number, or ask for a key."""
        if self._keys:
            self._ask_key(keep=False)
        elif self._rule.ends is None:
            self.action_turn_value(1)
        else:
            typed = self.query_one("#typed", Input)
            typed.display = True
            typed.placeholder = f"{self._rule.name}: {self._rule.allowed}"
            typed.value = ""
            self.set_focus(typed)

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        """Take what was typed."""
        try:
            if event.value.strip():
                self._wish(from_text(self._rule, event.value))
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self._leave_input()

    def _leave_input(self) -> None:
        self.query_one("#typed").display = False
        self.set_focus(self._rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what means something for the list that is shown."""
        if action == "turn_value":
            return not self._keys
        if action == "add_key":
            return self._keys
        return super().check_action(action, parameters)

    def action_give_up(self) -> None:
        """Stop typing."""
        self._leave_input()

    def action_turn_value(self, step: int) -> None:
        """Take the next value, or the one before."""
        rule, now = self._rule, getattr(self.dltui.tuning.settings, self._rule.name)
        values: list[str | int | bool] = [*rule.choices] or ([] if rule.ends else [True, False])
        if rule.ends is not None:
            values += range(rule.ends[0], rule.ends[1] + 1)
        self._wish(values[(values.index(now) + step) % len(values)])

    def _wish(self, value: str | int | bool | None) -> None:
        """Change the setting under the cursor; what wins over the file is told."""
        name = self._rule.name
        if self.dltui.tuning.wish(name, value):
            origin = self.dltui.tuning.loaded.origins[name]
            if origin not in {"default", "file"}:
                self.notify(f"{origin} is set and wins over the file.", severity="warning", markup=False)

    def action_section(self) -> None:
        """Show the other list."""
        self._keys = not self._keys
        self._rows.highlighted = None
        self._fill()
        if self._keys:
            self._rows.highlighted = 1  # the first line is a heading
        self.set_focus(self._rows)

    def action_reset(self) -> None:
        """Let the default hold."""
        if not self._keys:
            self._wish(None)
        elif self._stroke is not None:
            self.dltui.tuning.wish(f"keys.{self._stroke.id}", None)

    def action_add_key(self) -> None:
        """Ask for one more key."""
        self._ask_key(keep=True)

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    def _ask_key(self, *, keep: bool) -> None:
        """Ask for a key for the action that is chosen."""
        stroke = self._stroke
        if stroke is not None:
            ask = PressScreen(stroke.help, partial(self._in_the_way, stroke))
            self.app.push_screen(ask, partial(self._pressed, stroke, keep=keep))

    def _in_the_way(self, stroke: Stroke, key: str) -> list[str]:
        """Return what a key means already where it would hold."""
        wished = self.dltui.tuning.settings
        return problems(replace(wished, keys={**wished.keys, stroke.id: (key,)}), only=(stroke.id,))

    def _pressed(self, stroke: Stroke, key: str | None, *, keep: bool) -> None:
        if key:
            keys = tuple(dict.fromkeys((*stroke.keys, key))) if keep else (key,)
            self.dltui.tuning.wish(f"keys.{stroke.id}", keys)


def _named(*pairs: tuple[str, str]) -> Content:
    """Return names and values, one pair a line."""
    return Content("\n").join([
        Content.assemble((f"{name:<9}", "$foreground 70%"), value) for name, value in pairs
    ])

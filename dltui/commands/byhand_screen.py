"""A sheet worked by hand, stepped through: what each line reads, what it makes, and what an edited number changes."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from dltui.byhand.bench import Bench, Cell, read_number
from dltui.byhand.inputs import read_setting
from dltui.byhand.printing import UNICODE
from dltui.byhand.rounding import Rounding
from dltui.byhand.told import TERMS, Told, tell
from dltui.byhand.value import Value
from dltui.commands._byhand_cells import Marks, cells
from dltui.commands._byhand_lines import short_line, whole_line
from dltui.commands._byhand_sheet import HandAnswer
from dltui.draw.graph import row_of
from dltui.draw.view import View
from dltui.errors import DltuiError
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.catalog.items import Item
from dltui.tui.register import screen
from dltui.tui.screens.base import Room
from dltui.tui.widgets.figure_view import FigureView

if TYPE_CHECKING:
    from textual.timer import Timer

BOX = 4  # rows of a box of the graph
BEAT = 0.35  # seconds between two lines while it plays
PREFIX = "dltui byhand "


def hand_item(command: str) -> Item:
    """Return what opens the stepper.

    Args:
        command: A command line that begins with ``dltui byhand``.

    Returns:
        The item, one a command line.
    """
    words = command.removeprefix(PREFIX).strip()
    return Item("byhand", words.partition(" ")[0], "step by step", words, f"{PREFIX}{words}")


def bench_of(words: str) -> Bench:
    """Return the bench that a command line spells, without asking torch.

    Args:
        words: What follows ``dltui byhand``.

    Returns:
        The operation on its numbers.

    Raises:
        UsageError: If it is no such command line.
    """
    from dltui.commands._calls import called

    call = called(["byhand", *shlex.split(words)])
    answer = replace(call, arguments={**call.arguments, "torch": False, "latex": False, "markdown": False})()
    assert isinstance(answer, HandAnswer)
    return Bench(answer.worked, backward=answer.backward)


@screen("byhand")
class ByHandScreen(Room):
    """One operation, line by line."""

    BINDINGS = actions.register(
        "By hand",
        Action("byhand", "step", ("right", "left", "l", "h"), "step", "Go to the next line, or the one before.",
               ("1", "-1", "1", "-1"), shown=2),
        Action("byhand", "edge", ("home", "end"), "", "Go to the first line, or to the last.", ("0", "1"), shown=0),
        Action("byhand", "play", ("space",), "play", "Go on line by line, or stop."),
        Action("byhand", "cell", ("tab", "shift+tab", "n", "p"), "number", "Go to the next number, or the one before.",
               ("1", "-1", "1", "-1")),
        Action("byhand", "turn", ("up", "down", "k", "j"), "change", "Make the number larger or smaller.",
               ("1", "-1", "1", "-1"), shown=2),
        Action("byhand", "write", ("enter",), "write", "Write the number anew."),
        Action("byhand", "reshape", ("x",), "write anew", "Write the expression, or the sizes, anew."),
        Action("byhand", "gradients", ("b",), "backwards", "Work the gradients out, too, or leave them out."),
        Action("byhand", "unfold", ("f",), "unfold", "Show every term of long sums, or fold them again."),
        Action("byhand", "undo", ("u",), "undo", "Take the last change back."),
        Action("byhand", "leave", ("escape",), "leave the line", "Leave the line without writing."),
        Action("byhand", "copy_command", ("y",), "copy command", "Copy the command line that works the same."),
    )  # fmt: skip
    DEFAULT_CSS = """
    ByHandScreen {
        #formula { height: auto; max-height: 2; margin: 1 1 0 1; color: $foreground 75%; }
        #panes { height: 1fr; margin: 1 0 0 0; }
        #seen { width: 1fr; padding: 0 1; }
        FigureView { display: none; height: 1fr; }
        &.-graph FigureView { display: block; }
        &.-graph #numbers { height: auto; }
        #numbers { height: 1fr; }
        #cells { height: auto; text-wrap: nowrap; }
        #told, #lines { text-wrap: nowrap; text-overflow: ellipsis; }
        #lines { width: 44%; height: 1fr; padding: 0 1; border-left: solid $foreground 15%; }
        #told { height: auto; }
        #worked { height: auto; max-height: 9; min-height: 4; padding: 0 1; border-top: solid $foreground 15%; }
        &.-whole #worked { max-height: 60%; }
        #line { display: none; height: 3; margin: 0 1; }
        &.-writing #line { display: block; }
        &.-low #formula { margin: 0 1; }
        &.-low #panes { margin: 0; }
        &.-plain #lines { width: 34%; }
        &.-low #worked { max-height: 10; min-height: 3; }
        &.-low.-whole #worked { max-height: 60%; }
        &.-low.-graph #formula { display: none; }
    }
    """
    AUTO_FOCUS = ""  # the keys are the screen's own

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._trouble = ""
        try:
            self._bench = bench_of(item.key)
        except DltuiError as error:  # a tab of the last time whose file is gone
            self._trouble, self._bench = str(error), bench_of("linear")
        self._before: list[Bench] = []
        self._moved: frozenset[Cell] = frozenset()
        self._at = self._cursor = 0
        self._playing: Timer | None = None
        self._writing = ""

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What it is, then the operation."""
        return ("By hand", self.item.name)

    @property
    def command_line(self) -> str:
        """The command that works the same, as it is by now."""
        return self._bench.command

    @property
    def about(self) -> str:
        """Every line up to here, in words."""
        return "\n".join(told.text() for told in tell(self._bench.lines[: self._at + 1]))

    @property
    def bench(self) -> Bench:
        """The sheet as it is by now."""
        return self._bench

    @property
    def at(self) -> int:
        """The number of the line that is shown, counted from 0."""
        return self._at

    @property
    def cursor(self) -> Cell:
        """The number that keys change."""
        return self._bench.editable[self._cursor]

    def furnish(self) -> ComposeResult:
        """Lay out formula, numbers, lines, and the line that is shown."""
        yield Static(id="formula", markup=False)
        with Horizontal(id="panes"):
            with Vertical(id="seen"):
                view = FigureView()
                view.can_focus = False
                yield view
                with VerticalScroll(id="numbers", can_focus=False):
                    yield Static(id="cells")
            yield Static(id="lines")
        with VerticalScroll(id="worked", can_focus=False):
            yield Static(id="told")
        yield Input(id="line")

    def on_mount(self) -> None:
        """Show the first line."""
        if self._trouble:
            self.notify(self._trouble, title="Shown is linear", severity="error", markup=False)
        self._show()

    def on_resize(self) -> None:
        """Show what fits by now."""
        self.call_after_refresh(self._show)

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what means something now."""
        if action == "undo":
            return bool(self._before)
        if action == "leave":
            return self.has_class("-writing")
        if action == "reshape":
            return bool(self._bench.worked.operation.shaping)
        return super().check_action(action, parameters)

    def action_step(self, by: int) -> None:
        """Go on by lines."""
        self._stop()
        self._go(self._at + by)

    def action_edge(self, end: int) -> None:
        """Go to an end of the sheet."""
        self._stop()
        self._go(len(self._bench.lines) - 1 if end else 0)

    def action_play(self) -> None:
        """Go on line by line, from the first after the last; or stop."""
        if self._playing is not None:
            self._stop()
            return
        if self._at == len(self._bench.lines) - 1:
            self._go(0)
        self._playing = self.set_interval(BEAT, self._play_on)

    def action_cell(self, by: int) -> None:
        """Go to another number."""
        self._cursor = (self._cursor + by) % len(self._bench.editable)
        self._show()

    def on_click(self, event: events.Click) -> None:
        """Go to the number that was clicked."""
        cell = event.style.meta.get("cell")
        if cell in (known := self._bench.editable):
            self._cursor = known.index(cell)
            self._show()

    def action_turn(self, by: int) -> None:
        """Change the number by a step."""
        self._change(lambda: self._bench.turned(self.cursor, by))

    def action_write(self) -> None:
        """Ask for the number."""
        self._ask("number", UNICODE.number(Rounding([]).text(self._value())), "a number such as -1.5")

    def action_reshape(self) -> None:
        """Ask for the expression or the sizes."""
        setting = self._bench.worked.operation.shaping[0]
        value = self._bench.worked.settings[setting]
        self._ask(setting, ",".join(map(str, value)) if isinstance(value, tuple) else str(value), setting)

    def action_gradients(self) -> None:
        """Work the gradients out, or leave them out."""
        self._change(lambda: self._bench.with_backward(backward=not self._bench.backward))

    def action_unfold(self) -> None:
        """Show every term of long sums, or fold them again."""
        self.toggle_class("-whole")
        self._show()

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._before:
            self._take(self._before.pop())

    def action_leave(self) -> None:
        """Leave the line without writing."""
        self.remove_class("-writing")
        self.set_focus(None)

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        text, what = event.value, self._writing
        if what == "number":
            try:
                value = read_number(text)
            except ValueError:
                self.notify(
                    f"{text!r} is no number; expected one such as -1.5", severity="error", markup=False
                )
                return
            done = self._change(lambda: self._bench.edited(self.cursor, value))
        else:
            one = self._bench.worked.operation
            done = self._change(lambda: self._bench.set(what, read_setting(one, what, text)))
        if done:
            self.action_leave()

    def _ask(self, what: str, text: str, hint: str) -> None:
        line = self.query_one("#line", Input)
        self._writing, line.value, line.placeholder = what, text, hint
        self.add_class("-writing")
        line.focus()

    def _change(self, work: Callable[[], Bench]) -> bool:
        """Take a changed sheet and return whether the operation takes it."""
        self._stop()
        before = self._bench
        try:
            after = work()
        except DltuiError as error:
            self.notify(str(error), severity="error", markup=False)
            return False
        self._before = [*self._before[-99:], before]
        self._take(after)
        return True

    def _take(self, bench: Bench) -> None:
        before, self._bench = self._bench, bench
        self._moved = bench.moved(before)
        self._cursor = min(self._cursor, len(bench.editable) - 1)
        self._go(self._at)

    def _go(self, line: int) -> None:
        self._at = max(0, min(line, len(self._bench.lines) - 1))
        self._show()

    def _play_on(self) -> None:
        if self._at >= len(self._bench.lines) - 1:
            self._stop()
        else:
            self._go(self._at + 1)

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def _value(self) -> Value:
        """Return the number under the cursor."""
        name, place = self.cursor
        found: Value = self._bench.tensors[name].cells[place]
        return found

    # showing

    def _show(self) -> None:
        bench, worked = self._bench, self._bench.worked
        way = "forwards" if self._at < bench.ahead else "backwards"
        self.tell(f"line {self._at + 1} of {len(bench.lines)}, {way}")
        self.query_one("#formula", Static).update(worked.operation.formula)
        self.set_class(worked.operation.differentiated, "-graph")
        if worked.operation.differentiated:
            self._show_graph()
        told, rounding = self._told()
        self.query_one("#lines", Static).update(Content("\n").join(self._line_list(told)))
        now = told[self._at]
        self.query_one("#told", Static).update(whole_line(now, max(20, self.size.width - 2), self._was(now)))
        self._show_cells(rounding)
        self.refresh_bindings()

    def _show_graph(self) -> None:
        """Show the graph, scrolled to the box that the line writes to, and the numbers close below it."""
        from dltui.instruments.byhand.graph import box_of, graph_of

        worked, picture = self._bench.worked, self.query_one(FigureView)
        graph = graph_of(worked, backward=self._bench.backward, lines=self._at + 1)
        room, seen = picture.content_size, self.query_one("#seen").content_size.height
        row = 0
        if room.width:
            row, rows = row_of(graph, box_of(worked, self._at), room.width)
            picture.styles.max_height = rows + 1  # and an empty one
            self.query_one("#numbers").styles.max_height = max(seen - rows - 1, seen * 2 // 5)
        above = max(0, (room.height - BOX) // 2)
        picture.show_figure(replace(graph, title=""), View(offset=max(0, row - above)))

    def _told(self) -> tuple[dict[int, Told], Rounding]:
        """Return the lines around the one that is shown, by their number, and how their numbers are printed."""
        room = max(3, self.query_one("#lines").content_size.height or self.size.height)
        first = max(0, min(self._at - room // 2, len(self._bench.lines) - room))
        part = self._bench.lines[first : first + room]
        rounding = Rounding([line.target for line in part])
        most = 0 if self.has_class("-whole") else TERMS
        return {first + i: one for i, one in enumerate(tell(part, rounding=rounding, most=most))}, rounding

    def _line_list(self, told: dict[int, Told]) -> list[Content]:
        """Return a row a line: name, formula and result, what moved marked."""
        bench = self._bench
        width = max(12, self.query_one("#lines").content_size.width or 40)
        found = []
        for place, one in told.items():
            label = one.line.target.label
            moved = label is not None and (one.line.tensor, label.cell) in self._moved
            mark = "▸" if place == self._at else "≠" if moved else "◂" if place >= bench.ahead else " "
            found.append(short_line(one, mark, width, written=place <= self._at))
        return found

    def _was(self, told: Told) -> str:
        """Return what the number was before the last change, where that moved it."""
        label = told.line.target.label
        cell = (told.line.tensor, label.cell) if label is not None else ("", 0)
        if cell not in self._moved or not self._before or not self._before[-1].has(cell):
            return ""
        before = self._before[-1].tensors[cell[0]].cells[cell[1]]
        return f"was {UNICODE.number(Rounding([]).text(before))} before the change"

    def _show_cells(self, rounding: Rounding) -> None:
        """Write the tensors that the line reads and makes, then those that may be edited."""
        bench = self._bench
        line = bench.lines[self._at]
        assert line.target.label is not None
        read = {(label.tensor, label.cell) for label in line.reads()}
        made = (line.tensor, line.target.label.cell)
        names = dict.fromkeys([name for name in bench.worked.inputs if any(name == one for one, _ in read)])
        names |= dict.fromkeys([label.tensor for label in line.reads()]) | {line.tensor: None}
        names |= dict.fromkeys([self.cursor[0], *bench.worked.inputs])
        marks = Marks(
            read=frozenset(read),
            made=made,
            cursor=self.cursor,
            moved=self._moved,
            hidden=frozenset(cell for cell, place in bench.written.items() if place > self._at),
        )
        room = self.query_one("#numbers").content_size.width or self.size.width // 2
        shown = cells(bench, [name for name in names if name in bench.tensors], marks, rounding, room - 1)
        self.query_one("#cells", Static).update(shown)

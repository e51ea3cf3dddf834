"""The shape calculator: a belt of layers whose sizes follow every key, with the window of the chosen one at work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from dltui.shapes import ShapeError
from dltui.shapes.bench import LETTERS, Bench, Knob
from dltui.shapes.named import named_chains, read_named
from dltui.shapes.reach import Slide, seen, slides
from dltui.shapes.report import show, tight
from dltui.shapes.units import bytes_text
from dltui.tui import actions, register
from dltui.tui.actions import Action
from dltui.tui.catalog import Glimpse, Item
from dltui.tui.register import screen
from dltui.tui.screens.base import Room
from dltui.tui.widgets.belt import Belt, Box
from dltui.tui.widgets.sliding_window import SlidingWindow

if TYPE_CHECKING:
    from textual.timer import Timer

    from dltui.shapes.walk import Chain, Step

START = ("conv2d 8 3 1 1 | relu | maxpool2d 2 | flatten | linear 10", ("1,1,8,8",))
BEAT = 0.12  # seconds between two positions of the window
_WAYS = ("left", "right", "h", "l")
_TURNS = ("up", "down", "k", "j")


@register.shelf("shapes", "Shapes", place=45, nothing="No chains of layers ship with this installation.")
def read(folder: Path) -> list[Item]:
    """Return the bench, then the classic networks."""
    del folder
    bench = Item("chain", "bench", "build your own: layers in a row, sizes at once", "", "")
    return [bench, *(_item(name) for name in named_chains())]


@register.glimpse("chain")
def glimpse(item: Item) -> Glimpse:
    """Return totals of a chain."""
    bench = _bench_of(item)
    walked = bench.walked()
    memory = walked.memory()
    return Glimpse(
        title=item.name,
        words=item.note,
        facts=(
            ("layers", str(len(bench.rows))),
            ("input", " and ".join(bench.inputs)),
            ("output", show(walked.output)),
            ("parameters", f"{walked.parameters:,}"),
            ("MACs", f"{walked.macs:,}"),
            ("activations", f"{bytes_text(memory.training)} kept for training, in float32"),
        ),
    )


@screen("chain")
class ChainScreen(Room):
    """A chain on the bench."""

    CSS_PATH = Path(__file__).parent.parent / "tui" / "screens" / "chain.tcss"
    BINDINGS = actions.register(
        "The bench",
        Action("bench", "layer", ("tab", "shift+tab", "n", "p"), "layer", "Go to the next layer, or the one before.",
               ("1", "-1", "1", "-1")),
        Action("bench", "knob", _WAYS, "argument", "Choose an argument of the layer.", ("-1", "1", "-1", "1"), shown=2),
        Action("bench", "turn", _TURNS, "change", "Make the argument larger or smaller.", ("1", "-1", "1", "-1"),
               shown=2),
        Action("bench", "play", ("space",), "slide", "Let the window slide over the picture, or stop it."),
        Action("bench", "step", ("full_stop", "comma"), "", "Move the window by one place.", ("1", "-1"), shown=0),
        Action("bench", "add", ("a",), "add", "Write a layer that comes after this one."),
        Action("bench", "rewrite", ("enter",), "write", "Write this layer anew."),
        Action("bench", "feed", ("i",), "input", "Write the shape that goes in."),
        Action("bench", "remove", ("d", "delete"), "remove", "Take this layer out."),
        Action("bench", "move", ("less_than_sign", "greater_than_sign"), "", "Move this layer along the belt.",
               ("-1", "1"), shown=0),
        Action("bench", "leave", ("escape",), "leave the line", "Leave the line without writing."),
        Action("bench", "undo", ("u",), "undo", "Take the last change back."),
        Action("bench", "copy_command", ("y",), "copy command", "Copy the command line that shows the same."),
        Action("bench", "copy_code", ("Y",), "copy code", "Copy the chain as PyTorch code."),
    )  # fmt: skip

    AUTO_FOCUS = ""  # the keys are the screen's own

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self._bench = _bench_of(item)
        self._before: list[Bench] = []
        self._at = self._knob = 0
        self._position = (0, 0)
        self._sliding: Timer | None = None
        self._writing = ""
        self._chain: Chain = self._bench.walked()

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The shelf, then the chain."""
        return ("Shapes", self.item.name)

    @property
    def command_line(self) -> str:
        """The command that shows the chain as it is by now."""
        return self._bench.command

    @property
    def bench(self) -> Bench:
        """The chain as it is by now."""
        return self._bench

    @property
    def step(self) -> Step | None:
        """What the chosen layer does, or None where it is refused or not reached."""
        return self._chain.steps[self._at] if self._at < len(self._chain.steps) else None

    def furnish(self) -> ComposeResult:
        """Lay out belt, window and what is told."""
        yield Belt()
        with Horizontal(id="below"):
            yield SlidingWindow()
            with VerticalScroll(id="told", can_focus=False):
                yield Static(id="knobs")
                yield Static(id="facts")
        yield Static(id="totals", markup=False)
        yield Input(id="line")

    def on_mount(self) -> None:
        """Show the first layer."""
        self._show()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what means something for the chosen layer."""
        if action == "undo":
            return bool(self._before)
        if action == "leave":
            return self.has_class("-writing")
        if action in {"play", "step"}:
            return bool(self._slides())
        return super().check_action(action, parameters)

    def action_layer(self, by: int) -> None:
        """Go along the belt."""
        self._go((self._at + by) % len(self._bench.rows))

    def action_knob(self, by: int) -> None:
        """Choose an argument."""
        knobs = self._bench.knobs(self._at)
        self._knob = (self._knob + by) % len(knobs) if knobs else 0
        self._show()

    def action_turn(self, by: int) -> None:
        """Change the argument by one step."""
        knobs = self._bench.knobs(self._at)
        if knobs:
            self._change(self._bench.turned(self._at, knobs[self._knob].name, by))

    def action_remove(self) -> None:
        """Take the layer out."""
        self._change(self._bench.without(self._at))

    def action_move(self, by: int) -> None:
        """Move the layer along the belt."""
        if self._change(self._bench.swapped(self._at, by)):
            self._go(self._at + by)

    def action_undo(self) -> None:
        """Take the last change back."""
        if self._before:
            self._bench = self._before.pop()
            self._walk()

    def action_add(self) -> None:
        """Ask for a layer that comes after this one."""
        self._ask("add", "", "a layer, such as conv2d 16 3 1 1 or MaxPool2d(2)")

    def action_rewrite(self) -> None:
        """Ask for this layer anew."""
        self._ask("rewrite", self._bench.rows[self._at].text, "the layer")

    def action_feed(self) -> None:
        """Ask for the shape that goes in."""
        self._ask("feed", ";".join(self._bench.inputs), "shapes that go in, such as 1,3,224,224 or N,3,H,W")

    def action_copy_command(self) -> None:
        """Copy the command line."""
        self.copy(self.command_line)

    def action_copy_code(self) -> None:
        """Copy the chain as code."""
        from dltui.shapes.code import code

        try:
            self.copy(code(self._chain))
        except ShapeError as error:
            self.notify(str(error), title="Not copied", severity="warning", markup=False)

    def action_play(self) -> None:
        """Let the window slide, or stop it."""
        if self._sliding is not None:
            self._stop()
        else:
            self._sliding = self.set_interval(BEAT, lambda: self.action_step(1))

    def action_step(self, by: int) -> None:
        """Move the window by one place, row by row."""
        axes = self._slides()
        if axes:
            wide, high = axes[-1].places, axes[-2].places if len(axes) > 1 else 1
            place = (self._position[0] * wide + self._position[1] + by) % max(1, wide * high)
            self._position = (place // wide, place % wide)
            self._show_window()

    # what was written or clicked

    @on(Input.Submitted)
    def _written(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        try:
            if text and self._writing == "add":
                done = self._change(self._bench.inserted(self._at + 1, text))
            elif text and self._writing == "rewrite":
                done = self._change(self._bench.replaced(self._at, text))
            else:
                done = self._change(self._bench.fed(tuple(part.strip() for part in text.split(";"))))
        except ShapeError as error:
            self._refuse(error)
            return
        if done:
            self._close_line()
            self._go(self._at + (self._writing == "add"))

    def action_leave(self) -> None:
        """Leave the line without writing."""
        self._close_line()

    @on(Belt.Chosen)
    def _chose(self, event: Belt.Chosen) -> None:
        self._go(event.index)

    @on(SlidingWindow.Moved)
    def _placed(self, event: SlidingWindow.Moved) -> None:
        self._stop()
        self._position = event.position
        self._show_window()

    # showing

    def _ask(self, what: str, text: str, hint: str) -> None:
        line = self.query_one("#line", Input)
        self._writing, line.value, line.placeholder = what, text, hint
        self.add_class("-writing")
        line.focus()

    def _close_line(self) -> None:
        self.remove_class("-writing")
        self.set_focus(None)

    def _change(self, bench: Bench) -> bool:
        """Take a changed chain and return whether it was taken: not when a row would read what there is no more."""
        if bench == self._bench:
            return False
        before, self._bench = self._bench, bench
        try:
            self._walk()
        except ShapeError as error:
            self._bench = before
            self._refuse(error)
            return False
        self._before = [*self._before[-99:], before]
        self.refresh_bindings()
        return True

    def _refuse(self, error: ShapeError) -> None:
        self.notify(str(error), severity="error", markup=False)

    def _walk(self) -> None:
        self._chain = self._bench.walked()
        self._go(self._at)

    def _go(self, index: int) -> None:
        index = max(0, min(index, len(self._bench.rows) - 1))  # a click may come when its layer is gone
        if index != self._at:
            self._stop()
            self._knob, self._position = 0, (0, 0)
        self._at = index
        self._knob = min(self._knob, max(0, len(self._bench.knobs(index)) - 1))
        self._show()

    def _stop(self) -> None:
        if self._sliding is not None:
            self._sliding.stop()
            self._sliding = None

    def _slides(self) -> tuple[Slide, ...]:
        return slides(self.step) if self.step is not None else ()

    def _show(self) -> None:
        belt = self.query_one(Belt)
        belt.boxes, belt.chosen = boxes(self._bench, self._chain), self._at
        self.query_one("#knobs", Static).update(self._knob_lines())
        self.query_one("#totals", Static).update(totals(self._chain))
        self.tell(
            f"{len(self._bench.rows)} layers · {show(self._chain.inputs[0])} → {show(self._chain.output)}"
        )
        self._show_window()
        self.refresh_bindings()

    def _show_window(self) -> None:
        axes = self._slides()
        if axes:
            limits = (axes[-2].places if len(axes) > 1 else 1, axes[-1].places)
            self._position = (min(self._position[0], limits[0] - 1), min(self._position[1], limits[1] - 1))
        self.query_one(SlidingWindow).show_window(axes[-2:], self._position, no_window(self.step))
        self.query_one("#facts", Static).update(Content("\n").join(self._facts()))

    def _knob_lines(self) -> Content:
        """Return the arguments, the chosen one between arrows."""
        lines = []
        for place, knob in enumerate(self._bench.knobs(self._at)):
            here = place == self._knob
            value = _short(knob.value)
            shown = f"▸ {knob.name:<16} ‹ {value} ›" if here else f"  {knob.name:<16}   {value}"
            quiet = "" if knob.given else "$foreground 70%"
            lines.append(Content.styled(shown, "$text-accent bold" if here else quiet))
        if not lines:
            return Content.styled("nothing here is changed by a key", "$foreground 70%")
        return Content("\n").join(lines)

    def _facts(self) -> list[Content]:
        """Return what the chosen layer does, or why it can't."""
        if self.step is None:
            refusal = self._chain.refusal
            if refusal is not None and refusal.row == self._at + 1:
                return [Content(""), Content.styled(refusal.sentence(), "$text-error")]
            return [
                Content(""),
                Content.styled("nothing gets here: a layer before it is refused", "$foreground 70%"),
            ]
        report = self.step.report
        lines = [f"{show(report.input)} → {show(report.output)}", *report.formulas, *self._sight()]
        return [Content(""), Content.styled(report.layer, "bold"), *map(Content, lines)]

    def _sight(self) -> list[str]:
        """Return what the output place under the window sees of the first input."""
        step = self.step
        axes = self._slides()
        if step is None:
            return []
        if step.field is None:
            return ["receptive field: everything before it"]
        told = [f"receptive field {step.field.text()}"]
        if axes and not axes[0].writes:
            position = self._position[-len(axes) :] if len(axes) < 3 else (0, *self._position)
            looks = seen(step.field, position)
            if looks is not None:
                where = " × ".join(f"{r.start}…{r.stop - 1}" for r in looks)
                told.append(
                    f"output place {', '.join(map(str, position))} sees places {where} of the first input"
                )
        return told


def boxes(bench: Bench, walked: Chain) -> tuple[Box, ...]:
    """Return the belt: what fits, what is refused, what is not reached."""
    made = []
    for index, row in enumerate(bench.rows):
        shown = [knob for knob in bench.knobs(index) if knob.given or _telling(knob)]
        setting = " ".join(f"{knob.letter}{_short(knob.value)}" for knob in shown)
        if index < len(walked.steps):
            report = walked.steps[index].report
            cost = f"{_many(0 if row.tied else report.parameters)} par · {_many(report.macs)} MAC"
            made.append(Box(row.spelled.layer.name, setting, tight(report.output), cost))
        elif walked.refusal is not None and index == walked.refusal.row - 1:
            made.append(Box(row.spelled.layer.name, setting, "refused", walked.refusal.argument, "refused"))
        else:
            made.append(Box(row.spelled.layer.name, setting, "·", "", "unreached"))
    return tuple(made)


def _telling(knob: Knob) -> bool:
    """Return whether an argument that was not given says something."""
    return knob.name in LETTERS and knob.value not in {None, 0, 1}


def totals(walked: Chain) -> str:
    """Return the sums over the belt in one line."""
    memory = walked.memory()
    return (
        f"parameters {walked.parameters:,}   MACs {walked.macs:,}   weights {bytes_text(memory.parameters)}   "
        f"activations {bytes_text(memory.inference)} at most, {bytes_text(memory.training)} kept for training"
    )


def no_window(step: Step | None) -> str:
    """Return why no window slides."""
    if step is None:
        return "Nothing slides here: the sizes do not fit."
    if "kernel_size" in step.row.spelled.layer.options:
        return "Letters have no picture: write numbers for the input (i) to see the window slide."
    return f"{step.report.name} has no window; go to a convolution or a pool to see one slide."


def _item(name: str) -> Item:
    named = read_named(name)
    return Item("chain", name, named.title, name, f"dltui shapes chain {name}")


def _bench_of(item: Item) -> Bench:
    """Return the bench that an item begins with: a network by its name, or a small chain."""
    if not item.key:
        return Bench.of(*START)
    named = read_named(item.key)
    return Bench.of(named.text, named.inputs)


def _short(value: object) -> str:
    """Return a value in few letters; equal numbers once."""
    if isinstance(value, tuple | list):
        return str(value[0]) if len(set(value)) == 1 else "×".join(map(str, value))
    return "–" if value is None else str(value)


def _many(count: int) -> str:
    """Return a count in at most four characters and a letter."""
    text = str(count)
    if not text.isdigit():
        return text
    for letter, unit in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= unit:
            return f"{count / unit:.3g}{letter}"
    return text

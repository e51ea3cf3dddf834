"""One argument of a form: its name, what takes its value, and what there is to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.message_pump import MessagePump
from textual.widgets import Input, Static

from dltui.tui.answers import AT_ONCE, judge
from dltui.tui.scale import Scale
from dltui.tui.widgets.pick import Pick
from dltui.tui.widgets.slider import Slider
from dltui.tui.widgets.type_in import Complete, TypeIn

if TYPE_CHECKING:
    from dltui.commands._forms import Field

SHOWN = 12  # suggestions that are written out


class FieldRow(Vertical):
    """A row of a form; posts ``Changed`` with the text, judges nothing itself."""

    DEFAULT_CSS = """
    FieldRow {
        height: auto; padding: 0 1;
        Horizontal { height: 1; }
        .label { width: 20; height: 1; padding: 0 1 0 0; text-wrap: nowrap; text-overflow: ellipsis; }
        Slider { width: 1fr; max-width: 60; }
        Pick { width: 1fr; }
        TypeIn { width: 1fr; max-width: 72; }
        .told { height: auto; display: none; padding: 0 0 0 20; }
        .help { color: $foreground 70%; }
        .ways { color: $foreground 75%; }
        .refusal { color: $text-error; }
        &.-refused .refusal { display: block; }
        &:focus-within { background: $foreground 4%; }
        &:focus-within .help { display: block; }
        &:focus-within.-ways .ways { display: block; }
        &.-close .label { width: 12; }
        &.-close .told { padding: 0 0 0 12; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text of a field is another one."""

        row: FieldRow
        name: str
        text: str

        @property
        def control(self) -> FieldRow:
            """The row it comes from."""
            return self.row

        def can_replace(self, message: MessagePump | Message) -> bool:
            """Return whether an older message of the queue may be dropped for this one."""
            return isinstance(message, FieldRow.Changed) and message.row is self.row

    def __init__(self, asked: Field, complete: Complete, text: str = "", *, close: bool = False) -> None:
        """Make the row.

        Args:
            asked: The field.
            complete: Returns how a text may go on; called in a thread.
            text: What it holds at first; empty for the default.
            close: Whether there is little room for its name.
        """
        super().__init__(classes="-close" if close else "")
        self.asked = asked
        self._complete = complete
        self._first = text
        self._taker = self._make()

    def compose(self) -> ComposeResult:
        """Lay out name, taker and what is said below."""
        with Horizontal():
            yield Static(self._named(), classes="label")
            yield self._taker
        yield Static(self._told(), classes="told help", markup=False)
        yield Static(classes="told ways")
        yield Static(classes="told refusal", markup=False)

    def on_mount(self) -> None:
        """Show what it holds at first."""
        if self._first:
            self.fill(self._first)

    @property
    def text(self) -> str:
        """What it holds; empty for the default."""
        return self._taker.value if isinstance(self._taker, TypeIn) else self._taker.text

    @property
    def taker(self) -> TypeIn | Slider | Pick:
        """What takes the value."""
        return self._taker

    def fill(self, text: str) -> None:
        """Hold another text, as if it had been typed."""
        if isinstance(self._taker, TypeIn):
            self._taker.take(text)
            return
        self._taker.text = text
        self._say(text)

    def refuse(self, sentence: str) -> None:
        """Say why the text can't be taken, or nothing."""
        self.set_class(bool(sentence), "-refused")
        self.query_one(".refusal", Static).update(sentence)

    def _make(self) -> TypeIn | Slider | Pick:
        """Return what takes values of this kind."""
        from dltui.commands._spelled import spell

        asked, default = self.asked, spell(self.asked.default)
        if asked.kind in {"whole", "number"}:
            return Slider(scale_of(asked), default)
        if asked.kind == "switch":
            return Pick(("false", "true"), default, names=("off", "on"))
        if asked.kind == "choice":
            return Pick(asked.choices, default)
        return TypeIn(self._complete, default or ("needed" if asked.required else "not set"))

    def _named(self) -> Content:
        """Return its name, marked when it was changed."""
        if self.text or (not self.is_mounted and self._first):
            return Content.assemble(("• ", "$text-accent"), (self.asked.label, "bold"))
        tail = ("", "") if not self.asked.required else (" *", "$text-accent")
        return Content.assemble("  ", (self.asked.label, "$foreground 80%"), tail)

    def _told(self) -> str:
        """Return help, ends and default in one line."""
        from dltui.commands._spelled import spell

        asked = self.asked
        default = "" if asked.default is None or asked.kind == "switch" else spell(asked.default)
        parts = (asked.help.rstrip("."), _ends(asked), f"default {default}" if default else "", asked.option)
        return " · ".join(part for part in parts if part)

    def _say(self, text: str) -> None:
        self.query_one(".label", Static).update(self._named())
        self.post_message(self.Changed(self, self.asked.name, text))

    @on(Input.Changed)
    @on(Slider.Changed)
    @on(Pick.Changed)
    def _taken(self, event: Input.Changed | Slider.Changed | Pick.Changed) -> None:
        event.stop()
        self._say(self.text)

    @on(TypeIn.Ways)
    def _ways_known(self, event: TypeIn.Ways) -> None:
        event.stop()
        self.set_class(bool(event.ways), "-ways")
        shown = "  ".join(event.ways[:SHOWN]) + ("  …" if len(event.ways) > SHOWN else "")
        self.query_one(".ways", Static).update(Content.assemble(("^n ", "$text-accent"), shown))


def scale_of(asked: Field) -> Scale:
    """Return what numbers a field takes, and how far one step goes."""

    def accepts(text: str) -> bool:
        return asked.kind not in AT_ONCE or not judge(asked, text)[1]

    whole = asked.kind == "whole"
    return Scale(asked.low, asked.high, asked.step, log=asked.log, whole=whole, accepts=accepts)


def _ends(asked: Field) -> str:
    """Return what is allowed, in figures."""
    if asked.low is not None and asked.high is not None:
        return f"{asked.low:g} … {asked.high:g}"
    if asked.low is not None:
        return f"{asked.low:g} or more"
    return "" if asked.high is None else f"{asked.high:g} or less"

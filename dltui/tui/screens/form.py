"""One verb as a form: a row a field, judged as it is filled, and the equal command line below."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Button, Static
from textual.worker import Worker, WorkerState

from dltui.errors import DltuiError
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.answers import AT_ONCE, Answers, judge, needed
from dltui.tui.catalog.items import Item
from dltui.tui.completing import completions
from dltui.tui.register import screen
from dltui.tui.screens.base import Room
from dltui.tui.trouble import sentence
from dltui.tui.widgets.field_row import FieldRow
from dltui.tui.widgets.type_in import TypeIn

if TYPE_CHECKING:
    from dltui.commands._forms import Field, Form

# enter comes before what has the focus, so that letters typed right after it go to the next line
AT_ENTER: list[BindingType] = [Binding("enter", "next_line", show=False, priority=True)]
PAUSE = 0.15  # seconds that the typing rests before files are looked for


@screen("verb")
class FormScreen(Room):
    """Asks what a verb needs, and runs it."""

    BINDINGS = actions.register(
        "This form",
        Action("form", "run", ("ctrl+r", "r", "ctrl+enter"), "run", "Run it as a job."),
        Action("form", "field", ("down", "up", "j", "k"), "field", "Go to the next field, or the one before.",
               ("1", "-1", "1", "-1"), shown=2),
        Action("form", "reset_all", ("R",), "reset", "Put every field back to its default."),
        Action("form", "by_hand", ("ctrl+b", "B"), "by hand", "Step through the lines that it would work by hand."),
        Action("form", "copy_command", ("ctrl+y", "y"), "copy command", "Copy the equal command line."),
    ) + AT_ENTER  # fmt: skip
    DEFAULT_CSS = """
    FormScreen {
        #about { height: auto; max-height: 3; margin: 1 2 0 2; color: $foreground 75%; }
        #rows { height: 1fr; margin: 1 0 0 0; overflow-y: auto; }
        #foot { height: auto; max-height: 8; padding: 0 2; border-top: solid $foreground 15%; }
        #foot Horizontal { height: 1; }
        #run { min-width: 9; margin: 0 2 0 0; }
        #state { width: 1fr; height: 1; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
        #line { height: auto; color: $text-accent; }
        &.-low #about { margin: 0 2; max-height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-low #rows { margin: 0; }
    }
    """
    AUTO_FOCUS = "#run"

    def __init__(self, item: Item) -> None:
        super().__init__(item)
        self.answers: Answers | None = None
        self._prefill: Mapping[str, object] = {}
        self._pauses: dict[str, Timer] = {}
        self._wanted = False  # whether it shall run as soon as everything is judged

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The shelf, then the verb."""
        return ("Do", self.item.name)

    @property
    def command_line(self) -> str:
        """The equal command line as it is by now."""
        return self.answers.line() if self.answers else self.item.command

    @property
    def holds(self) -> bool:
        """Whether something was filled in."""
        return self.answers is not None and bool(self.answers.texts)

    def furnish(self) -> ComposeResult:
        """Lay out help, rows, and what stands below them."""
        yield Static(self.item.note, id="about", markup=False)
        yield Vertical(id="rows")
        with Vertical(id="foot"):
            with Horizontal():
                yield Button("Run", id="run", variant="primary", compact=True)
                yield Static(id="state", markup=False)
            yield Static(self.command_line, id="line", markup=False)

    def on_mount(self) -> None:
        """Read the form in a thread; the frame stands at once."""
        self.tell("reading …")
        self.run_worker(partial(_read, self.item.key), thread=True, group="form", exit_on_error=False)

    def prefill(self, values: Mapping[str, object]) -> None:
        """Fill the form, all other fields at their defaults.

        Args:
            values: Values by name of the field.
        """
        self._prefill = values
        if self.answers is None:
            return  # the rows are made with them
        self.answers.prefill(values)
        for row in self.query(FieldRow):
            row.fill(self.answers.texts.get(row.asked.name, ""))

    # what comes from threads

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Take the form, or what judging a field found."""
        event.stop()
        group, worker = event.worker.group, event.worker
        if event.state is WorkerState.ERROR:
            self.query_one("#about", Static).update(sentence(worker.error))
            self.tell("has no form")
        elif event.state is not WorkerState.SUCCESS or worker.result is None:
            return
        elif group == "form":
            self._show(worker.result)
        elif self.answers is not None:
            name, text, found = worker.result
            if self.answers.take(name, text, found):
                self._judged(name)

    def _show(self, asked: Form) -> None:
        """Lay out a row a field."""
        self.answers = Answers(asked)
        self.answers.prefill(self._prefill)
        texts = self.answers.texts
        self.query_one("#about", Static).update(" ".join(asked.help.partition("\n\n")[0].split()))
        rows = [FieldRow(one, partial(self._ways, one), texts.get(one.name, "")) for one in asked.fields]
        self.tell("a form" if rows else "asks nothing")
        holder = self.query_one("#rows")
        holder.mount_all(rows)
        self.call_after_refresh(self._begin)
        self._write()

    def _begin(self) -> None:
        """Put the cursor where something is needed, or on the button."""
        if self.focused is not None and self.focused.id != "run":
            return
        rows = list(self.query(FieldRow))
        wanted = [row for row in rows if self.answers and row.asked.name in self.answers.missing]
        first = (wanted or rows)[:1]
        self.set_focus(first[0].taker if first else self.query_one("#run"))

    def _ways(self, asked: Field, text: str) -> list[str]:
        """Return how a text may go on; called in a thread."""
        items = [item for shelf in ("runs", "models", "data") for item in self.dltui.items.get(shelf) or ()]
        return completions(asked, text, self.dltui.folder, items)

    # filling

    @on(FieldRow.Changed)
    def _changed(self, event: FieldRow.Changed) -> None:
        """Judge a text: at once where that is arithmetic, in a thread where it may look at files."""
        assert self.answers is not None, "rows come with the form"
        event.stop()
        name, text = event.name, event.text
        if text != self.answers.texts.get(name, ""):  # else it was taken in already, when it was to run
            self._wanted = False
        self.answers.put(name, text)
        if name in self._pauses:
            self._pauses.pop(name).stop()
        asked = event.row.asked
        if not text or asked.kind in AT_ONCE:
            self.answers.take(name, text, judge(asked, text) if text else (None, ""))
            self._judged(name)
            return
        self._pauses[name] = self.set_timer(PAUSE, partial(self._judge, name, text))
        self._write()

    def _judge(self, name: str, text: str) -> None:
        """Judge a text in a thread."""
        assert self.answers is not None, "rows come with the form"
        asked = self.answers.form.field(name)
        self.run_worker(
            lambda: (name, text, judge(asked, text)),
            thread=True,
            exclusive=True,
            group=f"judge-{name}",
            exit_on_error=False,
        )

    def _judged(self, name: str) -> None:
        """Show what was found about a field."""
        assert self.answers is not None, "rows come with the form"
        for row in self.query(FieldRow):
            if row.asked.name == name:
                row.refuse(self.answers.refused.get(name, ""))
        self._write()
        if self._wanted and not self.answers.pending:
            self.action_run()

    def _write(self) -> None:
        """Write the command line, and what keeps it from running."""
        if self.answers is None:
            return
        self.query_one("#line", Static).update(f"$ {self.answers.line()}")
        self.query_one("#state", Static).update(_state(self.answers))

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what means something: a reset where something was filled in."""
        if action == "reset_all":
            return self.answers is not None and bool(self.answers.texts)
        if action == "by_hand":
            return self.item.key.startswith("byhand ") and self.answers is not None
        if action == "run":
            return self.answers is not None
        if action == "next_line":
            return isinstance(self.focused, TypeIn)
        return super().check_action(action, parameters)

    def action_field(self, step: int) -> None:
        """Go to another field, and from the last one to the button."""
        if step > 0:
            self.focus_next()
        else:
            self.focus_previous()

    def action_next_line(self) -> None:
        """Go on from a line that is typed in."""
        self.action_field(1)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.action_run()

    def action_reset_all(self) -> None:
        """Put every field back to its default."""
        for row in self.query(FieldRow):
            row.fill("")

    def action_by_hand(self) -> None:
        """Step through what the fields say."""
        self.dltui.open_by_hand(self.command_line)

    def action_copy_command(self) -> None:
        """Copy the equal command line, once nothing is missing from it."""
        if self.answers is not None and self.answers.missing:
            self.notify(str(needed(self.answers.form.field(self.answers.missing[0]))), severity="warning")
            return
        self.copy(self.command_line)

    def action_run(self) -> None:
        """Run it; while something is still being judged, as soon as that is done."""
        answers = self.answers
        if answers is None:
            return
        for row in self.query(FieldRow):  # what was typed just before the key may still be on its way here
            if row.text != answers.texts.get(row.asked.name, ""):
                answers.put(row.asked.name, row.text)
        self._wanted = bool(answers.pending) and not answers.missing
        if self._wanted:
            for name in list(self._pauses):
                self._pauses.pop(name).stop()
            for name in answers.pending:
                self._judge(name, answers.texts[name])
        elif answers.trouble:
            self._point_at(answers.trouble[0])
        else:
            try:
                job = self.dltui.run_job(answers.words())
            except DltuiError as error:
                self.notify(str(error), severity="error", markup=False)
                return
            self.dltui.open_job(job)

    def _point_at(self, name: str) -> None:
        """Go to a field that keeps the form from running, and say why."""
        assert self.answers is not None, "rows come with the form"
        for row in self.query(FieldRow):
            if row.asked.name == name:
                row.refuse(self.answers.refused.get(name) or str(needed(row.asked)))
                self.set_focus(row.taker)
                if isinstance(row.taker, TypeIn):
                    row.taker.cursor_position = len(row.taker.value)


def _read(verb: str) -> Form:
    """Return the form of a verb; the parser of its command line is imported here, in a thread."""
    from dltui.commands._forms import form

    return form(verb)


def _state(answers: Answers) -> Content:
    """Return what keeps a form from running, or that nothing does."""
    refused, missing = len(answers.refused), len(answers.missing)
    if refused:
        return Content.styled(
            f"{refused} field{'s' if refused > 1 else ''} can't be taken as {'they are' if refused > 1 else 'it is'}",
            "$text-error",
        )
    if missing:
        names = ", ".join(answers.form.field(name).label for name in answers.missing)
        return Content.styled(f"needs {names}", "$text-warning")
    changed = len(answers.texts)
    return Content(f"{changed} changed · ^y copies the command" if changed else "^y copies the command")

"""A chain on the bench: layers changed, added, taken out, and walked anew after each change."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from typing import Any

from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.rows import Row, read_rows, spell_row
from dltui.shapes.spelled import Spelled
from dltui.shapes.symbol import Scope
from dltui.shapes.values import read_shape, read_value
from dltui.shapes.walk import Chain, chain

AT_HAND = (  # arguments that a key changes by one, in the order in which they are shown
    "kernel_size", "stride", "padding", "dilation", "output_padding", "out_channels", "out_features", "groups",
    "hidden_size", "num_layers", "num_heads", "num_groups", "embedding_dim", "patch_size",
    "output_size", "scale_factor", "upscale_factor", "downscale_factor", "start_dim", "end_dim", "dim", "p",
)  # fmt: skip
LETTERS = {
    "kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "output_padding": "op", "groups": "g",
    "out_channels": "out", "out_features": "out",
}  # fmt: skip
LEAST = {"padding": 0, "output_padding": 0, "start_dim": -8, "end_dim": -8, "dim": -8}
DOUBLED = frozenset({
    "out_channels",
    "out_features",
    "hidden_size",
    "embedding_dim",
})  # sizes that grow by powers


@dataclass(frozen=True, slots=True)
class Knob:
    """An argument of a layer that a key changes.

    Attributes:
        name: PyTorch's name.
        value: Where it stands.
        given: Whether it was given, and is not at its default.
    """

    name: str
    value: Any
    given: bool

    @property
    def letter(self) -> str:
        """What stands beside the value where there is little room."""
        return LETTERS.get(self.name, self.name)


@dataclass(frozen=True, slots=True)
class Bench:
    """A chain that is worked on.

    Attributes:
        rows: The layers.
        inputs: Shapes that go in, as they are written.
    """

    rows: tuple[Row, ...]
    inputs: tuple[str, ...]

    @classmethod
    def of(cls, text: str, inputs: tuple[str, ...]) -> Bench:
        """Return the bench of a chain's text.

        Args:
            text: As ``read_rows`` takes it.
            inputs: Shapes that go in.

        Raises:
            ShapeError: If the chain or a shape can't be read.
        """
        for one in inputs:
            read_shape(one, Scope())
        return cls(tuple(read_rows(text)), inputs)

    def walked(self) -> Chain:
        """Return what the layers do, as far as they fit together.

        Raises:
            ShapeError: If a row reads what no row is called.
        """
        scope = Scope()
        shapes: list[Shape] = [read_shape(one, scope) for one in self.inputs]
        return chain(list(self.rows), *shapes)

    def knobs(self, at: int) -> tuple[Knob, ...]:
        """Return the arguments of a row that a key changes: those at hand that its layer has."""
        spelled = self.rows[at].spelled
        known = [name for name in AT_HAND if name in spelled.layer.options]
        return tuple(
            Knob(name, spelled.settings.get(name, _default(spelled, name)), name in spelled.settings)
            for name in known
        )

    def turned(self, at: int, name: str, by: int) -> Bench:
        """Return the bench with an argument of a row one step further; large sizes are doubled and halved.

        Args:
            at: Which row, from 0.
            name: The argument.
            by: 1 or −1.
        """
        spelled = self.rows[at].spelled
        before = spelled.settings.get(name, _default(spelled, name))
        return self.set(at, name, _step(name, before, by))

    def set(self, at: int, name: str, value: Any) -> Bench:
        """Return the bench with an argument of a row set; a text is read as the command line reads it.

        Raises:
            ShapeError: If the text is no value of that argument.
        """
        row = self.rows[at]
        if isinstance(value, str):
            value = read_value(row.spelled.layer, name, value)
        settings = {**row.spelled.settings, name: value}
        if value is None or value == row.spelled.layer.defaults.get(name, settings):
            settings.pop(name)
        return self._with(at, respelled(row, Spelled(row.spelled.layer, settings)))

    def replaced(self, at: int, text: str) -> Bench:
        """Return the bench with a row written anew.

        Raises:
            ShapeError: If the text is not one row.
        """
        return self._with(at, _one_row(text))

    def inserted(self, at: int, text: str) -> Bench:
        """Return the bench with rows put in before row ``at``.

        Raises:
            ShapeError: If the text can't be read.
        """
        return replace(self, rows=(*self.rows[:at], *read_rows(text), *self.rows[at:]))

    def without(self, at: int) -> Bench:
        """Return the bench without a row; the last one stays."""
        return replace(self, rows=(*self.rows[:at], *self.rows[at + 1 :])) if len(self.rows) > 1 else self

    def swapped(self, at: int, by: int) -> Bench:
        """Return the bench with a row moved by one place, where there is one."""
        if not 0 <= at + by < len(self.rows):
            return self
        rows = list(self.rows)
        rows[at], rows[at + by] = rows[at + by], rows[at]
        return replace(self, rows=tuple(rows))

    def fed(self, inputs: tuple[str, ...]) -> Bench:
        """Return the bench with other shapes going in.

        Raises:
            ShapeError: If one is no shape.
        """
        for one in inputs:
            read_shape(one, Scope())
        return replace(self, inputs=inputs)

    @property
    def text(self) -> str:
        """The chain in one line."""
        return " | ".join(row.text for row in self.rows)

    @property
    def command(self) -> str:
        """The command line that shows the same."""
        return shlex.join(["dltui", "shapes", "chain", self.text, "--input", ";".join(self.inputs)])

    def _with(self, at: int, row: Row) -> Bench:
        return replace(self, rows=(*self.rows[:at], row, *self.rows[at + 1 :]))


def respelled(row: Row, spelled: Spelled) -> Row:
    """Return a row with other settings; what it reads, its name and whether it is tied stay."""
    text = spell_row(spelled)
    text += " tied" if row.tied else ""
    text += f" < {' '.join(row.reads)}" if row.reads else ""
    text += f" > {row.name}" if row.name else ""
    return Row(text, spelled, row.reads, row.name, row.tied)


def _one_row(text: str) -> Row:
    rows = read_rows(text)
    if len(rows) != 1:
        raise ShapeError(f"{text!r} holds {len(rows)} rows; write one", "layer")
    return rows[0]


def _default(spelled: Spelled, name: str) -> Any:
    """Return where an argument stands that was not given; a pool's stride is its kernel."""
    value = spelled.layer.defaults.get(name)
    if value is None and name == "stride":
        return spelled.settings.get("kernel_size")
    return value


def _step(name: str, value: Any, by: int) -> Any:
    """Return a value one step further."""
    if isinstance(value, tuple | list):
        return tuple(_step(name, one, by) for one in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return LEAST.get(name, 1) if value is None or isinstance(value, str) else value
    if isinstance(value, float):
        return round(min(1.0, max(0.0, value + by / 20)), 6) if name == "p" else value + by / 2
    if name in DOUBLED and value >= 8:
        return value * 2 if by > 0 else max(1, value // 2)
    return max(LEAST.get(name, 1), value + by)

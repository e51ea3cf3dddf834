"""Layers in a row: shapes, totals, the growing receptive field, and the memory of a pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dltui.shapes.field import Field, grown, merged
from dltui.shapes.memory import Memory, measure
from dltui.shapes.report import CONVENTIONS, Shape, ShapeError, ShapeReport, plain, show
from dltui.shapes.rows import Row, looks_like_source, read_rows


@dataclass(frozen=True, slots=True)
class Step:
    """One row of a chain that was walked.

    Attributes:
        row: The layer as it was written.
        report: What it does.
        sources: The steps that it reads, −1 for the first input.
        field: Receptive field of its output along each axis, or None.
    """

    row: Row
    report: ShapeReport
    sources: tuple[int, ...]
    field: Field | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The row at which a chain breaks.

    Attributes:
        row: Its number, from 1.
        text: As it was written.
        input: Shapes that reach it.
        reason: Why PyTorch would refuse it.
        argument: The argument at fault.
        repair: A change that makes it work, spelled as the row; empty when none was found.
    """

    row: int
    text: str
    input: tuple[Shape, ...]
    reason: str
    argument: str
    repair: str = ""

    def sentence(self) -> str:
        """Return the whole as one sentence."""
        tail = f"; this works: {self.repair}" if self.repair else ""
        return f"row {self.row}, {self.text}, on {' and '.join(map(show, self.input))}: {self.reason}{tail}"


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that was walked, as far as it goes.

    Attributes:
        inputs: Shapes that go in.
        steps: The rows that work.
        refusal: The row that does not, if any.
    """

    inputs: tuple[Shape, ...]
    steps: tuple[Step, ...] = field(default_factory=tuple)
    refusal: Refusal | None = None

    @property
    def output(self) -> Shape:
        """What comes out of the last row that works."""
        return self.steps[-1].report.output if self.steps else self.inputs[0]

    @property
    def parameters(self) -> int:
        """Numbers that are learned, tied ones once."""
        return sum(step.report.parameters for step in self.steps if not step.row.tied)

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of one forward pass."""
        return sum(step.report.macs for step in self.steps)

    def operations(self, convention: str = "bias") -> int:
        """Return floating-point operations as a convention counts them, see ``CONVENTIONS``."""
        return sum(step.report.operations(convention) for step in self.steps)

    def memory(self, dtype: str = "float32") -> Memory:
        """Return the bytes of weights and activations at their peak."""
        return measure(self, dtype)

    def document(self, convention: str = "bias", dtype: str = "float32") -> dict[str, Any]:
        """Return the JSON document.

        Args:
            convention: How FLOPs are counted, see ``CONVENTIONS``.
            dtype: Type of weights and activations, for the bytes.

        Returns:
            Rows, totals, memory, and the refusal if there is one.
        """
        rows = [
            {
                "row": number,
                "layer": step.row.text,
                "name": step.row.name or None,
                "output": step.report.output,
                "outputs": step.report.outputs,
                "parameters": 0 if step.row.tied else step.report.parameters,
                "macs": step.report.macs,
                "receptive_field": None if step.field is None else step.field.document(),
            }
            for number, step in enumerate(self.steps, 1)
        ]
        refusal = self.refusal
        document: dict[str, Any] = plain({
            "schema": "chain/1",
            "input": self.inputs[0],
            "output": self.output,
            "rows": rows,
            "parameters": self.parameters,
            "macs": self.macs,
            "flops": self.operations(convention),
            "convention": CONVENTIONS[convention],
            "memory": self.memory(dtype).document(),
            "assumes": self.steps[0].report.assumes if self.steps else [],
            "refusal": None
            if refusal is None
            else {
                "row": refusal.row,
                "layer": refusal.text,
                "input": refusal.input,
                "error": refusal.reason,
                "argument": refusal.argument,
                "repair": refusal.repair or None,
            },
        })
        return document


def chain(layers: str | list[Row], *inputs: Shape) -> Chain:
    """Return what layers in a row do to shapes.

    Args:
        layers: A chain as ``read_rows`` takes it, such as ``conv2d 64 7 2 3 | batchnorm2d | relu``, the name of a
            network that ships with dltui, PyTorch source, or rows.
        *inputs: Shapes that go in; the first is what the first row reads, others are named ``in2``, ``in3`` ….

    Returns:
        A step a row; where PyTorch would refuse one, the steps before it and the refusal.

    Raises:
        ShapeError: If the chain can't be read, or a row reads what no row is called.
    """
    rows = _rows_of(layers, inputs) if isinstance(layers, str) else layers
    named = {"in": (-1, 0), "in1": (-1, 0)} | {f"in{i}": (-i, 0) for i in range(2, len(inputs) + 1)}
    steps: list[Step] = []
    for number, row in enumerate(rows, 1):
        read = [_source(number, row, one, named, len(steps)) for one in row.reads or ("_",)]
        sources = tuple(source for source, _ in read)
        given = tuple(_shape_of(source, place, steps, inputs) for source, place in read)
        try:
            report = row.spelled(*given)
        except ShapeError as error:
            from dltui.shapes.repair import repaired

            refusal = Refusal(
                number, row.text, given, str(error), error.argument, repaired(row, given, error)
            )
            return Chain(inputs, tuple(steps), refusal)
        fields = [steps[source].field if source >= 0 else Field.first() for source in sources]
        steps.append(Step(row, report, sources, grown(merged(fields), report)))
        for place, name in enumerate(row.name.replace(",", " ").split()):
            if place >= len(report.outputs):
                raise ShapeError(
                    f"row {number}, {row.text}: it gives {len(report.outputs)} tensors, not {place + 1}",
                    "layer",
                )
            named[name] = (len(steps) - 1, place)
    return Chain(inputs, tuple(steps))


def _rows_of(text: str, inputs: tuple[Shape, ...]) -> list[Row]:
    """Return the rows of a chain, of a network by its name, or of a class with a forward."""
    if looks_like_source(text) and "def forward" in text:
        from dltui.shapes.follow import traced

        return traced(text, inputs)
    if text.strip().isidentifier():
        from dltui.shapes.named import named_chains, read_named

        if text.strip() in named_chains():
            text = read_named(text.strip()).text
    return read_rows(text)


def _source(
    number: int, row: Row, name: str, named: dict[str, tuple[int, int]], done: int
) -> tuple[int, int]:
    """Return the step that is called ``name``, and which of its outputs."""
    if name == "_":
        return done - 1, 0
    if name not in named:
        raise ShapeError(
            f"row {number}, {row.text}: nothing before it is called {name!r}; call it with > {name}", "input"
        )
    return named[name]


def _shape_of(source: int, place: int, steps: list[Step], inputs: tuple[Shape, ...]) -> Shape:
    """Return the shape that a step gives, or an input."""
    return steps[source].report.outputs[place] if source >= 0 else inputs[-source - 1]

"""The rows that a followed source runs through, asked of the calculus one by one."""

from __future__ import annotations

from typing import Any

from dltui.shapes.follow.things import Tensor
from dltui.shapes.layers import layer_named
from dltui.shapes.report import Shape, ShapeError, ShapeReport
from dltui.shapes.rows import Row, spell_row
from dltui.shapes.spelled import Spelled


class Stopped(Exception):
    """The rows end here: the last one refuses, and the walk will say so."""


class Recorder:
    """Writes down rows and asks the calculus what each gives."""

    def __init__(self, inputs: tuple[Shape, ...]) -> None:
        self.rows: list[Row] = []
        self.first = Tensor("in1", inputs[0]) if inputs else Tensor("in", ())

    def row(
        self, spelled: Spelled, given: list[Tensor], path: str = "", *, tied: bool = False
    ) -> list[Tensor]:
        """Append a row.

        Args:
            spelled: The layer and its settings.
            given: What it reads.
            path: Where the layer stands in the network.
            tied: Whether its parameters were counted already.

        Returns:
            What it gives.

        Raises:
            Stopped: If the layer refuses; the row is the last one.
        """
        number = len(self.rows)
        text = f"{path}: {spell_row(spelled)}" if path else spell_row(spelled)
        reads = tuple(one.name for one in given)
        try:
            report: ShapeReport = spelled(*(one.shape for one in given))
        except ShapeError:
            self.rows.append(Row(text, spelled, reads, "", tied))
            raise Stopped from None
        names = [f"t{number}.{place}" for place in range(len(report.outputs))]
        self.rows.append(Row(text, spelled, reads, " ".join(names), tied))
        return [Tensor(name, shape) for name, shape in zip(names, report.outputs, strict=True)]

    def plain(self, name: str, given: list[Tensor], **settings: Any) -> Tensor:
        """Append a row of a layer by its name, and return its first output."""
        return self.row(Spelled(layer_named(name), settings), given)[0]

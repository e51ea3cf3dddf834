"""A model as a tree: shapes, parameters, multiply-accumulates, memory and receptive field of every module."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from dltui.figures import Bars, Figure, Table
from dltui.results.base import Result
from dltui.results.summary_page import COLUMNS, SHOWN, branches, counted, lines, named, totals

BARS = 16  # modules that are worth a bar


@dataclass(frozen=True, eq=False, kw_only=True)
class Summary(Result):
    """What every module of a model gives, holds and costs in one forward pass.

    Each row is a dictionary: ``path`` in the model, ``name``, ``kind``, ``settings``, ``depth``, ``parent`` (number of
    the row above it in the tree, −1 for the model), ``calls``, ``inputs`` and ``outputs`` of the first call (name,
    shape, dtype), ``varies`` (later calls gave other shapes), ``parameters`` within it that no row before it holds,
    ``trainable`` ones of these, ``tied`` ones that a row before it holds, ``buffers``, ``parameter_bytes``, ``macs``,
    ``bias_adds``, ``pointwise``, ``activation_bytes`` kept for the backward pass, ``receptive_field`` (sizes, or null
    when everything is seen), ``kernel``, ``shared_with`` (path of the row that is the same module) and ``use``:
    ``called``, ``read`` (its parameters were used without calling it), ``inside`` (only modules in it ran) or
    ``unused``.

    Attributes:
        rows: The modules, parents before children, in the order in which they first ran.
        inputs: Tensors that went in.
        outputs: Tensors that came out.
        mode: ``train`` or ``eval``, for costs and shapes.
        kept_mode: Likewise, for what the backward pass keeps.
        device: Where the model ran: ``meta`` without any numbers.
        parameter_bytes: Bytes of all parameters, shared ones once.
        gradient_bytes: Bytes of the gradients of those that are trained.
        buffer_bytes: Bytes of all buffers.
        kept_bytes: Activations that the backward pass needs, with the kernels that the CPU takes.
        plain_kept_bytes: Likewise where attention is computed step by step instead of fused.
        peak_bytes: The most bytes of activations alive at once when nothing is kept, inputs included.
        uncounted: Operations whose matrix work is not counted.
        remarks: What a reader must know: guesses, and why a model did not run on meta.
        convention: How FLOPs are counted: ``mac``, ``matmul``, ``bias`` or ``all``.
        counted_as: The same in words.
        depth: Levels of the tree that are shown.
        columns: Columns that are shown.
        row_settings: ``var_names``, ``depth``, ``hide_recursive_layers``: how rows are shown.
    """

    schema: ClassVar[str] = "summary/1"

    rows: list[dict[str, Any]]
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    mode: str = "eval"
    kept_mode: str = "train"
    device: str = "meta"
    parameter_bytes: int = 0
    gradient_bytes: int = 0
    buffer_bytes: int = 0
    kept_bytes: int | None = None
    plain_kept_bytes: int | None = None
    peak_bytes: int | None = None
    uncounted: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    convention: str = "bias"
    counted_as: str = ""
    depth: int = 3
    columns: list[str] = field(default_factory=lambda: list(SHOWN))
    row_settings: list[str] = field(default_factory=lambda: ["var_names"])

    @property
    def parameters(self) -> int:
        """Numbers in all parameters, shared ones once."""
        return int(self.rows[0]["parameters"])

    @property
    def trainable(self) -> int:
        """Parameters that get a gradient."""
        return int(self.rows[0]["trainable"])

    @property
    def buffers(self) -> int:
        """Numbers that are kept but not learned."""
        return int(self.rows[0]["buffers"])

    @property
    def ran(self) -> bool:
        """Whether there was a forward pass."""
        return bool(self.rows[0]["calls"])

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass."""
        return int(self.rows[0]["macs"])

    @property
    def flops(self) -> int:
        """Floating-point operations as ``convention`` counts them."""
        return self.operations()

    def operations(self, convention: str | None = None, row: int = 0) -> int:
        """Return floating-point operations of a row.

        Args:
            convention: ``mac``, ``matmul``, ``bias`` or ``all``; the summary's own when left out.
            row: Number of the row; 0 is the model.

        Returns:
            Operations of one forward pass.
        """
        return counted(self.rows[row], convention or self.convention)

    def row(self, path: str) -> dict[str, Any]:
        """Return the row of the module at a path, such as ``features.0``.

        Raises:
            KeyError: If there is none.
        """
        for row in self.rows:
            if row["path"] == path:
                return row
        raise KeyError(path)

    def summary(self) -> dict[str, Any]:
        """Return the contract: totals, memory, and a row a module."""
        top = self.rows[0]
        return {
            "parameters": self.parameters,
            "trainable": self.trainable,
            "frozen": self.parameters - self.trainable,
            "buffers": self.buffers,
            "macs": self.macs if self.ran else None,
            "flops": self.flops if self.ran else None,
            "convention": self.counted_as,
            "bias_adds": top["bias_adds"],
            "pointwise": top["pointwise"],
            "inputs": self.inputs,
            "outputs": self.outputs,
            "mode": self.mode,
            "kept_mode": self.kept_mode,
            "device": self.device,
            "memory": self.memory(),
            "uncounted": self.uncounted,
            "remarks": self.remarks,
            "rows": [row | {"flops": counted(row, self.convention)} for row in self.rows],
        }

    def memory(self) -> dict[str, int | None]:
        """Return bytes: weights, gradients, activations, and the sums for inference and training."""
        weights = self.parameter_bytes + self.buffer_bytes
        trained = None if self.kept_bytes is None else weights + self.gradient_bytes + self.kept_bytes
        return {
            "parameter_bytes": self.parameter_bytes,
            "buffer_bytes": self.buffer_bytes,
            "gradient_bytes": self.gradient_bytes,
            "kept_bytes": self.kept_bytes,
            "plain_attention_kept_bytes": self.plain_kept_bytes,
            "peak_bytes": self.peak_bytes,
            "inference_bytes": None if self.peak_bytes is None else weights + self.peak_bytes,
            "training_bytes": trained,
            "training_with_adam_bytes": None if trained is None else trained + 2 * self.gradient_bytes,
        }

    def lines(self, width: int) -> list[str]:
        """Return the tree and the totals as lines of at most ``width`` cells."""
        return lines(self, width)

    def figures(self) -> list[Figure]:
        """Return the tree as a table, and bars of where parameters, MACs and activations are."""
        cells = [COLUMNS[name] for name in self.columns if self.ran or not COLUMNS[name].needs_run]
        rows = tuple(
            (f"{branch}{named(row, self.row_settings)}", *(column.value(self, row) for column in cells))
            for branch, row in branches(self, fold=False)
        )
        table = Table(
            title=f"Modules · {self.title}",
            caption=" · ".join(totals(self)),
            columns=("module", *(column.head for column in cells)),
            rows=rows,
        )
        wanted = [("parameters", "parameters", "Parameters")]
        if self.ran:
            wanted += [
                ("macs", "MACs", "MACs"),
                ("activation_bytes", "bytes", "Activations kept for training"),
            ]
        return [table, *filter(None, (self._bars(*one) for one in wanted))]

    def _bars(self, key: str, unit: str, title: str) -> Bars | None:
        """Return the modules without modules inside that hold most of something."""
        kept = [(share, number) for number, share in enumerate(self._own(key)) if share]
        most = sorted(kept, reverse=True)[:BARS]
        if not most:
            return None
        chosen = dict(sorted((number, share) for share, number in most))
        left = sum(share for share, _ in kept) - sum(share for share, _ in most)
        return Bars(
            title=f"{title} by module · {self.title}",
            caption=f"{len(chosen)} largest of {len(kept)}; the others together {left:,}" if left else "",
            labels=tuple(
                f"{self.rows[i]['path'] or self.rows[i]['kind']} {self.rows[i]['kind']}" for i in chosen
            ),
            values=np.array(list(chosen.values()), dtype=float),
            value_label=unit,
        )

    def _own(self, key: str) -> list[int]:
        """Return what each row has beyond the rows inside it; what is used in several places stays where it is."""
        own = [0 if row["shared_with"] else int(row[key] or 0) for row in self.rows]
        for number, row in enumerate(self.rows):
            if row["parent"] >= 0 and not row["shared_with"]:
                own[row["parent"]] -= int(self.rows[number][key] or 0)
        return [max(share, 0) for share in own]

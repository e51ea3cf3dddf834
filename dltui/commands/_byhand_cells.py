"""Tensors as rows of numbers for a screen: what a line reads in brackets, what it makes marked, a cursor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from textual.content import Content
from textual.style import Style

from dltui.byhand.bench import Bench, Cell
from dltui.byhand.printing import UNICODE
from dltui.byhand.rounding import Rounding
from dltui.byhand.tensor import Tensor
from dltui.byhand.value import Label

TALL, PLANES = 8, 3  # rows of a plane, planes of a tensor
GAP = "   "
READ, MADE, HERE, MOVED, QUIET = (
    "$text-warning bold on $warning-muted", "$text-success bold", "reverse bold", "$text-accent bold",
    "$foreground 60%",
)  # fmt: skip


@dataclass(frozen=True)
class Marks:
    """What is shown in which way.

    Attributes:
        read: Numbers that the line reads.
        made: The number that it makes, or None.
        cursor: The number that keys change, or None.
        moved: Numbers that the last change moved.
        hidden: Numbers that are not written yet.
    """

    read: frozenset[Cell] = frozenset()
    made: Cell | None = None
    cursor: Cell | None = None
    moved: frozenset[Cell] = frozenset()
    hidden: frozenset[Cell] = field(default_factory=frozenset)


def cells(bench: Bench, names: Iterable[str], marks: Marks, rounding: Rounding, width: int) -> Content:
    """Return some tensors as blocks side by side, as many in a row as fit.

    Args:
        bench: What they are on.
        names: The tensors.
        marks: What to highlight.
        rounding: How numbers are printed.
        width: Columns that there are.

    Returns:
        Lines of text; a number that may be edited is clicked to go there.
    """
    editable = set(bench.editable)
    rows: list[list[list[Content]]] = [[]]
    used = 0
    for name in names:
        for block in _blocks(bench.tensors[name], marks, rounding, width, editable):
            wide = block[0].cell_length
            if rows[-1] and used + len(GAP) + wide > width:
                rows.append([])
                used = 0
            used += wide + (len(GAP) if rows[-1] else 0)
            rows[-1].append(block)
    found: list[Content] = []
    for row in rows:
        found += [*([Content("")] if found and row else []), *_joined(row)]
    return Content("\n").join(found)


def _joined(row: list[list[Content]]) -> list[Content]:
    """Return blocks side by side."""
    lines = []
    for i in range(max(map(len, row), default=0)):
        parts = [block[i] if i < len(block) else Content(" " * block[0].cell_length) for block in row]
        lines.append(Content(GAP).join(parts))
    return lines


def _blocks(
    tensor: Tensor, marks: Marks, rounding: Rounding, width: int, editable: set[Cell]
) -> list[list[Content]]:
    """Return the planes of a tensor that matter now, each as lines of equal width."""
    shape = tensor.shape or (1,)
    high, wide = (1, shape[0]) if len(shape) == 1 else shape[-2:]
    size = max(1, high * wide)
    here = [
        cell
        for name, cell in (*marks.read, marks.made or ("", 0), marks.cursor or ("", 0))
        if name == tensor.name
    ]
    planes = sorted({cell // size for cell in here} or {0})[:PLANES]
    return [_block(tensor, plane, (high, wide), marks, rounding, width, editable) for plane in planes]


def _block(
    tensor: Tensor,
    plane: int,
    sizes: tuple[int, int],
    marks: Marks,
    rounding: Rounding,
    width: int,
    editable: set[Cell],
) -> list[Content]:
    """Return one plane: its name, then the part of its rows around what matters."""
    high, wide = sizes
    base = plane * high * wide
    texts = [_text(tensor, base + i, marks, rounding) for i in range(high * wide)]
    widest = max(map(len, texts), default=1) + 2
    across = max(1, min(wide, (width - 2) // widest))
    spots = [cell - base for name, cell in (marks.cursor or ("", 0), *sorted(marks.read), marks.made or ("", 0))
             if name == tensor.name and 0 <= cell - base < high * wide]  # fmt: skip
    row, column = divmod(spots[0], wide) if spots else (0, 0)
    top = max(0, min(row - TALL // 4, high - TALL))
    left = max(0, min(column - across // 4, wide - across))
    name = UNICODE.name(Label(tensor.symbol, _lead(tensor, plane)))
    shape = "×".join(map(str, tensor.shape))
    more = f" rows {top + 1}…{top + TALL}" if high > TALL else ""
    title = f" {name}" + (f" {shape}{more}" if shape else "")
    lines = [Content.styled(title, QUIET)]
    for r in range(top, min(top + TALL, high)):
        line = [
            _number(texts[r * wide + c], widest, (tensor.name, base + r * wide + c), marks, editable)
            for c in range(left, left + across)
        ]
        lines.append(Content("").join(line) + ("…" if across < wide else ""))
    full = max(line.cell_length for line in lines)
    return [line + " " * (full - line.cell_length) for line in lines]


def _text(tensor: Tensor, cell: int, marks: Marks, rounding: Rounding) -> str:
    """Return a number as printed; a dot where nothing is written yet."""
    value = tensor.cells[cell]
    if value is None or (tensor.name, cell) in marks.hidden:
        return "·"
    return UNICODE.number(rounding.text(value))


def _number(text: str, wide: int, cell: Cell, marks: Marks, editable: set[Cell]) -> Content:
    """Return one number between the marks that say what it is."""
    read, made = cell in marks.read, cell == marks.made
    frame = "‹›" if cell == marks.cursor else "[]" if read else "▸ " if made else "  "
    style = READ if read else MADE if made else MOVED if cell in marks.moved else ""
    if cell == marks.cursor:
        style = f"{style} {HERE}".strip()
    shown = Content.styled(f"{frame[0]}{text}{frame[1]}", style)
    if cell in editable:
        shown = shown.stylize(Style.from_meta({"cell": cell}))
    return Content(" " * (wide - len(text) - 2)) + shown


def _lead(tensor: Tensor, plane: int) -> tuple[int, ...]:
    """Return the leading indices of a plane."""
    place: list[int] = []
    for size in reversed(tensor.shape[:-2]):
        if size > 1:
            place.append(plane % size)
        plane //= size
    return tuple(reversed(place))

"""The tree of a model as text: columns that fit the width, repeated blocks folded where there is little room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from dltui.plaintext import to_ascii

if TYPE_CHECKING:
    from dltui.results.summary import Summary

Row = dict[str, Any]
Cell = str | int | float | None
GAP = 2
NARROW = 100  # cells below which repeated blocks are folded
MANY = 100  # rows above which they are folded at any width
TREE = 26  # cells that the tree keeps before a column has to go


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table.

    Attributes:
        head: What stands over it.
        value: What a row has there: a number, text, or None.
        needs_run: Whether it is only known after a forward pass.
        unit: What short numbers are followed by, or None where they are not shortened.
    """

    head: str
    value: Callable[[Summary, Row], Cell]
    needs_run: bool = True
    unit: str | None = None


def _shape(tensors: Sequence[Row], varies: bool = False) -> str | None:
    """Return the first shape, and how many more there are."""
    if not tensors:
        return None
    text = "×".join(map(str, tensors[0]["shape"])) or "1"
    more = f" +{len(tensors) - 1}" if len(tensors) > 1 else ""
    return text + more + (" …" if varies else "")


def _field(_: Summary, row: Row) -> Cell:
    """Return the receptive field as a person writes it."""
    if not row["calls"]:
        return None
    sizes = row["receptive_field"]
    if sizes is None:
        return "all"
    return str(sizes[0]) if len(set(sizes)) == 1 else "×".join(map(str, sizes))


def _trained(_: Summary, row: Row) -> Cell:
    """Return whether parameters are trained: yes, no, partly."""
    if not row["parameters"]:
        return None
    return "no" if not row["trainable"] else "yes" if row["trainable"] == row["parameters"] else "partly"


def _percent(summary: Summary, row: Row) -> Cell:
    """Return the share of all parameters."""
    return f"{100 * row['parameters'] / summary.parameters:.1f} %" if row["parameters"] else None


def counted(row: Row, convention: str) -> int:
    """Return floating-point operations of a row as a convention counts them."""
    macs, biases, others = int(row["macs"]), int(row["bias_adds"]), int(row["pointwise"])
    if convention == "mac":
        return macs
    return (
        2 * macs + (biases if convention in {"bias", "all"} else 0) + (others if convention == "all" else 0)
    )


def _of(key: str) -> Callable[[Summary, Row], Cell]:
    """Return the value of a row by its key; nothing for what is told elsewhere or is 0."""
    return lambda _, row: None if row["shared_with"] else row[key] or None


# by torchinfo's names, and what it does not have
COLUMNS = {
    "input_size": Column("input", lambda _, row: _shape(row["inputs"])),
    "output_size": Column("output", lambda _, row: _shape(row["outputs"], row["varies"])),
    "kernel_size": Column(
        "kernel", lambda _, row: "×".join(map(str, row["kernel"])) if row["kernel"] else None, needs_run=False
    ),
    "num_params": Column("parameters", _of("parameters"), needs_run=False, unit=""),
    "params_percent": Column("share", _percent, needs_run=False),
    "trainable": Column("trained", _trained, needs_run=False),
    "buffers": Column("buffers", _of("buffers"), needs_run=False, unit=""),
    "param_bytes": Column("weights", _of("parameter_bytes"), needs_run=False, unit="B"),
    "mult_adds": Column("MACs", _of("macs"), unit=""),
    "flops": Column(
        "FLOPs",
        lambda summary, row: None if row["shared_with"] else counted(row, summary.convention) or None,
        unit="",
    ),
    "activation_bytes": Column("kept", _of("activation_bytes"), unit="B"),
    "receptive_field": Column("field", _field),
    "calls": Column("calls", lambda _, row: row["calls"] or None),
}
SHOWN = ("output_size", "num_params", "mult_adds", "activation_bytes", "receptive_field")
ROW_SETTINGS = ("var_names", "depth", "ascii_only", "hide_recursive_layers")


def lines(summary: Summary, width: int) -> list[str]:
    """Return the table and what is told below it.

    Args:
        summary: What to show.
        width: Cells in a line.

    Returns:
        Lines of at most ``width`` cells.
    """
    found = list(branches(summary, fold=width < NARROW))
    if len(found) > MANY:
        found = list(branches(summary, fold=True))
    asked = [COLUMNS[name] for name in summary.columns if summary.ran or not COLUMNS[name].needs_run]
    cells, widths = _cells(summary, asked, found, compact=False)
    names = max(len(branch + named(row, summary.row_settings)) for branch, row in found)
    if len(_fitting(widths, width - min(names, width // 2))) < len(asked):
        cells, widths = _cells(summary, asked, found, compact=True)
    shown = _fitting(widths, width - TREE)
    room = width - sum(widths[i] + GAP for i in shown)
    trees = [_tree(branch, row, summary.row_settings, room) for branch, row in found]
    wide = min(room, max(map(len, trees)))
    head = "module".ljust(wide) + "".join(" " * GAP + asked[i].head.rjust(widths[i]) for i in shown)
    told = [head, "─" * len(head)]
    for tree, row in zip(trees, cells, strict=True):
        left = _clipped(tree, wide).ljust(wide)
        told.append((left + "".join(" " * GAP + row[i].rjust(widths[i]) for i in shown)).rstrip())
    gone = [asked[i].head for i in range(len(asked)) if i not in shown]
    foot = totals(summary)
    foot += [f"for want of room not shown: {', '.join(gone)}; --columns chooses"] if gone else []
    page = [*told, "", *(part for text in foot for part in wrap(text, width, subsequent_indent="  "))]
    return [to_ascii(line) for line in page] if "ascii_only" in summary.row_settings else page


def branches(summary: Summary, *, fold: bool) -> Iterator[tuple[str, Row]]:
    """Yield the rows that are shown, each with the lines of the tree before it.

    Args:
        summary: What to show.
        fold: Whether neighbours that are alike are told once.

    Yields:
        The branch, such as ``│  ├─``, and the row; one that stands for several has their sums.
    """
    inside: dict[int, list[int]] = {}
    hidden = "hide_recursive_layers" in summary.row_settings
    for number, row in enumerate(summary.rows):
        if row["depth"] <= summary.depth and not (hidden and row["shared_with"]):
            inside.setdefault(row["parent"], []).append(number)
    alike = _alike(summary) if fold else {}
    yield from _walk(summary, 0, "", "", inside, alike)


def _walk(
    summary: Summary,
    number: int,
    branch: str,
    below: str,
    inside: dict[int, list[int]],
    alike: dict[int, int],
) -> Iterator[tuple[str, Row]]:
    """Yield a row and those inside it."""
    yield branch, summary.rows[number]
    runs = _runs(inside.get(number, []), alike)
    for place, run in enumerate(runs):
        last = place == len(runs) - 1
        first, *others = run
        ends = last and not others
        corner, bar = ("└─ ", "   ") if ends else ("├─ ", "│  ")
        yield from _walk(summary, first, below + corner, below + bar, inside, alike)
        if others:
            yield (
                below + ("└─ " if last else "├─ "),
                _folded([summary.rows[i] for i in others], summary.rows[first]),
            )


def _runs(numbers: list[int], alike: dict[int, int]) -> list[list[int]]:
    """Return neighbours grouped by being alike."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and alike and alike[runs[-1][0]] == alike[number]:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _alike(summary: Summary) -> dict[int, int]:
    """Return for each row a number that is the same for rows with the same modules inside and the same costs."""
    inside: dict[int, list[int]] = {}
    for number, row in enumerate(summary.rows):
        inside.setdefault(row["parent"], []).append(number)
    marks: dict[int, int] = {}
    known: dict[Any, int] = {}
    for number in range(len(summary.rows) - 1, -1, -1):
        row = summary.rows[number]
        told = (row["kind"], row["settings"], row["parameters"], row["trainable"], row["macs"], row["use"])
        shapes = (_shape(row["outputs"]), row["calls"], bool(row["shared_with"]))
        below = tuple(marks[child] for child in inside.get(number, []))
        marks[number] = known.setdefault((told, shapes, below), len(known))
    return marks


SUMMED = ("parameters", "trainable", "tied", "buffers", "parameter_bytes", "macs", "bias_adds", "pointwise")


def _folded(rows: list[Row], first: Row) -> Row:
    """Return one row that stands for several."""
    names = rows[0]["name"] if len(rows) == 1 else f"{rows[0]['name']} … {rows[-1]['name']}"
    sums = {key: sum(row[key] for row in rows) for key in (*SUMMED, "activation_bytes", "calls")}
    told = (
        f"{names} like {first['name']}"
        if len(rows) == 1
        else f"{names}: {len(rows)} more like {first['name']}"
    )
    return rows[-1] | sums | {"folded": told, "settings": ""}


def named(row: Row, row_settings: Sequence[str], *, settings: bool = False) -> str:
    """Return what a row is called.

    Args:
        row: The row.
        row_settings: ``var_names`` for its name, ``depth`` for its level and place.
        settings: Whether the arguments of its class are told.

    Returns:
        Name, class, and what is special about it.
    """
    if "folded" in row:
        return str(row["folded"])
    number = f": {row['depth']}-{row['place']}" if "depth" in row_settings and row["depth"] else ""
    name = f"{row['name']} " if "var_names" in row_settings and row["name"] else ""
    told = f"({row['settings']})" if settings and row["settings"] else ""
    marks = f" ×{row['calls']}" if row["calls"] > 1 else ""
    if row["shared_with"]:
        marks += f" = {row['shared_with']}"
    elif row["use"] == "unused":
        marks += " (unused)"
    elif row["use"] == "read":
        marks += " (read, not called)"
    if row["tied"] and row["settings"] and not row["shared_with"]:
        marks += " (partly tied)" if row["parameters"] else " (tied)"
    return f"{name}{row['kind']}{told}{number}{marks}"


def _tree(branch: str, row: Row, row_settings: Sequence[str], room: int) -> str:
    """Return a row's cell of the tree, with settings where there is room for them."""
    whole = branch + named(row, row_settings, settings=True)
    return whole if len(whole) <= room else branch + named(row, row_settings)


def _cells(
    summary: Summary, columns: list[Column], rows: list[tuple[str, Row]], *, compact: bool
) -> tuple[list[list[str]], list[int]]:
    """Return the cells of every row as text, and how wide each column is."""
    cells = [[_text(column, column.value(summary, row), compact) for column in columns] for _, row in rows]
    return cells, [max([len(one.head), *(len(row[i]) for row in cells)]) for i, one in enumerate(columns)]


def _fitting(widths: list[int], room: int) -> list[int]:
    """Return the columns that fit into a room, at least one; the last ones go first."""
    shown = list(range(len(widths)))
    while len(shown) > 1 and sum(widths[i] + GAP for i in shown) > room:
        shown.pop()
    return shown


def _text(column: Column, value: Cell, compact: bool) -> str:
    """Return a cell as text."""
    if value is None:
        return "–"
    if isinstance(value, str) or column.unit is None:
        return str(value)
    if column.unit:
        return size(value)
    return short(value) if compact else f"{value:,}"


def _clipped(text: str, room: int) -> str:
    """Return text cut to a width."""
    return text if len(text) <= room else text[: room - 1] + "…"


def short(value: float) -> str:
    """Return a number in three digits, such as ``25.6 M``."""
    for unit in ("", " k", " M", " G", " T"):
        if abs(value) < 999.5 or unit == " T":
            break
        value /= 1000
    return f"{value:.3g}{unit}"


def size(value: float | None) -> str:
    """Return bytes in a unit that a person reads, such as ``86.1 MB``."""
    if value is None:
        return "unknown"
    text = short(value)
    return text + "B" if " " in text else text + " B"


def totals(summary: Summary) -> list[str]:
    """Return the totals as sentences."""
    told = []
    if summary.ran:
        told.append(f"input {_several(summary.inputs)} → output {_several(summary.outputs)}")
    frozen = summary.parameters - summary.trainable
    parts = f" ({summary.trainable:,} trained, {frozen:,} frozen)" if frozen else ""
    buffers = f" · buffers {summary.buffers:,}" if summary.buffers else ""
    told.append(f"parameters {summary.parameters:,}{parts}{buffers}")
    if summary.ran:
        told += _costs(summary)
    return [*told, *summary.remarks]


def _costs(summary: Summary) -> list[str]:
    """Return MACs, FLOPs and memory as sentences."""
    memory = summary.memory()
    told = [f"MACs {summary.macs:,} · FLOPs {summary.flops:,} ({summary.counted_as}) · {summary.mode} mode"]
    told.append(
        f"inference {size(memory['inference_bytes'])}: weights and buffers "
        f"{size(summary.parameter_bytes + summary.buffer_bytes)}, activations at most {size(summary.peak_bytes)}"
    )
    if summary.kept_bytes is not None:
        plain = summary.plain_kept_bytes
        other = f" ({size(plain)} where attention is not fused)" if plain != summary.kept_bytes else ""
        told.append(
            f"training {size(memory['training_bytes'])}: gradients {size(summary.gradient_bytes)} more, activations "
            f"kept for the backward pass {size(summary.kept_bytes)}{other}; with Adam's moments "
            f"{size(memory['training_with_adam_bytes'])}"
        )
    if summary.uncounted:
        told.append(f"not counted: {', '.join(summary.uncounted)}")
    return told


def _several(tensors: Sequence[Row]) -> str:
    """Return shapes with the names of their places, and types where they are not float32."""
    told = []
    for one in tensors[:6]:
        name = "" if one["name"].isdigit() or not one["name"] else f"{one['name']} "
        dtype = "" if one["dtype"] == "float32" else f" {one['dtype']}"
        told.append(f"{name}{'×'.join(map(str, one['shape'])) or 'one number'}{dtype}")
    more = f" and {len(tensors) - 6} more" if len(tensors) > 6 else ""
    return (", ".join(told) or "nothing") + more

"""The contents of a file of weights as a page of text."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from dltui.contents.listed import Contents, Total
from dltui.contents.tree import Row, rows

GAP = 2
TREE = 24  # cells that the tree keeps before a column has to go
MOST_SCALARS = 24
MOST_SHARED = 6
MOST_BLOCKS = 12
HEADS = ("shape", "type", "bytes", "share", "numbers")


def lines(contents: Contents, width: int, depth: int | None = None) -> list[str]:
    """Return the tree and what is told around it.

    Args:
        contents: What to show.
        width: Cells in a line.
        depth: Levels of the tree; all when None.

    Returns:
        Lines of at most ``width`` cells.
    """
    tree = contents.tree()
    whole = tree.nbytes
    found = list(rows(tree, depth))
    cells = [_cells(row, whole) for row in found]
    page = [*_wrapped(head(contents), width), ""]
    if found:
        page += [*_table(found, cells, width), ""]
    page += _wrapped(list(_foot(contents, contents.by_block(tree))), width)
    return page


def head(contents: Contents) -> list[str]:
    """Return what stands above the tree: format, size, and the guess with its reasons."""
    own = contents.own()
    elements, nbytes = sum(one.elements for one in own), sum(one.nbytes for one in own)
    told = [
        f"{contents.title} · {contents.format} · {counted(len(contents.entries), 'tensor')} · "
        f"{elements:,} numbers · {size(nbytes)}"
    ]
    if contents.guess:
        told.append(f"seems to be {contents.guess.guess}")
        told.append(f"  because {contents.guess.because}")
    return told


def counted(count: int, word: str) -> str:
    """Return how many of something there are.

    >>> counted(1, "tensor"), counted(2000, "tensor")
    ('1 tensor', '2,000 tensors')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def size(nbytes: float) -> str:
    """Return bytes in a unit that a person reads.

    >>> size(999), size(1_239_748)
    ('999 B', '1.24 MB')
    """
    each, unit = unit_for(nbytes)
    return f"{nbytes / each:.3g} {unit}" if each > 1 else f"{nbytes:.0f} B"


def unit_for(nbytes: float) -> tuple[float, str]:
    """Return how many bytes the unit has in which a person would tell so many, and its name.

    >>> unit_for(41_000)
    (1000.0, 'kB')
    """
    each = 1.0
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if nbytes / each < 999.5 or unit == "TB":
            break
        each *= 1000
    return each, unit


def short(count: float) -> str:
    """Return a count in three digits, such as ``25.6 M``."""
    for unit in ("", " k", " M", " G", " T"):
        if count < 999.5 or unit == " T":
            break
        count /= 1000
    return f"{count:.3g}{unit}"


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as people write it.

    >>> shape_text((3, 4)), shape_text(())
    ('3×4', 'one number')
    """
    return "×".join(map(str, shape)) or "one number"


def share(part: int, whole: int) -> str:
    """Return a share in percent."""
    if not whole or not part:
        return "–"
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 0.05 else "<0.1 %"


def label(row: Row) -> str:
    """Return the name of a row with how often it is there, and whose numbers it shares."""
    times = f" ×{len(row.alike)}" if len(row.alike) > 1 else ""
    entry = row.node.entry
    shared = f" = {entry.shared}" if entry is not None and entry.shared else ""
    return f"{row.label}{times}{shared}"


def _cells(row: Row, whole: int) -> tuple[str, ...]:
    """Return the cells of a row beside the tree."""
    nbytes = sum(one.nbytes for one in row.alike)
    elements = sum(one.elements for one in row.alike)
    entry = row.node.entry
    shape, dtype = (shape_text(entry.shape), entry.dtype) if entry else ("", "")
    if entry is not None and entry.shared:
        return shape, dtype, "shared", "–", "–"
    return shape, dtype, size(nbytes), share(nbytes, whole), f"{elements:,}"


def _table(found: list[Row], cells: list[tuple[str, ...]], width: int) -> list[str]:
    """Return the tree with its columns; where there is no room, the last columns go first."""
    widths = [max([len(HEADS[i]), *(len(row[i]) for row in cells)]) for i in range(len(HEADS))]
    shown = list(range(len(HEADS)))
    while len(shown) > 1 and width - sum(widths[i] + GAP for i in shown) < TREE:
        shown.pop()
    room = width - sum(widths[i] + GAP for i in shown)
    trees = [row.branch + label(row) for row in found]
    wide = min(room, max(map(len, trees)))
    top = "tensor".ljust(wide) + "".join(" " * GAP + HEADS[i].rjust(widths[i]) for i in shown)
    told = [top, "─" * len(top)]
    for tree, row in zip(trees, cells, strict=True):
        left = (tree if len(tree) <= wide else tree[: wide - 1] + "…").ljust(wide)
        told.append((left + "".join(" " * GAP + row[i].rjust(widths[i]) for i in shown)).rstrip())
    return told


def _foot(contents: Contents, blocks: list[Total]) -> Iterator[str]:
    """Yield totals, shared tensors, and what stands beside them."""
    whole = sum(one.nbytes for one in contents.own())
    yield "types   " + " · ".join(
        f"{one.name}: {counted(one.tensors, 'tensor')}, {short(one.elements)}, {size(one.nbytes)} "
        f"({share(one.nbytes, whole)})"
        for one in contents.by_dtype()
    )
    if len(blocks) > 1:
        largest = sorted(blocks, key=lambda one: -one.nbytes)[:MOST_BLOCKS]
        more = f" · and {len(blocks) - len(largest)} more" if len(blocks) > len(largest) else ""
        yield (
            "blocks  "
            + " · ".join(f"{one.name}: {size(one.nbytes)} ({share(one.nbytes, whole)})" for one in largest)
            + more
        )
    shared = [one for one in contents.entries if one.shared]
    if shared:
        told = [f"{one.name} = {one.shared}" for one in shared[:MOST_SHARED]]
        more = f" · and {len(shared) - MOST_SHARED} more" if len(shared) > MOST_SHARED else ""
        spared = sum(one.nbytes for one in shared)
        yield f"shared  {' · '.join(told)}{more} ({size(spared)} that are not kept twice)"
    if contents.scalars:
        told = [f"{key} {value}" for key, value in contents.scalars.items() if len(str(value)) <= 60]
        more = f" · and {len(contents.scalars) - MOST_SCALARS} more" if len(told) > MOST_SCALARS else ""
        yield f"values  {' · '.join(told[:MOST_SCALARS])}{more}"
    said = {
        key: value
        for key, value in contents.metadata.items()
        if key not in {"config", "dltui-model", "dltui"}
    }
    if said:
        yield "says    " + " · ".join(f"{key} {' '.join(value.split())[:100]}" for key, value in said.items())


def _wrapped(sentences: list[str], width: int) -> list[str]:
    """Return sentences in lines of a width."""
    return [part for text in sentences for part in wrap(text, width, subsequent_indent="        ")]

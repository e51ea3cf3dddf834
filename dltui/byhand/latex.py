"""A sheet as LaTeX and as Markdown, to paste into notes or homework."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dltui.byhand.printing import GREEK, LATEX
from dltui.byhand.rounding import DIGITS, Rounding, shown
from dltui.byhand.sheet import Line
from dltui.byhand.tensor import Tensor
from dltui.byhand.told import TERMS, Fold, folded, tell
from dltui.byhand.value import Label, Value
from dltui.byhand.worked import Worked

EQUAL = {"=": "=", "≈": r"\approx"}
PLANES = 4  # of a tensor that are written as matrices
SIGNS = {
    "−": "-", "·": r"\cdot ", "×": r"\times ", "√": r"\surd ", "∂": r"\partial ", "≈": r"\approx ", "∞": r"\infty ",
    "≤": r"\le ", "≥": r"\ge ", "′": "'", "²": "^2", "³": "^3", "ᵀ": r"^{\mathsf T}", "ℓ": r"\ell ", "Σ": r"\Sigma ",
    "⌊": r"\lfloor ", "⌋": r"\rfloor ", "→": r"\to ", "‖": r"\Vert ", "∇": r"\nabla ",
} | {letter: rf"\{name.strip()} " for letter, name in GREEK.items() if letter not in "∂Σ"}  # fmt: skip
LOW = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
KEPT = {"%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "…": r"\ldots{}", "‚": ","}


def in_latex(worked: Worked, *, backward: bool = False, whole: bool = False) -> list[str]:
    """Return a sheet as LaTeX; it needs amsmath.

    Args:
        worked: What was worked.
        backward: Write the gradients, too.
        whole: Fold nothing away.

    Returns:
        Lines of LaTeX.
    """
    one = worked.operation
    told = [rf"\paragraph{{{plain(one.name)}}} {plain(one.summary)}", *_matrices(worked.inputs.values())]
    for heading, lines in _parts(worked, backward=backward, whole=whole):
        told += [plain(heading)] if heading else []
        told += [r"\begin{align*}", *lines, r"\end{align*}"]
    results = [*worked.outputs, *(worked.gradients.of.values() if backward else ())]
    return [*told, *_matrices(results)]


def in_markdown(worked: Worked, *, backward: bool = False, whole: bool = False) -> list[str]:
    """Return a sheet as Markdown with formulas between dollar signs.

    Args:
        worked: What was worked.
        backward: Write the gradients, too.
        whole: Fold nothing away.

    Returns:
        Lines of Markdown.
    """
    one = worked.operation
    told = [f"## {one.name} by hand", "", one.summary, "", f"`{one.formula}`", ""]
    told += _dollars(_matrices(worked.inputs.values()))
    for heading, lines in _parts(worked, backward=backward, whole=whole):
        told += [f"**{heading}**", ""] if heading else []
        told += ["$$", r"\begin{aligned}", *lines, r"\end{aligned}", "$$", ""]
    results = [*worked.outputs, *(worked.gradients.of.values() if backward else ())]
    return [*told, *_dollars(_matrices(results))]


def plain(text: str) -> str:
    """Return a text in words as LaTeX sets it."""
    found = ""
    for character in text:
        low = character.translate(LOW)
        if low != character:
            found += f"$_{low}$"
        elif character in SIGNS:
            found += f"${SIGNS[character].strip()}$"
        else:
            found += KEPT.get(character, character)
    return found


def _parts(worked: Worked, *, backward: bool, whole: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield every heading with its lines, aligned at the equals signs."""
    yield from _written(worked.sheet.lines, whole=whole)
    if backward:
        yield from _written(worked.gradients.sheet.lines, whole=whole)


def _written(lines: list[Line], *, whole: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield the headings of one sheet with their lines."""
    parts = folded(lines, whole=whole)
    kept = [part for part in parts if isinstance(part, Line)]
    rounding = Rounding([line.target for line in kept])
    told = iter(tell(kept, LATEX, rounding=rounding, most=0 if whole else TERMS))
    heading = ""
    rows: list[str] = []
    for part in parts:
        if isinstance(part, Fold):
            rows.append(rf"&\;\;\vdots && \text{{({len(part.lines)} more)}} \\")
            continue
        if part.heading != heading:
            if rows:
                yield heading, _closed(rows)
            heading, rows = part.heading, []
        line = next(told)
        rows.append(rf"{line.name} &= {line.formula} \\")
        rows += [rf" &{EQUAL[sign]} {side} \\" for sign, side in line.sides]
    if rows:
        yield heading, _closed(rows)


def _closed(rows: list[str]) -> list[str]:
    """Return rows, the last one without a line break."""
    return [*rows[:-1], rows[-1].removesuffix(r" \\")]


def _matrices(tensors: Iterable[Tensor]) -> list[str]:
    """Return tensors as displayed matrices; large ones by their size alone."""
    found = []
    for tensor in tensors:
        shape = tensor.shape or (1,)
        height, width = (1, shape[0]) if len(shape) == 1 else shape[-2:]
        planes = len(tensor.cells) // max(height * width, 1)
        if planes > PLANES or width > 20 or height > 20:
            size = r" \times ".join(map(str, shape))
            found.append(rf"\[ {_named(tensor, 0, 1)} \in \mathbb{{R}}^{{{size}}} \]")
            continue
        for plane in range(planes):
            cells = tensor.cells[plane * height * width : (plane + 1) * height * width]
            rows = [" & ".join(map(_number, cells[r * width : (r + 1) * width])) for r in range(height)]
            inner = r" \\ ".join(rows)
            found.append(
                rf"\[ {_named(tensor, plane, planes)} = \begin{{bmatrix}} {inner} \end{{bmatrix}} \]"
            )
    return found


def _number(cell: Value) -> str:
    """Return one number of a matrix."""
    return LATEX.number(shown(cell.value, DIGITS))


def _named(tensor: Tensor, plane: int, planes: int) -> str:
    """Return the symbol of a plane."""
    return LATEX.name(Label(tensor.symbol, (plane,) if planes > 1 else ()))


def _dollars(displays: list[str]) -> list[str]:
    """Return displayed formulas as Markdown has them."""
    return [
        line for one in displays for line in ("$$", one.removeprefix(r"\[ ").removesuffix(r" \]"), "$$", "")
    ]

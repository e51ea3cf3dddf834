"""A worked operation on its way to the user; torch and numpy are imported only where they are asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from dltui.byhand.document import document
from dltui.byhand.pictures import Picture, picture, pictures
from dltui.byhand.printing import ASCII, UNICODE, Unicode
from dltui.byhand.rounding import Rounding, shown
from dltui.byhand.sheet import Line
from dltui.byhand.tensor import Tensor, named
from dltui.byhand.told import TERMS, Fold, Told, folded, tell
from dltui.byhand.worked import Worked

if TYPE_CHECKING:
    from dltui.instruments.byhand import Answer
    from dltui.results import Result

GAP = "   "  # between pictures side by side
SIGNS = frozenset("+-−=≈~")  # where a line may be broken
TALL = 9  # rows of a picture
BOLD, LIT, QUIET, PLAIN = (
    "\x1b[1m",
    "\x1b[1;38;5;32m",
    "\x1b[2m",
    "\x1b[0m",
)  # a blue for dark and light grounds


class HandAnswer:
    """A sheet of paper, shown as text, JSON or figures."""

    def __init__(
        self,
        worked: Worked,
        *,
        backward: bool = False,
        torch: bool = False,
        all_lines: bool = False,
        latex: bool = False,
        markdown: bool = False,
        ascii_only: bool = False,
    ) -> None:
        self.worked = worked
        self.backward = backward
        self.all_lines = all_lines
        self.latex = latex
        self.markdown = markdown
        self.ascii_only = ascii_only or not (sys.stdout.encoding or "ascii").lower().startswith("utf")
        self.script: Unicode = ASCII if self.ascii_only else UNICODE
        self.answer: Answer | None = None
        self.differences: dict[str, Any] | None = None
        if torch:
            from dltui.byhand.differences import differences
            from dltui.instruments.byhand import torch_answer

            self.answer = torch_answer(worked, backward=backward)
            self.differences = differences(worked) if backward else None

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""
        found = document(self.worked, backward=self.backward)
        if self.answer is not None:
            found["torch"] = {
                "version": self.answer.version,
                "outputs": self.answer.outputs,
                "difference": self.answer.difference,
            }
            if self.backward:
                found["torch"] |= {
                    "gradients": self.answer.gradients,
                    "gradient_difference": self.answer.gradient_difference,
                }
                found["finite_differences"] = self.differences
        return found

    def result(self) -> Result:
        """Return the same as figures."""
        from dltui.instruments.byhand import sheet_figures
        from dltui.results.gallery import Gallery

        shown_figures = sheet_figures(self.worked, self.answer, backward=self.backward, whole=self.all_lines)
        return Gallery(
            title=f"{self.worked.operation.name} by hand", shown=shown_figures, numbers=self.document()
        )

    def lines(self, width: int) -> list[str]:
        """Return the sheet as lines of at most ``width`` cells."""
        if self.latex or self.markdown:
            from dltui.byhand.latex import in_latex, in_markdown

            writer = in_latex if self.latex else in_markdown
            return writer(self.worked, backward=self.backward, whole=self.all_lines)
        one = self.worked
        told = [*self._opening(width), "", *self._part(one.sheet.lines, one.sheet.tensors, width)]
        told += ["", *self._results([*one.outputs, *self._of_torch()], width)]
        if self.answer is not None:
            told += wrap(f"torch {self.answer.version}: {_apart(self.answer.difference)}", width)
        if self.backward:
            tensors = one.sheet.tensors | one.gradients.sheet.tensors
            told += ["", *self._backward_opening(width), ""]
            told += self._part(one.gradients.sheet.lines, tensors, width)
            told += ["", *self._results(one.gradients.of.values(), width), *self._witnesses(width)]
        return told

    def _of_torch(self) -> list[Tensor]:
        """Return torch's outputs, to stand beside those by hand."""
        if self.answer is None:
            return []
        known = self.answer.outputs
        return [
            named(one.name, f"{one.symbol} of torch", one.shape, _flat(known[one.name]))
            for one in self.worked.outputs
        ]

    def _opening(self, width: int) -> list[str]:
        """Return what is worked, its formula and its inputs."""
        one = self.worked
        told = [_painted(line, BOLD) for line in wrap(self._spelled(one.operation.summary), width)]
        told += wrap(self._spelled(one.operation.formula), width)
        settings = ", ".join(f"{key}={value}" for key, value in one.settings.items())
        told += wrap(settings, width) if settings else []
        if one.example:
            kept = "" if len(one.taken) == len(one.inputs) else f"{', '.join(one.taken)} of the "
            remark = one.operation.remarks.get(one.example, "")
            text = f"{kept}example {one.example}{': ' + remark if remark else ''}"
            told += [_painted(line, QUIET) for line in wrap(text, width)]
        return [*told, "", *self._results(one.inputs.values(), width)]

    def _backward_opening(self, width: int) -> list[str]:
        """Return what the backward pass starts from."""
        mark = self._spelled("∂")
        names = ", ".join(one.symbol for one in self.worked.outputs)
        text = f"Backwards, {mark}a for {mark}L/{mark}a. Given is the gradient of {self._spelled(names)}:"
        given = [one for one in self.worked.gradients.sheet.tensors.values() if one.write is None]
        return [*(_painted(line, BOLD) for line in wrap(text, width)), *self._results(given, width)]

    def _witnesses(self, width: int) -> list[str]:
        """Return how far the gradients are from torch's and from finite differences."""
        if self.answer is None or self.answer.gradient_difference is None or self.differences is None:
            return []
        gradients = self.worked.gradients.of
        gap = max(
            (abs(cell.value - other) for name in gradients for cell, other in self._beside(name)), default=0.0
        )
        texts = [
            f"torch {self.answer.version}: {_apart(self.answer.gradient_difference)}",
            f"finite differences (L(x + h) - L(x - h))/2h: {_apart(gap)}",
        ]
        return [line for text in texts for line in wrap(self._spelled(text), width)]

    def _beside(self, name: str) -> Iterable[tuple[Any, float]]:
        """Return every gradient of an input beside its finite difference."""
        assert self.differences is not None
        return zip(self.worked.gradients.of[name].cells, _flat(self.differences[name]), strict=True)

    def _part(self, lines: list[Line], tensors: dict[str, Tensor], width: int) -> list[str]:
        """Return the lines of a sheet under their headings, long ones folded."""
        parts = folded(lines, whole=self.all_lines)
        kept = [part for part in parts if isinstance(part, Line)]
        rounding = Rounding([line.target for line in kept])
        told = iter(tell(kept, self.script, rounding=rounding, most=0 if self.all_lines else TERMS))
        found: list[str] = []
        heading = ""
        for part in parts:
            if isinstance(part, Fold):
                found.append(
                    _painted(f"  {self.script.much} {len(part.lines)} more lines, shown by --all", QUIET)
                )
                continue
            fresh, heading = part.heading != heading, part.heading
            if fresh:
                bold = [_painted(line, BOLD) for line in wrap(self._spelled(heading), width)]
                found += ["", *bold] if found else bold
            grids = self._beside_each_other(pictures(part, tensors, rounding, self.script), width, indent=2)
            found += ["", *grids] if grids and found and not fresh else grids
            found += self._line(next(told), width)
        return found

    def _line(self, told: Told, width: int) -> list[str]:
        """Return one line with its sides below each other where they do not fit beside."""
        indent = " " * min(len(told.name), width // 3)
        whole = told.text()
        sides = [f"{told.name} = {told.formula}", *(f"{indent} {sign} {side}" for sign, side in told.sides)]
        found = [whole] if len(whole) <= width else sides
        found = [line for side in found for line in _broken(side, width, indent + "    ")]
        if len(told.running) > 3 or (told.running and len(found) > 1):
            found += [
                _painted(line, QUIET)
                for line in wrap(
                    f"{indent}   sums so far: {', '.join(told.running)}",
                    width,
                    subsequent_indent=indent + "     ",
                )
            ]
        if told.line.note:
            note = wrap(self._spelled(told.line.note), width - len(indent) - 3)
            found += [_painted(f"{indent}   {line}", QUIET) for line in note]
        return found

    def _results(self, tensors: Iterable[Tensor], width: int) -> list[str]:
        """Return tensors as grids side by side."""
        rounding = Rounding([])
        planes = [plane for one in tensors for plane in self._planes(one, rounding)]
        return self._beside_each_other(planes, width)

    def _planes(self, tensor: Tensor, rounding: Rounding) -> list[Picture]:
        """Return the planes of a tensor, the first one named with its shape."""
        planes = picture(tensor, rounding, self.script)
        size = " x " if self.ascii_only else " × "
        shape = size.join(map(str, tensor.shape)) or "one number"
        planes[0].name += f"  ({shape})"
        return planes

    def _beside_each_other(self, planes: list[Picture], width: int, indent: int = 0) -> list[str]:
        """Return pictures in rows of as many as fit."""
        found: list[str] = []
        row: list[list[str]] = []
        used = indent
        for plane in planes:
            block = _block(plane, width - indent, self.script.much)
            wide = _wide(block)
            if row and used + len(GAP) + wide > width:
                found += _joined(row, indent)
                row, used = [], indent
            used += wide + (len(GAP) if row else 0)
            row.append(block)
        return found + _joined(row, indent)

    def _spelled(self, text: str) -> str:
        """Return text in ASCII where nothing else may be written."""
        if not self.ascii_only:
            return text
        from dltui.plaintext import to_ascii

        return to_ascii(text)


def _broken(side: str, width: int, indent: str) -> list[str]:
    """Return one side of a line in lines, broken before signs that stand in no bracket where that is possible."""
    chunks = [""]
    depth = 0
    for word in side.split(" "):
        if word in SIGNS and not depth and chunks[-1].strip():
            chunks.append("")
        depth += word.count("(") - word.count(")")
        chunks[-1] += word + " "
    found: list[str] = []
    for chunk in chunks:
        text = chunk.rstrip()
        if found and len(found[-1]) + 1 + len(text) <= width:
            found[-1] += " " + text
        elif len(indent) + len(text) <= width:
            found.append(indent + text if found else text)
        else:
            found += wrap(
                text, width, initial_indent=indent if found else "", subsequent_indent=indent + "  "
            )
    return found


def _block(plane: Picture, width: int, much: str) -> list[str]:
    """Return a picture as lines: its name, then its rows, what is read in brackets."""
    rows, columns = _window(plane, width)
    marked = [
        [f"[{plane.rows[r][c]}]" if (r, c) in plane.lit else f" {plane.rows[r][c]} " for c in columns]
        for r in rows
    ]
    wide = [max(len(row[c]) for row in marked) for c in range(len(columns))]
    tail = f" {much}" if len(columns) < len(plane.rows[0]) else ""
    lines = [
        "".join(
            _painted(text.rjust(size), LIT) if text[0] == "[" else text.rjust(size)
            for text, size in zip(row, wide, strict=True)
        )
        + tail
        for row in marked
    ]
    return [f" {plane.name}", *lines, *([f" {much}"] if len(rows) < len(plane.rows) else [])]


def _window(plane: Picture, width: int) -> tuple[range, range]:
    """Return the rows and columns of a picture that are shown: around what is lit, as many as fit."""
    size = max(len(text) for row in plane.rows for text in row) + 2
    across = max(1, min(len(plane.rows[0]), (width - 2) // size))
    lit_rows, lit_columns = [min(axis) for axis in zip(*plane.lit, strict=True)] if plane.lit else (0, 0)
    top = max(0, min(lit_rows - 1, len(plane.rows) - TALL))
    left = max(0, min(lit_columns - 1, len(plane.rows[0]) - across))
    return range(top, min(top + TALL, len(plane.rows))), range(left, left + across)


def _wide(block: list[str]) -> int:
    """Return the cells of the longest line of a block, colours not counted."""
    return max(len(_bare(line)) for line in block)


def _joined(row: list[list[str]], indent: int) -> list[str]:
    """Return blocks side by side."""
    wide = [_wide(block) for block in row]
    height = max((len(block) for block in row), default=0)
    return [
        " " * indent
        + GAP.join(
            (block[i] if i < len(block) else "")
            + " " * (size - len(_bare(block[i]) if i < len(block) else ""))
            for block, size in zip(row, wide, strict=True)
        ).rstrip()
        for i in range(height)
    ]


def _bare(line: str) -> str:
    """Return a line without colours."""
    for code in (BOLD, LIT, QUIET, PLAIN):
        line = line.replace(code, "")
    return line


def _painted(text: str, code: str) -> str:
    """Return text in a colour, where the terminal knows any."""
    term = os.environ.get("TERM", "dumb")
    coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and term != "dumb"
    if code == LIT and not (term.endswith("-256color") or os.environ.get("COLORTERM")):
        code = BOLD
    return f"{code}{text}{PLAIN}" if coloured else text


def _apart(gap: float) -> str:
    """Return in words how far two answers are apart."""
    return "the same to the last bit" if gap == 0 else f"largest difference {shown(gap, 2)}"


def _flat(value: Any) -> list[float]:
    """Return nested lists as one."""
    return [number for part in value for number in _flat(part)] if isinstance(value, list) else [value]

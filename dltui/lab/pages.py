"""Write the pages ``docs/lab/FAMILY.md`` from the exhibits themselves: ``python -m dltui.lab.pages [NAME…]``.

Every page is written; of the pictures those that are missing, and those of the exhibits that are named.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import dltui
from dltui.draw import Canvas, Depth, Look, draw
from dltui.draw.canvas import NO_COLOUR
from dltui.draw.screen_svg import svg_of
from dltui.files import write_text
from dltui.lab._names import FAMILIES
from dltui.lab.exhibit import Exhibit, load
from dltui.lab.knobs import Knob
from dltui.lab.run import run
from dltui.lab.tour import stops

PLACE = Path(dltui.__file__).resolve().parents[1] / "docs" / "lab"
PICTURES = "pictures"
LOOK = Look(width=56, height=14, depth=Depth.TRUE)
KEPT = 0xF0F0F0  # bits of a colour that a picture keeps: neighbours that look alike become one shape
ESCAPED = str.maketrans({"*": r"\*", "_": r"\_", "<": "&lt;", "|": r"\|", "`": r"\`"})


def page(family: str) -> str:
    """Return the page of a family as Markdown.

    Args:
        family: The family.

    Returns:
        Its contents in teaching order, then every exhibit with its picture, story, knobs, checks and where to go on.
    """
    shown = [load(name) for name in stops(family)]
    lines = [
        f"# The lab: {family}",
        "",
        _plain(FAMILIES[family]),
        "",
        f"Go through them with `dltui lab tour {family}`, check them with `dltui lab check --family {family}`; in the "
        "TUI they stand on the shelf *Lab*. This page is written by `python -m dltui.lab.pages`.",
        "",
        "| exhibit | what is seen |",
        "|---|---|",
        *(f"| [{one.name}](#{one.name}) | {_plain(one.story.seen)} |" for one in shown),
    ]
    for one in shown:
        lines += ["", *_section(one)]
    return "\n".join(lines) + "\n"


def picture(name: str) -> str:
    """Return the main figure of an exhibit at its defaults as SVG.

    Raises:
        UsageError: If nothing bears that name; it suggests the nearest.
    """
    main = run(name).shown[1]
    return svg_of(_few_colours(draw(main, LOOK).canvas), title=f"dltui lab run {name}")


def main(names: list[str]) -> None:
    """Write all pages, the pictures that are missing, and those of some exhibits; those of no exhibit go.

    Args:
        names: Exhibits whose pictures are taken again.
    """
    folder = PLACE / PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    known = {name for family in FAMILIES for name in stops(family)}
    for family in FAMILIES:
        write_text(PLACE / f"{family}.md", page(family))
    for name in sorted(known):
        file = folder / f"{name}.svg"
        if name in names or not file.exists():
            write_text(file, picture(name))
    for file in folder.glob("*.svg"):
        if file.stem not in known:
            file.unlink()


def _section(one: Exhibit) -> list[str]:
    """Return the part of a page that is one exhibit's."""
    story = one.story
    lines = [
        f"## {one.name}",
        "",
        _plain(story.seen),
        "",
        f"![{one.name}]({PICTURES}/{one.name}.svg)",
        "",
        f"**Try** {_plain(story.attempt)}",
        "",
        f"**Notice** {_plain(story.notice)}",
    ]
    for paragraph in story.body:
        lines += ["", _plain(paragraph)]
    lines += ["", f"    dltui lab run {one.name}", "", "| knob | at first | what it does |", "|---|---|---|"]
    lines += [f"| `{knob.option}` | {_plain(str(knob.default))} | {_does(knob)} |" for knob in one.knobs]
    lines += ["", "Checked against:", "", *(f"- {_plain(check.about)}" for check in one.checks)]
    if one.kin:
        lines += ["", "Go on:", "", *(f"- `{command}`: {_plain(what)}" for command, what in one.kin.items())]
    lines += ["", f"Rows of the notes: {', '.join(one.covers)}."]
    if one.sources:
        lines += ["", f"Sources: {_plain('; '.join(one.sources))}."]
    return lines


def _does(knob: Knob) -> str:
    """Return what a knob does and takes."""
    return _plain("; ".join(part for part in (knob.help, knob.expects) if part))


def _plain(text: str) -> str:
    """Return a text in which Markdown finds nothing of its own."""
    return text.translate(ESCAPED)


def _few_colours(canvas: Canvas) -> Canvas:
    """Return the canvas in fewer colours: the picture takes half the bytes."""
    for cells in (canvas.front, canvas.back):
        inked = cells != NO_COLOUR
        cells[inked] &= np.uint32(KEPT)
    return canvas


if __name__ == "__main__":
    main(sys.argv[1:])

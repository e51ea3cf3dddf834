"""``dltui open``: show saved results again, one or several side by side."""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dltui.commands._frame import Common, verb, verb_app
from dltui.commands._targets import recording_file

if TYPE_CHECKING:
    from dltui.results import Result
    from dltui.results.gallery import Gallery

app = verb_app()


@verb(app, "open")
def open_result(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Results that were saved with --save.")
    ],
    same_scale: Annotated[
        bool, typer.Option("--same-scale", help="Several: colours and heights mean the same in all.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            "--record",
            metavar="FILE",
            callback=recording_file,
            help="Record it, turned once around, to FILE.gif or FILE.cast.",
        ),
    ] = None,
    *,
    common: Common,
) -> Result:
    """Show saved results again; several side by side where there is room."""
    from dltui.results import load

    found = [load(file) for file in files]
    result = found[0] if len(found) == 1 else side_by_side(found, files, same_scale=same_scale)
    if record:
        from dltui.commands._record import record_turn

        record_turn(result.figures(), record, common)
    return result


def side_by_side(results: list[Result], files: list[Path], *, same_scale: bool) -> Gallery:
    """Return several results as one, the first figures of all in the first row, and so on.

    Args:
        results: What was saved.
        files: Their files, whose names tell them apart.
        same_scale: Draw the fields of a row on one scale.

    Returns:
        All figures; each result's own summary under its file's name in the numbers.
    """
    from dltui.figures import on_one_scale
    from dltui.results.gallery import Gallery

    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        names = [str(file) for file in files]
    named = [
        [replace(figure, title=f"{name}: {figure.title}") for figure in result.figures()]
        for name, result in zip(names, results, strict=True)
    ]
    rows = [[figure for figure in row if figure is not None] for row in zip_longest(*named)]
    if same_scale:
        rows = [on_one_scale(row) for row in rows]
    return Gallery(
        title=" | ".join(names),
        shown=tuple(figure for row in rows for figure in row),
        rows=tuple(len(row) for row in rows),
        numbers={name: result.document() for name, result in zip(names, results, strict=True)},
    )

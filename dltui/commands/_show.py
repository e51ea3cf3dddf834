"""From what a verb found to the user: a file, a drawing, words, or one JSON document."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, runtime_checkable

from typer import Exit

from dltui.commands._output import write_json, write_lines
from dltui.errors import Cancelled, DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.commands._frame import Common
    from dltui.draw.look import Look
    from dltui.results import Result


WORTH_KEEPING = 0.5  # seconds of work, above which the user is told how to keep it


@runtime_checkable
class Light(Protocol):
    """What a verb returns when the answer must come without numpy: text at once, a result on demand."""

    def document(self) -> dict[str, Any]:
        """Return the JSON document."""

    def lines(self, width: int) -> list[str]:
        """Return the answer as lines of at most ``width`` cells."""

    def result(self) -> Result:
        """Return the same as a result, for saving and drawing."""


@dataclass(frozen=True)
class Failed:
    """A result that must be shown although the command failed: exit code 1 after it.

    Attributes:
        found: What is shown.
        sentence: Why the command failed.
        refused: Whether what was asked for makes no sense, exit code 2 instead.
    """

    found: Any
    sentence: str
    refused: bool = False


@dataclass(frozen=True)
class Judged:
    """A result that is a verdict as well: it is shown as any other, and the exit code tells which it is.

    Attributes:
        found: What is shown.
        code: The exit code; what can't be shown or saved ends with 2, so that it is never taken for a verdict.
    """

    found: Result
    code: int


@dataclass(frozen=True)
class Listed:
    """A result whose JSON document is a plain list.

    Attributes:
        found: What is shown.
        entries: The list.
    """

    found: Result
    entries: list[dict[str, Any]]


@dataclass(frozen=True)
class Stopped:
    """What was known when Ctrl-C came: it is shown, and written to no file but that of ``--figure``.

    Attributes:
        found: What is shown.
        sentence: Where the work was stopped, and how to go on.
    """

    found: Result
    sentence: str


# a Result, a Light answer, a Listed or a Judged one, either within Failed, a Stopped one, or None when the verb has
# shown everything itself
Shown = Any


def deliver(found: Shown, common: Common, *, seconds: float) -> None:
    """Save, draw and print what a verb found, as the common options say.

    Args:
        found: A ``Result``, a ``Light`` answer, a ``Listed`` one, or None.
        common: The common options.
        seconds: How long the verb took.

    Raises:
        DltuiError: If the verb returned ``Failed``, after it was shown.
        Cancelled: If the verb was stopped, after what it knew was shown.
        Exit: If the verb judged, after that was shown.
    """
    if found is None:
        return
    if isinstance(found, Stopped | Judged | Failed):
        _deliver_and_end(found, common, seconds)
    if isinstance(found, Listed):
        if common.json:
            write_files(lambda: signed(found.found, common, seconds), common)
            write_json(found.entries)
        else:
            deliver(found.found, common, seconds=seconds)
        return
    if isinstance(found, Light):
        write_files(lambda: signed(found.result(), common, seconds), common)
        if common.json:
            write_json(found.document())
        else:
            write_lines(_readable(found, common))
        return
    result = signed(found, common, seconds)
    write_files(lambda: result, common)
    if common.json:
        write_json(result.document())
    else:
        show(result, common)
        if not common.save and seconds >= WORTH_KEEPING and result is not found:
            common.note(
                f"{seconds:.1f} s · keep it with --save FILE.safetensors, draw it with --figure FILE.svg"
            )


def _deliver_and_end(found: Stopped | Judged | Failed, common: Common, seconds: float) -> NoReturn:
    """Deliver a result that is shown although the command ends otherwise than well, and end it so."""
    if isinstance(found, Stopped):
        deliver(found.found, replace(common, save=None), seconds=seconds)
        raise Cancelled(found.sentence)
    if isinstance(found, Judged):
        try:
            deliver(found.found, common, seconds=seconds)
        except DltuiError as error:
            raise UsageError(str(error)) from error
        raise Exit(found.code)
    deliver(found.found, common, seconds=seconds)
    raise (UsageError if found.refused else DltuiError)(found.sentence)


def show(result: Result, common: Common) -> None:
    """Print the page of ``result``, or every figure, drawn for this terminal or said in words."""
    from dltui.draw import render, render_words
    from dltui.draw.beside import render_rows
    from dltui.results.gallery import Gallery

    look = chosen_look(common)
    if isinstance(result, Gallery) and result.rows and not common.plain:
        write_lines(render_rows(result.shown, result.rows, look))
        return
    page = None if common.plain else result.lines(look.width)
    if page is not None:
        write_lines(_told(page, look.width, ascii_only=look.ascii))
        return
    for place, figure in enumerate(result.figures()):
        if place:
            write_lines([""])
        write_lines(render_words(figure, look) if common.plain else render(figure, look))


def chosen_look(common: Common) -> Look:
    """Return how this terminal shows figures, as the user's settings want it; what is wrong in them is remarked."""
    from dltui.draw.look import look_of
    from dltui.draw.wishes import wished
    from dltui.settings import load

    loaded = load()
    for trouble in loaded.troubles:
        common.note(trouble)
    return wished(look_of(sys.stdout, ascii_only=common.ascii), loaded.settings)


def write_files(result_of: Callable[[], Result], common: Common) -> None:
    """Write the files that were asked for, before anything is printed.

    Args:
        result_of: Returns the result when a file needs it.
        common: The common options.
    """
    if common.save:
        result_of().save(common.save)
        common.note(f"saved {common.save}; show it again with: dltui open {common.save}")
    if common.figure:
        from dltui.draw import save

        save(result_of().figures(), common.figure)
        common.note(f"drew {common.figure}")


def settled(found: Shown) -> tuple[Result | None, str]:
    """Return what a verb found as a result, without showing it.

    Args:
        found: What the verb returned.

    Returns:
        The result, or None when there is none, and the sentence with which the command failed, or "".
    """
    if isinstance(found, Failed):
        return settled(found.found)[0], found.sentence
    if isinstance(found, Judged):
        return found.found, ""
    if isinstance(found, Listed):
        return found.found, ""
    return (found.result() if isinstance(found, Light) else found), ""


def signed(result: Result, common: Common, seconds: float) -> Result:
    """Return ``result`` with what the frame knows of its making, where the verb has not said it.

    Args:
        result: What the verb found.
        common: The common options; the seed is kept.
        seconds: How long it took.

    Returns:
        The same result; one that was made by another command line keeps its own history.
    """
    from dltui.commands._frame import command_line

    if result.made.command:
        return result
    return result.signed(command=command_line(), seconds=seconds, seed=common.seed)


def _readable(found: Light, common: Common) -> list[str]:
    """Return the lines of a light answer for this terminal."""
    import shutil

    width = max(60, shutil.get_terminal_size((80, 24)).columns)
    ascii_only = common.ascii or not (sys.stdout.encoding or "ascii").lower().startswith("utf")
    return _told(found.lines(width), width, ascii_only=ascii_only)


def _told(lines: list[str], width: int, *, ascii_only: bool) -> list[str]:
    """Return lines as they are, or in ASCII: names such as lambda are longer than their symbols and break again."""
    if not ascii_only:
        return lines
    from textwrap import wrap

    from dltui.plaintext import to_ascii

    told = [to_ascii(line) for line in lines]
    return [part for line in told for part in wrap(line, width, subsequent_indent="    ") or [""]]

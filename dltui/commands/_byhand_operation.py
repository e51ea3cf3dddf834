"""The commands ``dltui byhand OPERATION``: one an operation, its options read off its signature."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.main

from dltui.byhand.inputs import read_setting, read_tensor
from dltui.byhand.names import load
from dltui.byhand.operation import Operation
from dltui.byhand.worked import UPSTREAM, work
from dltui.commands._frame import Common, verb, verb_app
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.commands._byhand_sheet import HandAnswer

LETTERS = {"stride": "-s", "padding": "-p", "dilation": "-d", "groups": "-g"}
KEYWORD = inspect.Parameter.KEYWORD_ONLY
WAYS = {
    "backward": "Work the gradients out, too.",
    "torch": "Put torch's answer beside it; with --backward also finite differences.",
    "all_lines": "Fold nothing away.",
    "latex": "Print LaTeX to paste.",
    "markdown": "Print Markdown to paste.",
}


def operation_command(name: str) -> Any:
    """Return the command of one operation.

    Args:
        name: As it is typed.

    Returns:
        A command with one option a tensor and a setting, and the common options.

    Raises:
        UsageError: If there is no such operation.
    """
    one = load(name)

    def run_operation(
        example: str | None, upstream: str | None, *, common: Common, **values: Any
    ) -> HandAnswer:
        from dltui.commands._byhand_sheet import HandAnswer

        ways = {way: values.pop(way) for way in WAYS}
        if ways["latex"] and ways["markdown"]:
            raise UsageError("--latex and --markdown are two ways to write one sheet: choose one")
        given = _given(one, values | {UPSTREAM: upstream}, common.seed, example or "")
        return HandAnswer(work(one, given, example or ""), ascii_only=common.ascii, **ways)

    run_operation.__signature__ = inspect.Signature(_parameters(one))  # type: ignore[attr-defined]
    run_operation.__doc__ = _help(one)
    app = verb_app()
    verb(app, one.name)(run_operation)
    command = typer.main.get_command(app)
    command.name = name
    return command


def _given(one: Operation, values: dict[str, Any], seed: int, example: str) -> dict[str, Any]:
    """Return tensors and settings that were given, read from their text."""
    found: dict[str, Any] = {}
    for name, text in values.items():
        if text is None:
            continue
        if name in one.tensors or name == UPSTREAM:
            found[name] = read_tensor(one, name, text, seed, example)
        else:
            found[name] = read_setting(one, name, text) if isinstance(text, str) else text
    return found


def _parameters(one: Operation) -> list[inspect.Parameter]:
    """Return the options of an operation."""
    found = [
        *(_text(name, "NUMBERS", one.told(name)) for name in one.tensors),
        *(_setting(one, name) for name in one.settings),
    ]
    found.append(_text("example", "|".join(one.examples), "Whose numbers stand in for what is not given."))
    found.append(_text(UPSTREAM, "NUMBERS", "∂L/∂y for --backward; ones by default."))
    for way, told in WAYS.items():
        option = typer.Option("--all" if way == "all_lines" else f"--{way}", help=told)
        found.append(inspect.Parameter(way, KEYWORD, default=False, annotation=Annotated[bool, option]))
    return [*found, inspect.Parameter("common", KEYWORD, annotation=Common)]


def _text(name: str, metavar: str, told: str) -> inspect.Parameter:
    """Return an option that is text."""
    option = typer.Option(f"--{name.replace('_', '-')}", metavar=metavar, help=told, show_default=False)
    return inspect.Parameter(name, KEYWORD, default=None, annotation=Annotated[str | None, option])


def _setting(one: Operation, name: str) -> inspect.Parameter:
    """Return the option of a setting; values stay text here, its type reads them."""
    dashed, told = name.replace("_", "-"), one.told(name)
    if one.settings[name].startswith("bool"):
        option = typer.Option(f"--{dashed}/--no-{dashed}", help=told)
        return inspect.Parameter(name, KEYWORD, default=None, annotation=Annotated[bool | None, option])
    choices = one.choices(name)
    names = [f"--{dashed}", *([LETTERS[name]] if name in LETTERS else [])]
    usual = one.defaults.get(name)
    option = typer.Option(
        *names,
        metavar="|".join(choices) or _metavar(one.settings[name]),
        help=told if usual is None else f"{told} [default: {usual}]",
        show_default=False,
    )
    return inspect.Parameter(name, KEYWORD, default=None, annotation=Annotated[str | None, option])


def _metavar(kind: str) -> str:
    """Return what stands for the value in the help."""
    return "N|N,N" if "Ints" in kind else "X" if "float" in kind else "TEXT" if "str" in kind else "N"


def _help(one: Operation) -> str:
    """Return what --help says of an operation."""
    return f"{one.summary}\n\n{one.formula}\n\n{one.story}".strip()

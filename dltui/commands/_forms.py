"""What a verb asks for, as a form: read off the parser that reads its command line, so that both say the same.

``form("landscape")`` or ``form("lab run two-weight-saddle")`` describes every argument; nothing is run, and torch is
not imported (an exhibit's own file may do that).
"""

from __future__ import annotations

import dis
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from dltui.commands._calls import command_of, sentence
from dltui.commands._exhibits import SHARED
from dltui.commands._frame import function_below
from dltui.commands._names import VERBS
from dltui.commands._words import DATA, MODEL, OTHER, RECIPE
from dltui.errors import DltuiError, unknown

Kind = Literal["text", "whole", "number", "choice", "switch", "path", "model", "data", "recipe"]
Value = str | int | float | bool | Path | list[str] | None

LAB = "lab run "  # what stands before the name of an exhibit
KINDS: dict[str, Kind] = {
    "int": "whole",
    "int range": "whole",
    "float": "number",
    "float range": "number",
    "choice": "choice",
    "boolean": "switch",
    "path": "path",
}
NAMED = {"model", "data", "recipe"}  # kinds whose texts name something
SWITCHES = ("true", "false")


@dataclass(frozen=True, slots=True)
class Refused:
    """What a field says to a text that it can't take.

    Attributes:
        sentence: The sentence that the command line would give.
    """

    sentence: str


@dataclass(frozen=True)
class Field:
    """One argument of a verb.

    Attributes:
        name: Name of the parameter, such as ``learning_rate``.
        help: What it does, in a few words.
        kind: What is typed or chosen.
        default: What it is when nothing is given; None where the verb finds out by itself.
        required: Whether something must be given.
        option: How the command line spells it, such as ``--lr``; empty for what is told by its place.
        off: How a switch that is on by default is turned off, or empty.
        choices: All that can be chosen; empty for other kinds.
        low: Smallest value allowed, or None.
        high: Largest value allowed, or None.
        step: How far a slider moves at once, or None.
        log: Whether a slider is spaced by powers.
        common: Whether every verb that draws or computes has it (seed and device).
        read: Returns the value of a text, or raises what the command line would.
        complete: Returns how a text may go on.
    """

    name: str
    help: str
    kind: Kind
    default: Value
    required: bool
    option: str
    off: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    common: bool = False
    read: Callable[[str], Value] = field(repr=False, compare=False, kw_only=True)
    complete: Callable[[str], list[str]] = field(repr=False, compare=False, kw_only=True)

    @property
    def label(self) -> str:
        """What stands beside the field, such as ``learning rate``."""
        return self.name.replace("_", " ")


@dataclass(frozen=True)
class Form:
    """What one verb asks for.

    Attributes:
        verb: The words that call it, such as ``data show``.
        help: What it does.
        fields: Its arguments, in the order of its signature, the common ones last.
    """

    verb: str
    help: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Return the field of that name.

        Raises:
            UsageError: If there is none; it suggests the nearest.
        """
        for one in self.fields:
            if one.name == name:
                return one
        raise unknown(f"argument of {self.verb}", name, [one.name for one in self.fields])


def form_names() -> list[str]:
    """Return the words of every verb that computes or shows something, exhibits included.

    Returns:
        Names for ``form``, in the order of the tables.
    """
    from dltui.lab import EXHIBITS

    verbs = [name for verb in VERBS for name, _ in leaves(verb, command_of(verb))]
    return verbs + [LAB + name for name in EXHIBITS]


def form_lines() -> dict[str, str]:
    """Return every verb that has a form with the first sentence or so of its help, exhibits left out.

    Returns:
        One line a verb, by its words, in the order of the tables.
    """
    found = (leaf for verb in VERBS for leaf in leaves(verb, command_of(verb)))
    return {name: " ".join((command.help or "").partition("\n\n")[0].split()) for name, command in found}


def form(verb: str) -> Form:
    """Return what a verb asks for.

    Args:
        verb: Its words, such as ``train``, ``data show`` or ``lab run two-weight-saddle``.

    Returns:
        Its fields.

    Raises:
        UsageError: If there is no such verb, or it has no form.
    """
    if verb.startswith(LAB):
        return _exhibit_form(verb)
    first, *rest = verb.split()
    command = command_of(first)
    for word in rest:
        command = getattr(command, "commands", {}).get(word)
    if command is None or function_below(command) is None:
        raise unknown("form", verb, dict(leaves(first, command_of(first))))
    fields = tuple(_field(verb, command, parameter) for parameter in _asked(command))
    return Form(verb, command.help or "", fields)


def validate(asked: Field, text: str) -> Value | Refused:
    """Return the value that a text spells, or why it is refused, as the command line would say it.

    Args:
        asked: The field.
        text: What was typed; empty for nothing.

    Returns:
        The value (the default for nothing), or the sentence.
    """
    from typer import TyperException

    try:
        return asked.read(text)
    except (DltuiError, TyperException) as error:
        return Refused(sentence(error))


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield every command that ``@verb`` made, with its words.

    Args:
        name: Words of a command.
        command: The command, or a group of them.

    Yields:
        The words of a verb that has a form, and its command.
    """
    for word, below in getattr(command, "commands", {}).items():
        yield from leaves(f"{name} {word}", below)
    if function_below(command) is not None:
        yield name, command


def _asked(command: Any) -> list[Any]:
    """Return the parser's own parameters that a form shows: how a result is shown is no question here."""
    from dltui.commands._frame import OPTIONS

    function = function_below(command)
    assert function is not None, "only a verb has a form"
    shared = SHARED if _looks_at_common(function) else frozenset()
    hidden = {part.name for part in OPTIONS} - shared
    return [parameter for parameter in command.params if parameter.name not in hidden]


def _looks_at_common(function: Callable[..., object]) -> bool:
    """Return whether a verb's function uses the common options at all."""
    return any(step.argval == "common" for step in dis.get_instructions(function))


def _field(verb: str, command: Any, parameter: Any) -> Field:
    """Return the field of one parameter of the parser."""
    context = command.make_context(f"dltui {verb}", [], resilient_parsing=True)
    kind = _kind(parameter)
    low, high = (getattr(parameter.type, end, None) for end in ("min", "max"))
    default = parameter.get_default(context)
    argument = parameter.param_type_name == "argument"
    return Field(
        name=parameter.name,
        help=parameter.help or "",
        kind=kind,
        default=Path(default) if kind == "path" and default is not None else default,
        required=parameter.required,
        option="" if argument else max(parameter.opts, key=len),
        off=max(parameter.secondary_opts, key=len, default=""),
        choices=SWITCHES if kind == "switch" else tuple(getattr(parameter.type, "choices", ())),
        low=low,
        high=high,
        common=parameter.name in SHARED,
        read=lambda text: _read(context, parameter, kind, text),
        complete=lambda text: [item.value for item in parameter.shell_complete(context, text)],
    )


def _kind(parameter: Any) -> Kind:
    """Return what is typed or chosen for a parameter."""
    named: dict[str, Kind] = {MODEL: "model", OTHER: "model", DATA: "data", RECIPE: "recipe"}
    return named.get(parameter.metavar or "") or KINDS.get(parameter.type.name, "text")


def _read(context: Any, parameter: Any, kind: Kind, text: str) -> Value:
    """Return what the parser makes of a text; names of models and data are looked up as the work would."""
    if text == "":
        found = parameter.process_value(context, parameter.get_default(context))
    elif parameter.multiple:
        given = parameter.process_value(context, shlex.split(text))
        for one in given if kind in NAMED else ():
            _look_up(kind, str(one))
        return list(given)
    else:
        several = parameter.nargs == -1  # a form gives one of them
        found = parameter.process_value(context, (text,) if several else text)
        found = found[0] if several and found else found
    value: Value = None if found == () else found
    if value is not None and kind == "path":
        return Path(str(value))
    if value and kind in NAMED:
        _look_up(kind, str(value))
    return value


def _look_up(kind: Kind, spec: str) -> None:
    """Refuse a model, data set or recipe that isn't there."""
    if kind == "recipe":
        from dltui.training.recipes._names import NAMES

        if spec in NAMES:
            return
    if kind == "data":
        from dltui.data.spelled import told_apart as data_told_apart

        data_told_apart(spec)
        return
    from dltui.models.spelled import told_apart
    from dltui.runs.find import find_snapshot

    if told_apart(spec) == "run":
        find_snapshot(spec)


def _exhibit_form(verb: str) -> Form:
    """Return what an exhibit asks for: its knobs."""
    from dltui.lab import load

    exhibit = load(verb.removeprefix(LAB))
    return Form(verb, exhibit.story.seen, tuple(_knob_field(knob) for knob in exhibit.knobs))


def _knob_field(knob: Any) -> Field:
    """Return the field of a knob."""
    kinds: dict[str, Kind] = {"float": "number", "int": "whole"}
    numeric, typed = knob.kind in kinds, knob.kind == "text"
    options = () if numeric else SWITCHES if knob.kind == "switch" else knob.extremes
    default = _first(knob)
    return Field(
        name=knob.name,
        help=knob.help,
        kind=kinds.get(knob.kind, knob.kind),
        default=default,
        required=False,
        option=knob.option,
        off=f"--no-{knob.option[2:]}" if knob.kind == "switch" else "",
        choices=() if typed else options,
        low=knob.control.low if numeric else None,
        high=knob.control.high if numeric else None,
        step=knob.control.step if numeric else None,
        log=numeric and knob.control.log,
        common=knob.name in SHARED,
        read=lambda text: default if text == "" else knob.accept(text),
        complete=lambda text: [option for option in options if option.startswith(text)],
    )


def _first(knob: Any) -> Value:
    """Return where the command line leaves a knob: seed and device stand where the common options do."""
    from dltui.commands._frame import Common

    first: Value = getattr(Common, knob.name) if knob.name in SHARED else knob.default
    return first

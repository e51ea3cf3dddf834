"""How things with knobs are spelled on a command line: ``mlp:width=128,depth=3`` and ``package.module:function``."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from dltui.errors import DltuiError, UsageError, unknown

TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SPAN = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")  # 1h30m, 90s, 90
_PARSING = (
    threading.RLock()
)  # CPython 3.11 counts the depth of all trees in one, and fails when two threads meet
NOUNS = {int: "a whole number", float: "a number", bool: "true or false"}


def parsed(text: str) -> ast.Module:
    """Return the tree of a Python module, as ``ast.parse`` does, from any number of threads.

    Raises:
        SyntaxError: If it can't be parsed.
    """
    with _PARSING:
        return ast.parse(text)


def expression(text: str) -> ast.expr:
    """Return the tree of one expression, from any number of threads.

    Raises:
        SyntaxError: If it can't be parsed.
    """
    with _PARSING:
        return ast.parse(text, mode="eval").body


def split_knobs(kind: str, spec: str) -> tuple[str, dict[str, str]]:
    """Return the name before the colon and the knobs after it, still as text.

    Args:
        kind: What is spelled, such as ``model``, for the error.
        spec: ``name`` or ``name:knob=value,knob=value``.

    Returns:
        The name, and the values by knob.

    Raises:
        UsageError: If a part after the colon isn't ``knob=value``.
    """
    name, _, tail = spec.partition(":")
    knobs: dict[str, str] = {}
    for part in filter(None, tail.split(",")):
        knob, equals, value = part.partition("=")
        if not equals or not knob or not value:
            raise UsageError(
                f"can't read {part!r} in the {kind} {spec!r}: expected {name}:knob=value,knob=value"
            )
        knobs[knob.strip()] = value.strip()
    return name, knobs


def settle_knobs(name: str, builder: Callable[..., object], knobs: Mapping[str, str]) -> dict[str, Any]:
    """Return the knobs as the types that ``builder`` declares for them.

    Args:
        name: The registered name, for the errors.
        builder: A function whose keyword-only parameters with a default are the knobs.
        knobs: Values as text.

    Returns:
        Keyword arguments for ``builder``.

    Raises:
        UsageError: If a knob isn't known or its value isn't of its type.
    """
    hints = get_type_hints(builder)
    known = open_knobs(builder)
    settled = {}
    for knob, text in knobs.items():
        if not known:
            raise UsageError(f"{name} has no knobs, so {knob}={text} can't be set: write {name} alone")
        if knob not in known:
            raise unknown(f"knob of {name}", knob, known)
        try:
            settled[knob] = _typed(text, hints[knob])
        except ValueError as error:
            raise UsageError(
                f"{knob} of {name} must be {error}, not {text!r}: try {name}:{knob}={known[knob]}"
            ) from None
    return settled


def open_knobs(builder: Callable[..., object]) -> dict[str, Any]:
    """Return the knobs of a builder with their defaults: keyword-only parameters that have one."""
    parameters = inspect.signature(builder).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def in_range(name: str, knob: str, value: float, least: float, most: float = float("inf")) -> None:
    """Refuse a knob whose value makes no sense.

    Args:
        name: The thing that has the knob.
        knob: Its name.
        value: Its value.
        least: The smallest value that works.
        most: The largest value that works.

    Raises:
        UsageError: If ``value`` is outside ``least … most``.
    """
    if not least <= value <= most:
        span = f"at least {least:g}" if most == float("inf") else f"within {least:g} … {most:g}"
        raise UsageError(f"{knob} of {name} must be {span}, not {value:g}")


def seconds_of(value: object) -> float | None:
    """Return a length of time in seconds, or None where it can't be read or is not above 0.

    Args:
        value: A number of seconds, or a text such as ``90s``, ``10m``, ``1h30m``.

    Returns:
        Seconds.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if 0 < value < float("inf") else None
    found = SPAN.fullmatch(value.replace(" ", "")) if isinstance(value, str) and value.strip() else None
    if found is None:
        return None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds or None


def is_function(spec: str) -> bool:
    """Return whether ``spec`` is spelled ``package.module:function``."""
    module, colon, function = spec.partition(":")
    return bool(colon) and function.isidentifier() and all(part.isidentifier() for part in module.split("."))


def load_function(kind: str, spec: str) -> Callable[..., object]:
    """Import the user's own function, looking in the current folder first.

    Args:
        kind: What it makes, such as ``model``, for the errors.
        spec: ``package.module:function``.

    Returns:
        The function.

    Raises:
        UsageError: If there is no such module or function.
        DltuiError: If the module fails while it is imported.
    """
    module_name, _, function_name = spec.partition(":")
    with here_on_path():
        try:
            module = import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
                raise UsageError(
                    f"no module {module_name!r} for the {kind} {spec!r}: run from the folder that holds it, "
                    "or install it"
                ) from error
            raise DltuiError(f"importing {module_name} failed: {error}") from error
        except Exception as error:
            raise DltuiError(f"importing {module_name} failed: {_told(error)}") from error
    function = getattr(module, function_name, None)
    if function is None:
        raise unknown(
            f"function of {module_name}",
            function_name,
            _functions(module),
            f"`python -c 'help(\"{module_name}\")'`",
        )
    if not callable(function):
        raise UsageError(f"{spec} is a {type(function).__name__}, not a function that makes a {kind}")
    return function  # type: ignore[no-any-return]


def call_function(spec: str, function: Callable[..., object], *args: object, **options: object) -> object:
    """Call the user's own function, turning whatever it raises into one sentence.

    Args:
        spec: How the user spelled it.
        function: The function.
        *args: Positional arguments.
        **options: Keyword arguments.

    Returns:
        What the function returns.

    Raises:
        DltuiError: If the function raises.
    """
    with here_on_path():
        try:
            return function(*args, **options)
        except DltuiError:
            raise
        except Exception as error:
            raise DltuiError(f"{spec} failed: {_told(error)}") from error


def _told(error: Exception) -> str:
    """Return the kind and the first line of an error of the user's own code."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


@contextmanager
def here_on_path() -> Iterator[None]:
    """Let imports find the current folder first, as ``python -m`` does, and only while this lasts."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _typed(text: str, hint: Any) -> object:
    """Return ``text`` as the type ``hint``; the ``ValueError`` says what was expected."""
    if get_origin(hint) is Literal:
        choices = get_args(hint)
        if text not in choices:
            raise ValueError(f"one of {', '.join(choices)}")
        return text
    if hint is bool:
        if text.lower() not in TRUTH:
            raise ValueError(NOUNS[bool])
        return TRUTH[text.lower()]
    if hint in (int, float):
        try:
            return hint(text)
        except ValueError:
            raise ValueError(NOUNS[hint]) from None
    return text


def _functions(module: object) -> list[str]:
    """Return the public callables of a module."""
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]

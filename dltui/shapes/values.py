"""Values and shapes read from text, as an argument's type wants them."""

from __future__ import annotations

import re
from typing import Any

from dltui.shapes.layer import Layer
from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.symbol import Scope, size

WORDS = {"true": True, "false": False, "none": None}


def read_value(layer: Layer[Any], key: str, text: str) -> Any:
    """Return the value of an argument from its text, as its type wants it.

    Args:
        layer: Whose argument it is.
        key: The argument.
        text: Such as ``7``, ``7,7``, ``same``, ``true`` or ``none``.

    Returns:
        A number, several, a truth value, a word or None.

    Raises:
        ShapeError: If the text has no such meaning.
    """
    kind = layer.options[key]
    low = text.strip().lower()
    if low in WORDS and ("bool" in kind or "None" in kind or kind == "Inferred"):
        return WORDS[low]
    if kind == "bool":
        if low in {"1", "0", "yes", "no"}:
            return low in {"1", "yes"}
        raise ShapeError(f"{key} must be true or false, not {text!r}", key)
    if "str" in kind and not re.fullmatch(r"[-\d.,x ]+", text):
        return text.strip()
    many = any(word in kind for word in ("Ints", "Sequence", "Shape", "Scales"))
    parts = [part for part in re.split(r",|(?<=\d)x(?=\d)", text.strip().strip("()[]")) if part.strip()]
    fraction = "float" in kind or "Scales" in kind
    numbers = [_number(key, part.strip(), fraction) for part in parts]
    if len(numbers) == 1 and not text.strip().startswith(("(", "[")) and not _always_many(kind):
        return numbers[0]
    if not many:
        raise ShapeError(f"{key} takes one number, not {text!r}", key)
    return tuple(numbers)


def _always_many(kind: str) -> bool:
    """Return whether a single number stands for a list of one."""
    return kind in {"Sequence[int]", "Sequence[int] | None", "Shape | None"}


def _number(key: str, text: str, fraction: bool) -> Any:
    """Return a whole number, or any where fractions make sense."""
    try:
        return int(text)
    except ValueError:
        pass
    if text.lower() == "none":
        return None
    try:
        if fraction:
            return float(text)
    except ValueError:
        pass
    told = "a number" if fraction else "a whole number, or several like 7,7"
    raise ShapeError(f"{key} {text!r} is no size; expected {told}", key)


def read_shape(text: str, scope: Scope, argument: str = "input") -> Shape:
    """Return a shape from its spelling.

    Args:
        text: Such as ``1,3,224,224``, ``1x3x224x224`` or ``N,3,H,W``; empty for one number.
        scope: Where letters are kept.
        argument: Its name, for the error.

    Returns:
        The sizes; letters as symbols.

    Raises:
        ShapeError: If a part is neither a number nor a letter.
    """
    text = text.strip().strip("()[]")
    parts = re.split(r",|(?<=\d)x(?=\d)", text) if text else []
    sizes: list[int] = []
    for part in parts:
        found = size(part, scope)
        if found is None:
            raise ShapeError(
                f"--{argument} {text!r} is no shape; expected whole numbers like 1,3,224,224 or letters like N,3,H,W",
                argument,
            )
        if found < 1 and sizes:
            raise ShapeError(f"--{argument} {text!r} has a size below 1; only a batch may be empty", argument)
        sizes.append(found)
    return tuple(sizes)

"""Numbers from text: lists as Python writes them, files, random draws."""

from __future__ import annotations

import json
import re
import struct
from math import prod
from pathlib import Path
from typing import Any

from dltui.byhand.npy import read_npy
from dltui.byhand.operation import Operation
from dltui.byhand.refusal import Refused
from dltui.byhand.tensor import nested
from dltui.byhand.worked import UPSTREAM, check_size, flattened
from dltui.errors import unknown

FILLS = {"random": "draws with one decimal from −2 … 2", "ones": "ones", "zeros": "zeros"}
ENDINGS = (".json", ".csv", ".txt", ".npy")
TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
Given = Any  # nested lists, a setting, or None


def read_tensor(one: Operation, name: str, text: str, seed: int = 0, example: str = "") -> Any:
    """Return the numbers of a tensor.

    Args:
        one: The operation that takes it.
        name: The parameter.
        text: ``[[1, 2], [3, 4]]``, ``random``, ``random:2,3``, ``ones:3``, ``zeros:2,2``, ``none``, or a file that
            ends in .json, .csv, .txt or .npy.
        seed: Of random draws; every tensor has draws of its own.
        example: Whose shapes ``random`` alone takes; the first example when empty.

    Returns:
        Nested lists, a number, or None.

    Raises:
        UsageError: If the text is none of that, or the file can't be read.
    """
    spelled = text.strip()
    fill, colon, sizes = spelled.partition(":")
    if spelled.lower() == "none":
        return None
    if fill in FILLS:
        usual = one.examples[example or next(iter(one.examples))].get(name)
        if not colon and usual is None:
            raise Refused(f"--{name} {fill} needs a shape: write {fill}:2,3", name)
        shape = _shape(name, sizes) if colon else flattened(usual, name)[0]
        check_size(shape, name)  # before so many are drawn
        return filled(fill, shape, seed=f"{seed}:{name}", most=_most(one, name, usual))
    if spelled.lower().endswith(ENDINGS):
        return _read_file(name, Path(spelled).expanduser())
    try:
        return _read_list(spelled)
    except ValueError:
        raise Refused(
            f"--{name} {text!r} is no list of numbers; expected [[1, 2], [3, 4]], random:2,3, or a file that ends in "
            f"{', '.join(ENDINGS)}",
            name,
        ) from None


def read_setting(one: Operation, name: str, text: str) -> Any:
    """Return the value of a setting from its text, as its type wants it.

    Args:
        one: The operation that takes it.
        name: The setting.
        text: Such as ``2``, ``3,3``, ``true``, ``mean`` or ``none``.

    Returns:
        A number, several, a truth value, a word or None.

    Raises:
        UsageError: If the text has no such meaning.
    """
    kind, word = one.settings[name], text.strip()
    choices = one.choices(name)
    if choices:
        if word not in choices:
            raise unknown(f"{name} of {one.name}", word, choices)
        return word
    if word.lower() == "none" and "None" in kind:
        return None
    if kind.startswith("bool"):
        if word.lower() not in TRUTH:
            raise Refused(f"--{name} must be true or false, not {text!r}", name)
        return TRUTH[word.lower()]
    if kind.startswith("str"):
        return text
    parts = [part for part in re.split(r"[,x ]+", word.strip("()[]").replace("−", "-")) if part]
    try:
        numbers = [float(part) if "float" in kind else int(part) for part in parts]
    except ValueError:
        numbers = []
    many = any(mark in kind for mark in ("Ints", "tuple", "Sequence"))
    if not numbers or (len(numbers) > 1 and not many):
        wanted = "a number" if "float" in kind else "whole numbers like 2,2" if many else "a whole number"
        raise Refused(f"--{name} must be {wanted}, not {text!r}", name)
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


def filled(fill: str, shape: tuple[int, ...], *, seed: str, most: int | None = None) -> Any:
    """Return a tensor of ones, zeros or random draws.

    Args:
        fill: One of ``FILLS``.
        shape: Its sizes.
        seed: Of the draws.
        most: The largest whole number to draw, for tensors of those; None for numbers with one decimal.

    Returns:
        Nested lists.
    """
    from random import Random

    draws = Random(seed)
    count = prod(shape)
    if fill != "random":
        return nested([int(fill == "ones")] * count, shape)
    flat = [draws.randint(-20, 20) / 10 if most is None else draws.randint(0, most) for _ in range(count)]
    return nested(flat, shape)


def _most(one: Operation, name: str, usual: Any) -> int | None:
    """Return the largest index that an example has, or None where any number may stand."""
    kind = "Tensor" if name == UPSTREAM else one.tensors[name]
    if kind in {"Tensor", "Fixed"}:
        return None
    return 1 if kind == "Mask" or usual is None else int(max(flattened(usual, name)[1]))


def _shape(name: str, text: str) -> tuple[int, ...]:
    """Return a shape such as ``2,3``."""
    parts = [part for part in re.split(r"[,x ]+", text.strip("()[]")) if part]
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise Refused(f"--{name}: {text!r} is no shape; expected whole numbers like 2,3", name)
    return tuple(map(int, parts))


def _read_list(text: str) -> Any:
    """Return what a list as Python or JSON writes it holds; ``1, 2, 3`` is a list, too."""
    plain = text.replace("−", "-").replace("(", "[").replace(")", "]")
    plain = re.sub(r",\s*]", "]", plain)
    plain = re.sub(r"(?<![\d.])\.(?=\d)", "0.", plain)
    plain = re.sub(r"(?<=\d)\.(?!\d)", ".0", plain)
    plain = re.sub(r"\binf(inity)?\b", "Infinity", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\bnan\b", "NaN", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\b(True|False)\b", lambda found: found[0].lower(), plain)
    plain = plain.removeprefix("tensor")
    found = json.loads(plain if plain.lstrip().startswith("[") or "," not in plain else f"[{plain}]")
    if not isinstance(found, int | float | list):
        raise ValueError(f"{found!r} is no list of numbers")
    return found


def _read_file(name: str, path: Path) -> Any:
    """Return the numbers of a file."""
    try:
        if path.suffix.lower() == ".npy":
            return read_npy(path)
        text = path.read_text(encoding="utf-8")
        if path.suffix.lower() == ".json":
            return json.loads(text)
        rows = [
            re.split(r"[,;\s]+", line.strip(" ,;\t")) for line in text.splitlines() if line.strip(" ,;\t")
        ]
        numbers = [[float(part) for part in row] for row in rows]
    except (OSError, ValueError, KeyError, SyntaxError, struct.error) as error:
        why = getattr(error, "strerror", None) or error
        raise Refused(f"can't read --{name} {path}: {why}; expected rows of numbers", name) from None
    return numbers[0] if len(numbers) == 1 else numbers

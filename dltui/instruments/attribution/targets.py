"""Which output is meant, and what it is called."""

from __future__ import annotations

from torch import Tensor

from dltui.data.takes import Takes, Tokenizer
from dltui.errors import UsageError, unknown


def target_of(asked: int | str | None, outputs: Tensor, takes: Takes) -> int:
    """Return the number of the output that is meant.

    Args:
        asked: A number, a name, a token, or None for the largest output.
        outputs: The outputs, shape (K,).
        takes: Names and tokens.

    Returns:
        0 … K − 1.

    Raises:
        UsageError: If there is no such output.
    """
    if asked is None:
        return int(outputs.argmax())
    count = len(outputs)
    if isinstance(asked, str) and asked in takes.classes:
        asked = takes.classes.index(asked)
    if isinstance(asked, int) or asked.strip().isdecimal():
        number = int(asked)
        if number < count:
            return number
        raise UsageError(f"--target {number}: the model has {count} outputs, numbered from 0")
    close = [i for i, name in enumerate(takes.classes) if asked.lower() in name.lower()]
    if len(close) == 1:
        return close[0]
    if takes.tokenizer is not None and not takes.classes:
        return _token(asked, takes.tokenizer, count)
    if close:
        raise UsageError(f"--target {asked!r} may be {' or '.join(takes.classes[i] for i in close[:4])}")
    raise unknown("target", asked, takes.classes or [f"0 … {count - 1}"])


def _token(asked: str, tokenizer: Tokenizer, count: int) -> int:
    """Return the number of the one token that a text is; tokens that a model expects around it don't count."""
    ids = tokenizer.encode(asked)
    same = [one for one in ids if tokenizer.decode([one]).strip() == asked.strip() and one < count]
    if len(same) == 1:
        return same[0]
    pieces = " ".join(repr(piece) for piece in tokenizer.pieces(ids))
    raise UsageError(f"--target {asked!r} is no single token, but {pieces}: expected one, or its number")


def name_of(number: int, takes: Takes) -> str:
    """Return what an output is called."""
    if number < len(takes.classes):
        name = takes.classes[number]
    elif takes.tokenizer is not None:
        name = takes.tokenizer.decode([number])
    else:
        return f"output {number}"
    return repr(name) if not name.strip() or name != name.strip() else name

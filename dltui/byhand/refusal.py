"""Inputs that an operation refuses: the sentence that torch's own error should have been, with torch's text."""

from __future__ import annotations

from typing import NoReturn

from dltui.errors import UsageError


class Refused(UsageError):
    """An operation that torch would refuse, with the reason and the way out.

    Attributes:
        sentence: What is wrong, what was expected, what to try.
        argument: The parameter at fault.
        torch: What torch says, word for word; empty where torch says nothing.
    """

    def __init__(self, sentence: str, argument: str = "", torch: str = "") -> None:
        super().__init__(f"{sentence} (torch says: {torch})" if torch else sentence)
        self.sentence = sentence
        self.argument = argument
        self.torch = torch


def refuse(argument: str, sentence: str, torch: str = "") -> NoReturn:
    """Refuse an input.

    Args:
        argument: The parameter at fault.
        sentence: What is wrong, what was expected, what to try.
        torch: What torch says, word for word; tests hold it against the installed torch.

    Raises:
        Refused: Always.
    """
    raise Refused(sentence, argument, torch)


def said_of_sum(columns: int, bias: int, *, strided: bool = False) -> str:
    """Return what torch says of rows and a bias of different lengths.

    Args:
        columns: Numbers of a row.
        bias: Numbers of the bias.
        strided: Whether the rows do not lie one after the other in memory, as where the batch comes first.

    Returns:
        The text up to the sizes; empty where torch takes the bias, since a single number is added to all.
    """
    if bias in {1, columns}:
        return ""
    if strided:
        sizes = f"size of tensor a ({columns}) must match the size of tensor b ({bias})"
        return f"The {sizes} at non-singleton dimension 2"
    sizes = f"expanded size of the tensor ({columns}) must match the existing size ({bias})"
    return f"The {sizes} at non-singleton dimension 1."

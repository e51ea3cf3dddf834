"""Refusing samples that are no rows of tokens."""

from torch import Tensor

from dltui.errors import UsageError


def context_length(name: str, input_shape: tuple[int, ...], data: str) -> int:
    """Return how many tokens a sample has.

    Args:
        name: The network that wants tokens.
        input_shape: Shape of one sample.
        data: Data that would suit it, for the error.

    Returns:
        T, the one size of ``input_shape``.

    Raises:
        UsageError: If samples have another shape than (T,).
    """
    if len(input_shape) != 1:
        raise UsageError(
            f"{name} reads rows of tokens (T,), but each sample here has shape {input_shape}: try --data {data}"
        )
    return input_shape[0]


def whole(name: str, x: Tensor, data: str) -> Tensor:
    """Return inputs that are whole numbers, and refuse measurements.

    Args:
        name: The network that wants tokens.
        x: What it was given.
        data: Data that would suit it, for the error.

    Returns:
        ``x`` as it is.

    Raises:
        UsageError: If it holds anything but whole numbers.
    """
    if x.is_floating_point():
        kind = str(x.dtype).removeprefix("torch.")
        raise UsageError(f"{name} reads tokens (int64), but these inputs are {kind}: try --data {data}")
    return x

"""Bytes that oneDNN's kernel for one layer of an LSTM keeps beside its outputs for the backward pass.

The kernel lays out gates, states and room for their gradients, each from a page of its own on, with rows that begin at
a cache line (``set_workspace_sizes`` and ``set_offsets`` in src/cpu/rnn of oneDNN).

Shape letters in this file: T steps, N batch, I inputs, H hidden.
"""

from __future__ import annotations

from functools import cache

import torch

LSTM = 2  # as ATen numbers the kinds of recurrent layers
PAGE, LINE = 4096, 64
FLOAT = 4  # bytes of the gradients, whatever the type of the states
PROBE = (
    2,
    3,
    130,
    64,
)  # rows that end within a line, rows that are one line longer, sections of several pages


def workspace_bytes(T: int, N: int, I: int, H: int, dtype: torch.dtype) -> int:  # noqa: E741, N803 - see the legend
    """Return the bytes of the workspace of one layer and direction.

    Where this machine's kernel does not keep what the formula says, as another version of oneDNN may not, the kernel
    is run on the CPU on zeros of these sizes.

    Args:
        T: Steps.
        N: Sequences beside each other.
        I: Numbers that go in at every step.
        H: Numbers of a state.
        dtype: Type of inputs, weights and states.

    Returns:
        The bytes.
    """
    return laid_out(T, N, I, H, dtype.itemsize) if _is_known(dtype) else _measured(T, N, I, H, dtype)


def laid_out(T: int, N: int, I: int, H: int, size: int) -> int:  # noqa: E741, N803
    """Return what the formula says, for numbers of ``size`` bytes."""
    wide = max(I, H)
    gates = T * N * _row(4 * H, size) * size
    outputs = T * N * _row(H, size) * size
    places = 2 * (T + 1) * N  # before and after the layer, before the first step and after each
    states, cells = places * _row(wide, size) * size, places * H * size
    gradients, cell_gradients = places * _row(wide, FLOAT) * FLOAT, places * H * FLOAT
    parts = (gates, outputs, states, cells, gradients, gradients, cell_gradients)
    return sum(_up(part, PAGE) for part in parts)


def _row(count: int, size: int) -> int:
    """Return the numbers from one row to the next: whole lines, and one more where rows would fall onto each other."""
    length = _up(count, LINE // size)
    return length if length % 256 else length + LINE // size


def _up(number: int, unit: int) -> int:
    """Return the next multiple of a unit."""
    return -(-number // unit) * unit


@cache
def _is_known(dtype: torch.dtype) -> bool:
    """Return whether the kernel of this machine keeps what the formula says."""
    return _measured(*PROBE, dtype) == laid_out(*PROBE, dtype.itemsize)


@cache
def _measured(T: int, N: int, I: int, H: int, dtype: torch.dtype) -> int:  # noqa: E741, N803
    """Run the kernel on zeros, and return the bytes of what it keeps."""
    with torch.enable_grad():
        zeros = [
            torch.zeros(s, dtype=dtype, device="cpu")
            for s in ((T, N, I), (4 * H, I), (4 * H, H), 4 * H, (N, H))
        ]
        x_TNI, first, second, bias, state_NH = zeros  # noqa: N806
        _, _, _, kept = torch.mkldnn_rnn_layer(
            x_TNI, first, second, bias, bias, state_NH, state_NH, False, [],
            LSTM, H, 1, True, False, False, True,
        )  # fmt: skip
    return kept.nbytes

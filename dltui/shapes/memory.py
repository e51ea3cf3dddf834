"""Bytes of a chain: weights, and activations at their peak in inference and in training.

Inference keeps a tensor until its last reader is done. Training keeps what the backward pass needs: each tensor once,
however many layers save it, as PyTorch does (a view shares its input's memory).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dltui.shapes.report import BYTES
from dltui.shapes.symbol import product

if TYPE_CHECKING:
    from dltui.shapes.walk import Chain

OPAQUE = frozenset(
    {
        "RNN",
        "LSTM",
        "GRU",
        "scaled_dot_product_attention",
        "MultiheadAttention",
        "Transformer",
        "TransformerEncoder",
    }
    | {
        "TransformerDecoder",
        "TransformerEncoderLayer",
        "TransformerDecoderLayer",
        "GroupedQueryAttention",
        "SwiGLU",
    }
    | {"MixtureOfExperts", "RNNCell", "LSTMCell", "GRUCell"}
)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of one pass.

    Attributes:
        dtype: Type of weights and activations.
        parameters: Weights.
        gradients: Their gradients, in training.
        inference: Activations at their peak when nothing is kept for a backward pass.
        training: Activations that the backward pass needs.
        uncounted: Rows whose inner activations are not counted.
    """

    dtype: str
    parameters: int
    gradients: int
    inference: int
    training: int
    uncounted: tuple[int, ...]

    def document(self) -> dict[str, Any]:
        """Return plain numbers."""
        return {
            "dtype": self.dtype,
            "parameter_bytes": self.parameters,
            "gradient_bytes": self.gradients,
            "inference_activation_bytes": self.inference,
            "training_activation_bytes": self.training,
            "rows_not_counted_inside": list(self.uncounted),
        }


def measure(chain: Chain, dtype: str) -> Memory:
    """Return the bytes of a chain.

    Args:
        chain: A chain that was walked.
        dtype: One of ``BYTES``.

    Returns:
        Weights and activations.
    """
    size = BYTES[dtype]
    weights = size * chain.parameters
    roots = _roots(chain)
    opaque = tuple(number for number, step in enumerate(chain.steps, 1) if step.report.name in OPAQUE)
    return Memory(dtype, weights, weights, size * _peak(chain, roots), _kept(chain, roots, size), opaque)


def _roots(chain: Chain) -> dict[int, int]:
    """Return whose memory each step's output lies in: its own, or that of what it is a view of."""
    roots = {-index - 1: -index - 1 for index in range(len(chain.inputs))}
    for index, step in enumerate(chain.steps):
        written_over = step.report.settings.get("inplace") is True
        roots[index] = roots[step.sources[0]] if step.report.view or written_over else index
    return roots


def _numbers(chain: Chain, index: int) -> int:
    """Return how many numbers lie in the memory of a step or an input."""
    return product(chain.inputs[-index - 1]) if index < 0 else chain.steps[index].report.numbers_out


def _peak(chain: Chain, roots: dict[int, int]) -> int:
    """Return the most numbers that are alive at once."""
    last = (
        {root: len(chain.steps) for root in roots.values() if root == roots[len(chain.steps) - 1]}
        if chain.steps
        else {}
    )
    for index, step in enumerate(chain.steps):
        for source in step.sources:
            last[roots[source]] = max(last.get(roots[source], 0), index)
    alive = {root for root in roots.values() if root < 0}
    most = sum(_numbers(chain, root) for root in alive)
    for index in range(len(chain.steps)):
        alive.add(roots[index])
        now = sum(_numbers(chain, root) for root in alive)
        most = (
            now if int(now) > int(most) else most
        )  # of letters: of large ones, without a condition for each row
        alive = {root for root in alive if root < 0 or last.get(root, index) > index}
    return most


def _kept(chain: Chain, roots: dict[int, int], size: int) -> int:
    """Return the bytes that the backward pass needs."""
    kept: set[int] = set()
    extra = 0
    for index, step in enumerate(chain.steps):
        if "i" in step.report.keeps:
            kept.update(roots[source] for source in step.sources)
        if "o" in step.report.keeps:
            kept.add(roots[index])
        extra += sum(count * (each or size) for count, each in step.report.extra)
    return size * sum(_numbers(chain, root) for root in kept) + extra

"""A neural model of the next letter: Bengio, Ducharme, Vincent, Jauvin, *A Neural Probabilistic Language Model*, 2003.

Shape letters in this file: B batch, T letters seen, E size of an embedding, H hidden, V vocabulary.
"""

from __future__ import annotations

from torch import Tensor, nn

from dltui.models._registry import model
from dltui.models._tokens import context_length, whole
from dltui.spelling import in_range


class Makemore(nn.Module):
    """The embeddings of the letters before, side by side, a hidden layer of tanh, and scores for the next letter."""

    def __init__(self, context: int, vocabulary: int, *, embedding: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.hidden, self.tanh = nn.Linear(context * embedding, width), nn.Tanh()
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map the letters before to scores of the next one, (B, V)."""
        e_BTE = self.embedding(whole("makemore", x_BT, "names"))
        h_BH = self.tanh(self.hidden(e_BTE.flatten(1)))
        y_BV: Tensor = self.head(h_BH)
        return y_BV


@model("makemore")
def makemore(
    input_shape: tuple[int, ...], outputs: int, *, embedding: int = 10, width: int = 200
) -> nn.Module:
    """The next letter from the few before (Bengio et al. 2003).

    Parameters: V·E + (T·E + 1)·H + (H + 1)·V; on names with 3 letters of context 11,897. The paper's direct
    connections from the embeddings to the scores are left out, as in Karpathy's *makemore*.

    Args:
        input_shape: (T,), the letters that are seen.
        outputs: V, letters in the vocabulary.
        embedding: E, numbers for each letter.
        width: H, hidden units.

    Returns:
        The network, freshly initialised as torch does it.
    """
    in_range("makemore", "embedding", embedding, 1, 100_000)
    in_range("makemore", "width", width, 1, 1_000_000)
    context = context_length("makemore", input_shape, "names")
    return Makemore(context, outputs, embedding=embedding, width=width)

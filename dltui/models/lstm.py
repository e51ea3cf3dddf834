"""Long short-term memory over tokens: Hochreiter and Schmidhuber 1997; as a model of text, Graves 2013, Karpathy 2015.

Shape letters in this file: B batch, T positions, D width, V vocabulary.
"""

from __future__ import annotations

from torch import Tensor, nn

from dltui.models._registry import model
from dltui.models._tokens import context_length, whole
from dltui.spelling import in_range


class LSTM(nn.Module):
    """Embeddings, layers of LSTM cells from left to right, and scores for the next token at every position."""

    def __init__(self, vocabulary: int, *, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, layers, dropout=dropout if layers > 1 else 0.0, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to scores of the next one, (B, T, V); the memory is empty before the first."""
        h_BTD, _ = self.lstm(self.embedding(whole("lstm", x_BT, "hamlet")))
        y_BTV: Tensor = self.head(self.dropout(h_BTD))
        return y_BTV


@model("lstm")
def lstm(
    input_shape: tuple[int, ...], outputs: int, *, width: int = 128, layers: int = 1, dropout: float = 0.0
) -> nn.Module:
    """LSTM: a recurrent network that foretells each next token.

    Parameters: 2·V·D + V + layers·(8·D² + 8·D); on hamlet 148,801.

    Args:
        input_shape: (T,), the context; the weights don't depend on it.
        outputs: V, tokens in the vocabulary.
        width: D, numbers in each embedding, memory and output.
        layers: LSTM layers on each other.
        dropout: Share that is dropped in training, after every layer.

    Returns:
        The network, freshly initialised as torch does it.
    """
    in_range("lstm", "width", width, 1, 100_000)
    in_range("lstm", "layers", layers, 1, 100)
    in_range("lstm", "dropout", dropout, 0, 0.99)
    context_length("lstm", input_shape, "hamlet")
    return LSTM(outputs, width=width, layers=layers, dropout=dropout)

"""A small GPT: Radford et al., *Language Models are Unsupervised Multitask Learners*, 2019 (pre-norm, GELU, biases).

Shape letters in this file: B batch, T positions, D width, N heads, H size of a head (D / N), V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.models._tokens import context_length, whole
from dltui.spelling import in_range

STD = 0.02  # of fresh weights, as in GPT-2


class Attention(nn.Module):
    """Causal self-attention of several heads: each position looks at itself and those before it."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropped = heads, dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        q_BNTH, k_BNTH, v_BNTH = (self._split(part) for part in self.qkv(x_BTD).chunk(3, dim=-1))
        y_BNTH = functional.scaled_dot_product_attention(
            q_BNTH, k_BNTH, v_BNTH, dropout_p=self.dropped if self.training else 0.0, is_causal=True
        )
        y_BTD: Tensor = self.dropout(self.proj(y_BNTH.transpose(1, 2).flatten(2)))
        return y_BTD

    def _split(self, part_BTD: Tensor) -> Tensor:
        """Return the heads of queries, keys or values, shape (B, N, T, H)."""
        return part_BTD.view(*part_BTD.shape[:2], self.heads, -1).transpose(1, 2)


class Block(nn.Module):
    """Attention, then a perceptron at each position; both are added to what they read."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, heads, dropout)
        self.norm2, self.up = nn.LayerNorm(width), nn.Linear(width, 4 * width)
        self.gelu, self.down, self.dropout = nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        h_BTD = x_BTD + self.attention(self.norm1(x_BTD))
        y_BTD: Tensor = h_BTD + self.dropout(self.down(self.gelu(self.up(self.norm2(h_BTD)))))
        return y_BTD


class GPT(nn.Module):
    """Embeddings of tokens and places, blocks, a last norm, and scores for the next token at every position."""

    def __init__(
        self,
        context: int,
        vocabulary: int,
        *,
        layers: int,
        heads: int,
        width: int,
        dropout: float,
        tied: bool,
    ) -> None:
        super().__init__()
        self.context = context
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self._draw(layers)
        if tied:
            self.head.weight = self.token_embedding.weight

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to scores of the next one, (B, T, V); T may be shorter than the context."""
        places_T = torch.arange(whole("gpt", x_BT, "hamlet").shape[1], device=x_BT.device)
        places_BT = places_T.expand_as(
            x_BT
        )  # a row for each sample, as every layer has, for whoever listens in
        h_BTD = self.dropout(self.token_embedding(x_BT) + self.position_embedding(places_BT))
        for block in self.blocks:
            h_BTD = block(h_BTD)
        y_BTV: Tensor = self.head(self.norm(h_BTD))
        return y_BTV

    def _draw(self, layers: int) -> None:
        """Draw the weights as GPT-2 does: what is added to the stream is smaller, the more is added to it."""
        for name, parameter in self.named_parameters():
            if name.endswith(("proj.weight", "down.weight")):
                nn.init.normal_(parameter, std=STD / (2 * layers) ** 0.5)
            elif parameter.ndim > 1:
                nn.init.normal_(parameter, std=STD)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)


@model("gpt")
def gpt(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    layers: int = 4,
    heads: int = 4,
    width: int = 128,
    dropout: float = 0.0,
    tied: bool = True,
) -> nn.Module:
    """GPT: a causal transformer that foretells each next token.

    Parameters: V·D + T·D + layers·(12·D² + 13·D) + 2·D; on hamlet with 64 characters of context 809,856. The
    6 × 384 of nanoGPT's Shakespeare is ``gpt:layers=6,heads=6,width=384,dropout=0.2`` on ``hamlet:context=256``.

    Args:
        input_shape: (T,), the context.
        outputs: V, tokens in the vocabulary.
        layers: Blocks.
        heads: Heads of attention in each block.
        width: D, numbers at each position; a multiple of ``heads``.
        dropout: Share that is dropped in training: of attention, of what is added, of the embeddings.
        tied: Whether the scores are products with the embeddings of the tokens (Press and Wolf, 2017).

    Returns:
        The network, drawn as GPT-2 was.

    Raises:
        UsageError: If samples are no tokens or a knob makes no sense.
    """
    in_range("gpt", "layers", layers, 1, 1000)
    in_range("gpt", "width", width, 1, 100_000)
    in_range("gpt", "heads", heads, 1, width)
    in_range("gpt", "dropout", dropout, 0, 0.99)
    if width % heads:
        raise UsageError(
            f"width of gpt must be a multiple of its {heads} heads, not {width}: try {width // heads * heads}"
        )
    context = context_length("gpt", input_shape, "hamlet")
    return GPT(context, outputs, layers=layers, heads=heads, width=width, dropout=dropout, tied=tied)

"""BERT: Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers*, 2019 (post-norm, learned places).

Modules are named as in Hugging Face's checkpoints, so that their tensors fit without renaming.
Shape letters in this file: B batch, T positions, D width, N heads, H size of a head (D / N), V vocabulary, C classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.models._activation import named_activation
from dltui.models._tokens import whole

Head = Literal["none", "classes", "words"]


@dataclass(frozen=True)
class BertConfig:
    """Sizes, under the names that ``config.json`` gives them.

    Attributes:
        vocab_size: V, tokens in the vocabulary.
        hidden_size: D, numbers at each position.
        num_hidden_layers: Blocks.
        num_attention_heads: N, heads of attention in each block.
        intermediate_size: Numbers between the two matrices of the perceptron.
        max_position_embeddings: The most tokens of a text.
        type_vocab_size: Kinds of segments.
        hidden_act: Nonlinearity of the perceptron.
        layer_norm_eps: What is added to the variance.
        head: What stands on top: nothing, scores of classes, or scores of masked words.
        num_labels: C, where there are classes.
        first_position: Number of the first place; RoBERTa starts at 2.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12
    head: Head = "none"
    num_labels: int = 2
    first_position: int = 0

    @property
    def context(self) -> int:
        """The most tokens that can be read."""
        return self.max_position_embeddings - self.first_position


class Embeddings(nn.Module):
    """A vector for each token, and for its place and its segment."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.first = config.first_position
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, config.layer_norm_eps)

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens of one segment to (B, T, D)."""
        places_T = self.first + torch.arange(x_BT.shape[1], device=x_BT.device)
        h_BTD = self.word_embeddings(x_BT) + self.position_embeddings(places_T.expand_as(x_BT))
        y_BTD: Tensor = self.LayerNorm(h_BTD + self.token_type_embeddings(torch.zeros_like(x_BT)))
        return y_BTD


class SelfAttention(nn.Module):
    """Attention of several heads over the whole text, in both directions."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape: what the heads have gathered, one after the other."""
        q_BNTH, k_BNTH, v_BNTH = (
            part(x_BTD).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        y_BNTH = functional.scaled_dot_product_attention(q_BNTH, k_BNTH, v_BNTH)
        return y_BNTH.transpose(1, 2).flatten(2)


class Output(nn.Module):
    """A matrix, the sum with what was read before, and a norm."""

    def __init__(self, inner: int, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)

    def forward(self, h_BTI: Tensor, x_BTD: Tensor) -> Tensor:
        """Return the norm of the sum, (B, T, D)."""
        y_BTD: Tensor = self.LayerNorm(self.dense(h_BTI) + x_BTD)
        return y_BTD


class Attention(nn.Module):
    """Self-attention with what follows it."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = Output(config.hidden_size, config)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        y_BTD: Tensor = self.output(self.self(x_BTD), x_BTD)
        return y_BTD


class Intermediate(nn.Module):
    """The first half of the perceptron."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = named_activation(config.hidden_act)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, I)."""
        y_BTI: Tensor = self.activation(self.dense(x_BTD))
        return y_BTI


class Layer(nn.Module):
    """One block: attention, then a perceptron at each position."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention, self.intermediate = Attention(config), Intermediate(config)
        self.output = Output(config.intermediate_size, config)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        a_BTD = self.attention(x_BTD)
        y_BTD: Tensor = self.output(self.intermediate(a_BTD), a_BTD)
        return y_BTD


class Encoder(nn.Module):
    """The blocks, one after the other."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        for block in self.layer:
            x_BTD = block(x_BTD)
        return x_BTD


class Pooler(nn.Module):
    """The first position, made ready for a decision."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, D)."""
        return torch.tanh(self.dense(x_BTD[:, 0]))


class Words(nn.Module):
    """Scores for every word of the vocabulary at every position, with the embeddings as its last matrix."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.activation = named_activation(config.hidden_act)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, config.layer_norm_eps)
        self.decoder = nn.Linear(config.hidden_size, config.vocab_size)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, V)."""
        y_BTV: Tensor = self.decoder(self.LayerNorm(self.activation(self.dense(x_BTD))))
        return y_BTV


class Bert(nn.Module):
    """An encoder of text; tokens in, and out what its head makes of them."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings, self.encoder = Embeddings(config), Encoder(config)
        if config.head == "classes":
            self.pooler = Pooler(config)
            self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        elif config.head == "words":
            self.words = Words(config)
        self.tie()

    def tie(self) -> None:
        """Let the scores of words share the embeddings, as they do in training."""
        if self.config.head == "words":
            self.words.decoder.weight = self.embeddings.word_embeddings.weight

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to the last states (B, T, D), to scores of classes (B, C), or of words (B, T, V)."""
        h_BTD: Tensor = self.encoder(self.embeddings(whole("bert", x_BT, "hamlet")))
        if self.config.head == "classes":
            h_BTD = self.classifier(self.pooler(h_BTD))
        elif self.config.head == "words":
            h_BTD = self.words(h_BTD)
        return h_BTD


def sentence_embedding(states_BTD: Tensor) -> Tensor:
    """Return one vector of length 1 for each text, as sentence encoders such as MiniLM make it.

    Args:
        states_BTD: The last states, without padding.

    Returns:
        Their mean over the positions, normalised, shape (B, D); the product of two is their cosine.
    """
    return functional.normalize(states_BTD.mean(dim=1), dim=-1)

"""GPT-2 as it was published: Radford et al., *Language Models are Unsupervised Multitask Learners*, 2019.

Modules are named as in Hugging Face's checkpoints; their matrices of shape (in, out) are turned when they are read.
Shape letters in this file: B batch, T positions, D width, N heads, H size of a head (D / N), V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.models._activation import named_activation
from dltui.models._tokens import whole


@dataclass(frozen=True)
class GPT2Config:
    """Sizes, under the names that ``config.json`` gives them.

    Attributes:
        vocab_size: V, tokens in the vocabulary.
        n_positions: The most tokens of a text.
        n_embd: D, numbers at each position.
        n_layer: Blocks.
        n_head: N, heads of attention in each block.
        n_inner: Numbers between the two matrices of the perceptron; four times the width when None.
        activation_function: Nonlinearity of the perceptron.
        layer_norm_epsilon: What is added to the variance.
    """

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    n_inner: int | None = None
    activation_function: str = "gelu_new"
    layer_norm_epsilon: float = 1e-5

    @property
    def context(self) -> int:
        """The most tokens that can be read."""
        return self.n_positions


class Attention(nn.Module):
    """Causal self-attention of several heads."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.heads = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        q_BNTH, k_BNTH, v_BNTH = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in self.c_attn(x_BTD).chunk(3, dim=-1)
        )
        y_BNTH = functional.scaled_dot_product_attention(q_BNTH, k_BNTH, v_BNTH, is_causal=True)
        y_BTD: Tensor = self.c_proj(y_BNTH.transpose(1, 2).flatten(2))
        return y_BTD


class Perceptron(nn.Module):
    """Two matrices with a nonlinearity between them."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        inner = config.n_inner or 4 * config.n_embd
        self.c_fc, self.c_proj = nn.Linear(config.n_embd, inner), nn.Linear(inner, config.n_embd)
        self.act = named_activation(config.activation_function)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        y_BTD: Tensor = self.c_proj(self.act(self.c_fc(x_BTD)))
        return y_BTD


class Block(nn.Module):
    """Attention, then a perceptron at each position; both are added to what they read."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = (nn.LayerNorm(config.n_embd, config.layer_norm_epsilon) for _ in range(2))
        self.attn, self.mlp = Attention(config), Perceptron(config)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        h_BTD = x_BTD + self.attn(self.ln_1(x_BTD))
        y_BTD: Tensor = h_BTD + self.mlp(self.ln_2(h_BTD))
        return y_BTD


class GPT2(nn.Module):
    """Embeddings of tokens and places, blocks, a last norm, and scores for the next token at every position."""

    def __init__(self, config: GPT2Config) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.n_positions, config.n_embd)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd, config.layer_norm_epsilon)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.tie()

    def tie(self) -> None:
        """Let the scores share the embeddings of the tokens."""
        self.lm_head.weight = self.wte.weight

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to scores of the next one, (B, T, V)."""
        places_T = torch.arange(whole("gpt2", x_BT, "hamlet").shape[1], device=x_BT.device)
        h_BTD = self.wte(x_BT) + self.wpe(places_T.expand_as(x_BT))
        for block in self.h:
            h_BTD = block(h_BTD)
        y_BTV: Tensor = self.lm_head(self.ln_f(h_BTD))
        return y_BTV

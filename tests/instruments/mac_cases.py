# ruff: noqa: E501 - a case is a row of a table
"""Multiply-accumulates worked by hand: modules that counters trip over, each with its product written out.

Batch 2, evaluation mode, matrix products only: biases, averages, normalisation and activations have none. The
derivation is an expression over the sizes, so that what is printed is what is computed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import checkpoint


@dataclass(frozen=True)
class Case:
    """One module with its inputs and its multiply-accumulates.

    Attributes:
        name: What is tried.
        build: Makes the module.
        inputs: Makes what goes in.
        by_hand: The product, as an expression.
        why: Where the factors come from.
    """

    name: str
    build: Callable[[], nn.Module]
    inputs: Callable[[], tuple[Any, ...]]
    by_hand: str
    why: str

    @property
    def macs(self) -> int:
        """The product worked out."""
        return int(eval(self.by_hand, {"__builtins__": {}}))  # an expression of this very file


def x(*shape: int) -> Callable[[], tuple[Tensor, ...]]:
    """Return a maker of one float input."""
    return lambda: (torch.zeros(shape),)


def xs(*shapes: tuple[int, ...]) -> Callable[[], tuple[Tensor, ...]]:
    """Return a maker of several float inputs."""
    return lambda: tuple(torch.zeros(shape) for shape in shapes)


def ids(*shape: int) -> Callable[[], tuple[Tensor, ...]]:
    """Return a maker of one input of indices."""
    return lambda: (torch.zeros(shape, dtype=torch.int64),)


class Call(nn.Module):
    """Parameters and a function of them: code without layers."""

    def __init__(self, function: Callable[..., Any], *shapes: tuple[int, ...]) -> None:
        super().__init__()
        self.function = function
        self.weights = nn.ParameterList(nn.Parameter(torch.zeros(shape)) for shape in shapes)

    def forward(self, *given: Tensor) -> Any:
        return self.function(*given, *self.weights)


class Attention(nn.Module):
    """Queries, keys and values by one layer, then torch's attention with four heads of 16."""

    def __init__(self, *, mask: bool = False, causal: bool = False) -> None:
        super().__init__()
        self.qkv, self.mask, self.causal = nn.Linear(64, 192), mask, causal

    def forward(self, h: Tensor) -> Tensor:
        q, k, v = self.qkv(h).view(2, 10, 3, 4, 16).permute(2, 0, 3, 1, 4)
        mask = torch.ones(10, 10, dtype=torch.bool).tril() if self.mask else None
        return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=self.causal)


class Weightless(nn.Module):
    """Attention of which only the mixture is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(64, 4, batch_first=True)

    def forward(self, h: Tensor) -> Tensor:
        return self.attention(h, h, h, need_weights=False)[0]


class Grouped(nn.Module):
    """Eight query heads over two key heads."""

    def forward(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)


class Three(nn.Module):
    """One layer used three times."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)

    def forward(self, h: Tensor) -> Tensor:
        return self.layer(self.layer(self.layer(h)))


class Tied(nn.Module):
    """An embedding whose table is also the head."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = nn.Embedding(100, 16), nn.Linear(16, 100, bias=False)
        self.head.weight = self.table.weight

    def forward(self, i: Tensor) -> Tensor:
        return self.head(self.table(i))


class Unrolled(nn.Module):
    """A cell stepped by a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(10, 20)

    def forward(self, s: Tensor) -> Tensor:
        state = None
        for step in s:
            state = self.cell(step, state)
        return state[0]


class Packed(nn.Module):
    """Sequences of 5 and 3 steps without their padding."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(10, 20)

    def forward(self, s: Tensor) -> Tensor:
        return self.rnn(pack_padded_sequence(s, [5, 3]))[1]


class Again(nn.Module):
    """A module that calls itself."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 16)

    def forward(self, h: Tensor, depth: int = 3) -> Tensor:
        return self(self.layer(h), depth - 1) if depth else h


class Deciding(nn.Module):
    """A second layer that runs because of what the numbers are."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(16, 16), nn.Linear(16, 8)

    def forward(self, h: Tensor) -> Tensor:
        h = self.first(h)
        return self.second(h) if bool((h * 0).sum() == 0) else h


class Named(nn.Module):
    """A dictionary in, a dictionary out."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(16, 8), nn.Linear(4, 8)

    def forward(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        return {"sum": self.left(parts["a"]) + self.right(parts["b"])}


class Checkpointed(nn.Module):
    """A block whose inside is computed again in the backward pass."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16))

    def forward(self, h: Tensor) -> Tensor:
        return checkpoint(self.block, h, use_reentrant=False)


class Columns(nn.Module):
    """A convolution written as a matrix product of unfolded windows."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(8, 27))

    def forward(self, h: Tensor) -> Tensor:
        return self.weight @ functional.unfold(h, 3, padding=1)


def frozen(module: nn.Module) -> nn.Module:
    """Return a module whose weights get no gradient."""
    return module.requires_grad_(False)


MHA = "2 * (4*10*64*64 + 2*10*10*64)"
CASES = [
    Case("Conv2d", lambda: nn.Conv2d(3, 8, 3, padding=1), x(2, 3, 32, 32), "2 * 8*32*32 * 3*3*3", "places × window"),
    Case("Conv2d depthwise", lambda: nn.Conv2d(8, 8, 3, padding=1, groups=8), x(2, 8, 32, 32), "2 * 8*32*32 * 3*3", "each channel sees itself"),
    Case("Conv2d groups, stride, dilation", lambda: nn.Conv2d(6, 8, 3, stride=2, dilation=2, groups=2), x(2, 6, 17, 17), "2 * 8*7*7 * 3*3*3", "(17−4−1)//2+1 = 7, 6/2 channels"),
    Case("Conv1d", lambda: nn.Conv1d(4, 6, 5, stride=2), x(2, 4, 21), "2 * 6*9 * 4*5", "(21−5)//2+1 = 9"),
    Case("Conv3d", lambda: nn.Conv3d(2, 4, 3), x(2, 2, 5, 5, 5), "2 * 4*3*3*3 * 2*27", "5−3+1 = 3"),
    Case("Conv2d same, even kernel", lambda: nn.Conv2d(3, 8, 2, padding="same"), x(2, 3, 4, 4), "2 * 8*4*4 * 3*2*2", "size kept"),
    Case("Conv1d circular padding", lambda: nn.Conv1d(3, 4, 3, padding=2, padding_mode="circular"), x(2, 3, 8), "2 * 4*10 * 3*3", "8+4−3+1 = 10"),
    Case("ConvTranspose2d", lambda: nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1), x(2, 8, 16, 16), "2 * 8*16*16 * 4*4*4", "places of the input"),
    Case("ConvTranspose2d groups", lambda: nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1, groups=4), x(2, 8, 16, 16), "2 * 8*16*16 * 1*4*4", "4/4 channels out"),
    Case("ConvTranspose1d output_padding", lambda: nn.ConvTranspose1d(3, 5, 3, stride=3, output_padding=1), x(2, 3, 7), "2 * 3*7 * 5*3", "padding costs nothing"),
    Case("ConvTranspose3d", lambda: nn.ConvTranspose3d(2, 2, 2, stride=2), x(2, 2, 3, 3, 3), "2 * 2*27 * 2*8", "places of the input"),
    Case("F.conv2d on a Parameter", lambda: Call(lambda h, w: functional.conv2d(h, w), (4, 3, 3, 3)), x(2, 3, 8, 8), "2 * 4*6*6 * 3*3*3", "no layer to be seen"),
    Case("unfold and a matrix product", Columns, x(2, 3, 8, 8), "2 * 8*64 * 27", "a convolution by hand"),
    Case("Conv2d with weight_norm", lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)), x(2, 3, 8, 8), "2 * 4*6*6 * 3*3*3", "norms are no products"),
    Case("Linear", lambda: nn.Linear(64, 32), x(2, 64), "2 * 64*32", "rows × in × out"),
    Case("Linear on (2, 10, 64)", lambda: nn.Linear(64, 64), x(2, 10, 64), "2*10 * 64*64", "every row"),
    Case("Linear on (2, 3, 5, 8)", lambda: nn.Linear(8, 4, bias=False), x(2, 3, 5, 8), "2*3*5 * 8*4", "every row"),
    Case("F.linear on a Parameter", lambda: Call(functional.linear, (32, 64)), x(2, 64), "2 * 64*32", "no layer to be seen"),
    Case("Bilinear", lambda: nn.Bilinear(3, 4, 5), xs((2, 3), (2, 4)), "2 * 5 * (3*4 + 3)", "A·x₂ first, then x₁ᵀ"),
    Case("x @ Parameter", lambda: Call(lambda h, w: h @ w, (16, 32)), x(2, 8, 16), "2*8 * 16*32", "no layer to be seen"),
    Case("matrix times vector", lambda: Call(lambda h, w: h @ w, (16,)), x(2, 8, 16), "2*8 * 16", "one number a row"),
    Case("baddbmm", lambda: Call(torch.baddbmm), xs((2, 4, 5), (2, 4, 6), (2, 6, 5)), "2 * 4*6*5", "the sum beside it is no MAC"),
    Case("einsum bij,bkj->bik", lambda: Call(lambda a, b: torch.einsum("bij,bkj->bik", a, b)), xs((2, 4, 6), (2, 5, 6)), "2 * 4*5*6", "all letters once"),
    Case("einsum of three", lambda: Call(lambda a, w, v: torch.einsum("bi,ij,jk->bk", a, w, v), (6, 5), (5, 3)), x(2, 6), "2*6*5 + 2*5*3", "left to right"),
    Case("tensordot", lambda: Call(lambda a, w: torch.tensordot(a, w, 2), (3, 4, 7)), x(2, 3, 4), "2 * 3*4 * 7", "two dimensions summed"),
    Case("MultiheadAttention", lambda: nn.MultiheadAttention(64, 4, batch_first=True), lambda: (torch.zeros(2, 10, 64),) * 3, MHA, "4 projections, scores, mixture"),
    Case("MultiheadAttention without weights", lambda: Weightless(), x(2, 10, 64), MHA, "the fused kernel does the same"),
    Case("MultiheadAttention frozen", lambda: frozen(nn.MultiheadAttention(64, 4, batch_first=True)), lambda: (torch.zeros(2, 10, 64),) * 3, MHA, "a fused path hides all"),
    Case("MultiheadAttention cross, kdim, vdim", lambda: nn.MultiheadAttention(64, 4, kdim=32, vdim=16, batch_first=True), xs((2, 10, 64), (2, 7, 32), (2, 7, 16)), "2 * (2*10*64*64 + 7*64*(32+16) + 2*10*7*64)", "q and out, k, v, scores, mixture"),
    Case("MultiheadAttention zero and bias keys", lambda: nn.MultiheadAttention(64, 4, add_bias_kv=True, add_zero_attn=True, batch_first=True), lambda: (torch.zeros(2, 10, 64),) * 3, "2 * (4*10*64*64 + 2*10*12*64)", "two more keys"),
    Case("F.scaled_dot_product_attention", Attention, x(2, 10, 64), "2*10 * 64*192 + 2*4 * 2*10*10*16", "projection, scores, mixture"),
    Case("the same, causal", lambda: Attention(causal=True), x(2, 10, 64), "2*10 * 64*192 + 2*4 * 2*10*10*16", "counted as if all were computed"),
    Case("the same, masked", lambda: Attention(mask=True), x(2, 10, 64), "2*10 * 64*192 + 2*4 * 2*10*10*16", "counted as if all were computed"),
    Case("grouped-query attention", Grouped, xs((2, 8, 10, 16), (2, 2, 12, 16), (2, 2, 12, 16)), "2*8 * 2*10*12*16", "all query heads"),
    Case("TransformerEncoderLayer", lambda: nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), x(2, 10, 64), MHA + " + 2*2*10 * 64*128", "attention and two layers"),
    Case("TransformerEncoderLayer frozen", lambda: frozen(nn.TransformerEncoderLayer(64, 4, 128, batch_first=True)), x(2, 10, 64), MHA + " + 2*2*10 * 64*128", "a fused path hides all"),
    Case("TransformerDecoderLayer", lambda: nn.TransformerDecoderLayer(64, 4, 128, batch_first=True), xs((2, 10, 64), (2, 7, 64)), MHA + " + 2*(2*10*64*64 + 2*7*64*64 + 2*10*7*64) + 2*2*10 * 64*128", "self, cross, two layers"),
    Case("LSTM", lambda: nn.LSTM(10, 20), x(5, 2, 10), "5*2 * 4*20 * (10+20)", "steps × batch × weights"),
    Case("LSTM, 2 layers, both ways", lambda: nn.LSTM(10, 20, 2, bidirectional=True), x(5, 2, 10), "5*2*2 * 4*20 * ((10+20) + (40+20))", "the second reads 40"),
    Case("LSTM proj_size", lambda: nn.LSTM(10, 20, proj_size=5), x(5, 2, 10), "5*2 * (4*20*(10+5) + 5*20)", "hidden 5, one projection"),
    Case("GRU", lambda: nn.GRU(10, 20, batch_first=True), x(2, 5, 10), "5*2 * 3*20 * (10+20)", "three gates"),
    Case("RNN", lambda: nn.RNN(10, 20), x(5, 2, 10), "5*2 * 20 * (10+20)", "one gate"),
    Case("LSTMCell in a loop", Unrolled, x(5, 2, 10), "5*2 * 4*20 * (10+20)", "as the layer"),
    Case("GRU on packed sequences", Packed, x(5, 2, 10), "(5+3) * 3*20 * (10+20)", "real steps only"),
    Case("one Linear three times", Three, x(2, 16), "3 * 2*16*16", "every call"),
    Case("a module that calls itself", Again, x(2, 16), "3 * 2*16*16", "every call once"),
    Case("tied embedding and head", Tied, ids(2, 7), "2*7 * 16*100", "looking up is free"),
    Case("dictionary in and out", Named, lambda: ({"a": torch.zeros(2, 16), "b": torch.zeros(2, 4)},), "2 * (16*8 + 4*8)", "two layers"),
    Case("checkpointed block", Checkpointed, x(2, 16), "2 * (16*32 + 32*16)", "forward only"),
    Case("a branch on the numbers", Deciding, x(2, 16), "2 * (16*16 + 16*8)", "can't run on meta"),
    Case("AvgPool2d", lambda: nn.AvgPool2d(2), x(2, 8, 16, 16), "0", "averages"),
    Case("LayerNorm", lambda: nn.LayerNorm(64), x(2, 10, 64), "0", "normalisation"),
    Case("BatchNorm2d", lambda: nn.BatchNorm2d(8), x(2, 8, 16, 16), "0", "normalisation"),
    Case("Embedding", lambda: nn.Embedding(100, 16), ids(2, 7), "0", "looking up"),
    Case("EmbeddingBag", lambda: nn.EmbeddingBag(100, 16), ids(2, 7), "0", "looking up and averages"),
    Case("Upsample bilinear", lambda: nn.Upsample(scale_factor=2, mode="bilinear"), x(2, 3, 8, 8), "0", "interpolation"),
]  # fmt: skip

"""Llama: Touvron et al., *LLaMA: Open and Efficient Foundation Language Models*, 2023 (and SmolLM2, Mistral, Qwen2).

RMS norms before each half of a block, places as rotations, queries that share keys and values in groups (Ainslie et
al. 2023), and a perceptron with a gate (Shazeer 2020). Modules are named as in Hugging Face's checkpoints.
Shape letters in this file: B batch, T positions, D width, N heads of queries, K heads of keys, H size of a head,
V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.models._activation import named_activation
from dltui.models._registry import model
from dltui.models._rotary import Rotary, rotated
from dltui.models._tokens import context_length, whole
from dltui.spelling import in_range

STD = 0.02  # of fresh weights


@dataclass(frozen=True)
class LlamaConfig:
    """Sizes, under the names that ``config.json`` gives them.

    Attributes:
        vocab_size: V, tokens in the vocabulary.
        hidden_size: D, numbers at each position.
        num_hidden_layers: Blocks.
        num_attention_heads: N, heads of queries in each block.
        num_key_value_heads: K, heads of keys and values; as many queries share one as N / K.
        intermediate_size: Numbers inside of the perceptron.
        max_position_embeddings: The most tokens of a text.
        head_dim: H; D / N when None.
        rms_norm_eps: What is added to the mean square.
        hidden_act: Nonlinearity of the gate.
        attention_bias: Whether queries, keys and values have a bias, as in Qwen2.
        output_bias: Whether the matrix behind the heads has one.
        tie_word_embeddings: Whether the scores are products with the embeddings.
        rotary: How places turn queries and keys.
    """

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int
    intermediate_size: int
    max_position_embeddings: int = 2048
    head_dim: int | None = None
    rms_norm_eps: float = 1e-6
    hidden_act: str = "silu"
    attention_bias: bool = False
    output_bias: bool = False
    tie_word_embeddings: bool = False
    rotary: Rotary = field(default_factory=Rotary)

    @property
    def context(self) -> int:
        """The most tokens that can be read."""
        return self.max_position_embeddings

    @property
    def head_size(self) -> int:
        """H, numbers of a head."""
        return self.head_dim or self.hidden_size // self.num_attention_heads


class Attention(nn.Module):
    """Causal self-attention whose queries share keys and values in groups."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        size, width, bias = config.head_size, config.hidden_size, config.attention_bias
        self.size, self.rotary = size, config.rotary
        self.groups = config.num_attention_heads // config.num_key_value_heads
        self.q_proj = nn.Linear(width, config.num_attention_heads * size, bias)
        self.k_proj = nn.Linear(width, config.num_key_value_heads * size, bias)
        self.v_proj = nn.Linear(width, config.num_key_value_heads * size, bias)
        self.o_proj = nn.Linear(config.num_attention_heads * size, width, config.output_bias)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        turns = self.rotary.frequencies(self.size)
        q_BNTH, k_BKTH, v_BKTH = (
            part(x_BTD).unflatten(-1, (-1, self.size)).transpose(1, 2)
            for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        k_BNTH, v_BNTH = (
            part.repeat_interleave(self.groups, dim=1) for part in (rotated(k_BKTH, turns), v_BKTH)
        )
        y_BNTH = functional.scaled_dot_product_attention(
            rotated(q_BNTH, turns), k_BNTH, v_BNTH, is_causal=True
        )
        y_BTD: Tensor = self.o_proj(y_BNTH.transpose(1, 2).flatten(2))
        return y_BTD


class Perceptron(nn.Module):
    """A perceptron whose inside is multiplied by a gate (SwiGLU)."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj, self.up_proj = (
            nn.Linear(width, inner, bias=False),
            nn.Linear(width, inner, bias=False),
        )
        self.down_proj = nn.Linear(inner, width, bias=False)
        self.act = named_activation(config.hidden_act)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        y_BTD: Tensor = self.down_proj(self.act(self.gate_proj(x_BTD)) * self.up_proj(x_BTD))
        return y_BTD


class Block(nn.Module):
    """Attention, then a perceptron at each position; both are added to what they read."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.mlp = Perceptron(config)

    def forward(self, x_BTD: Tensor) -> Tensor:
        """Map (B, T, D) to the same shape."""
        h_BTD = x_BTD + self.self_attn(self.input_layernorm(x_BTD))
        y_BTD: Tensor = h_BTD + self.mlp(self.post_attention_layernorm(h_BTD))
        return y_BTD


class Body(nn.Module):
    """Embeddings, blocks and the last norm."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))
        self.norm = nn.RMSNorm(config.hidden_size, config.rms_norm_eps)

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to (B, T, D)."""
        h_BTD = self.embed_tokens(x_BT)
        for block in self.layers:
            h_BTD = block(h_BTD)
        y_BTD: Tensor = self.norm(h_BTD)
        return y_BTD


class Llama(nn.Module):
    """A decoder of text: scores for the next token at every position."""

    def __init__(self, config: LlamaConfig) -> None:
        super().__init__()
        self.config = config
        self.model = Body(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.tie()

    def tie(self) -> None:
        """Let the scores share the embeddings of the tokens, where the configuration says so."""
        if self.config.tie_word_embeddings:
            self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, x_BT: Tensor) -> Tensor:
        """Map tokens to scores of the next one, (B, T, V)."""
        y_BTV: Tensor = self.lm_head(self.model(whole("llama", x_BT, "hamlet")))
        return y_BTV


@model("llama")
def llama(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    layers: int = 4,
    heads: int = 4,
    groups: int = 2,
    width: int = 128,
    tied: bool = True,
) -> nn.Module:
    """Llama: a causal transformer with rotated queries, shared keys and gated perceptrons.

    With H = D / heads and K = heads / groups, parameters are V·D + D + layers·(2·D² + 2·D·K·H + 3·D·I + 2·D), I being
    8/3·D rounded up to a multiple of 8; on hamlet with 64 characters of context 734,464.

    Args:
        input_shape: (T,), the context.
        outputs: V, tokens in the vocabulary.
        layers: Blocks.
        heads: Heads of queries in each block.
        groups: How many queries share one head of keys and values; 1 for the first Llama.
        width: D, numbers at each position; an even multiple of ``heads``.
        tied: Whether the scores are products with the embeddings of the tokens (Press and Wolf, 2017).

    Returns:
        The network with fresh weights.

    Raises:
        UsageError: If samples are no tokens or a knob makes no sense.
    """
    in_range("llama", "layers", layers, 1, 1000)
    in_range("llama", "width", width, 1, 100_000)
    in_range("llama", "heads", heads, 1, width)
    in_range("llama", "groups", groups, 1, heads)
    if width % (2 * heads):
        fit = max(1, width // (2 * heads)) * 2 * heads
        raise UsageError(
            f"width of llama must be an even multiple of its {heads} heads, not {width}: try {fit}"
        )
    if heads % groups:
        raise UsageError(
            f"heads of llama must be a multiple of groups, not {heads} with {groups}: try groups=1"
        )
    config = LlamaConfig(
        vocab_size=outputs,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads // groups,
        intermediate_size=-(-8 * width // 24) * 8,
        max_position_embeddings=context_length("llama", input_shape, "hamlet"),
        tie_word_embeddings=tied,
    )
    made = Llama(config)
    for part in made.modules():
        if isinstance(part, nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, std=STD)
    return made

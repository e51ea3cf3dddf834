"""Language models as numbers: parameters, activations and cache of a stack of decoder layers.

A layer is attention (query heads over shared key heads) and a feed-forward network, each behind a norm and with a
skip around it. The presets of ``assets/decoders`` are those that people load most, with the sizes of their
published configurations.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from dltui.errors import unknown
from dltui.shapes.report import ShapeError

FOLDER = Path(__file__).parent.parent / "assets" / "decoders"


@dataclass(frozen=True, slots=True)
class Kept:
    """A tensor that a layer keeps for its backward pass.

    Attributes:
        name: What it is.
        numbers: Numbers a token and layer.
        size: Bytes a number; 0 stands for the type of the activations.
        split: Whether tensor parallelism alone splits it; sequence parallelism splits the others too.
        formula: The numbers in letters.
    """

    name: str
    numbers: int
    size: int
    split: bool
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder:
    """A language model by its sizes.

    Attributes:
        layers: Decoder layers.
        hidden: Features h of a token.
        heads: Query heads a.
        kv_heads: Key and value heads g; as many as query heads when 0.
        head_dim: Features d of a head; h / a when 0.
        ffn: Hidden features f of the feed-forward network; 4·h when 0.
        gated: Whether it is down(silu(gate)·up), three matrices, instead of two.
        vocab: Words V of the table; 0 leaves embedding and head out.
        tied: Whether the head is the table.
        positions: Learned places.
        experts: Feed-forward networks that a token chooses from; 0 for one.
        top_k: How many it takes.
        bias: Whether all linear layers and norms have biases.
        qkv_bias: Whether only the projections to query, key and value have.
        head_norms: Whether each query and key head passes a norm of its own.
        dropout: Whether masks of dropout are kept too.
    """

    layers: int
    hidden: int
    heads: int
    kv_heads: int = 0
    head_dim: int = 0
    ffn: int = 0
    gated: bool = False
    vocab: int = 0
    tied: bool = False
    positions: int = 0
    experts: int = 0
    top_k: int = 1
    bias: bool = False
    qkv_bias: bool = False
    head_norms: bool = False
    dropout: bool = False

    def __post_init__(self) -> None:
        for key in ("layers", "hidden", "heads"):
            if getattr(self, key) < 1:
                raise ShapeError(f"{key} must be at least 1, not {getattr(self, key)}", key)
        if self.heads % self.shared:
            raise ShapeError(f"{self.heads} query heads don't split over {self.shared} key heads", "kv_heads")
        if not self.head_dim and self.hidden % self.heads:
            raise ShapeError(
                f"hidden {self.hidden} does not split into {self.heads} heads; give head_dim", "heads"
            )

    @property
    def shared(self) -> int:
        """Key and value heads g."""
        return self.kv_heads or self.heads

    @property
    def each(self) -> int:
        """Features d of a head."""
        return self.head_dim or self.hidden // self.heads

    @property
    def inner(self) -> int:
        """Hidden features f of the feed-forward network."""
        return self.ffn or 4 * self.hidden

    @property
    def embedding(self) -> int:
        """Parameters of the tables of words and places."""
        return (self.vocab + self.positions) * self.hidden

    @property
    def head(self) -> int:
        """Parameters of the last norm and the head, the table not counted again."""
        norm = (2 if self.bias else 1) * self.hidden if self.vocab else 0
        return norm + (0 if self.tied else self.vocab * self.hidden)

    @property
    def attention(self) -> int:
        """Parameters of one attention: q and o of a·d, k and v of g·d features."""
        query, key = self.heads * self.each, self.shared * self.each
        biases = (query + 2 * key if self.bias or self.qkv_bias else 0) + (self.hidden if self.bias else 0)
        return 2 * self.hidden * (query + key) + biases + (2 * self.each if self.head_norms else 0)

    @property
    def feed_forward(self) -> int:
        """Parameters of all feed-forward networks of one layer, and of the router that chooses."""
        matrices = 3 if self.gated else 2
        biases = (matrices - 1) * self.inner + self.hidden if self.bias else 0
        one = matrices * self.hidden * self.inner + biases
        return self.experts * (one + self.hidden) if self.experts else one

    @property
    def layer(self) -> int:
        """Parameters of one layer: attention, feed-forward, two norms."""
        return self.attention + self.feed_forward + (4 if self.bias else 2) * self.hidden

    @property
    def parameters(self) -> int:
        """Numbers that are learned."""
        return self.embedding + self.layers * self.layer + self.head

    @property
    def active(self) -> int:
        """Parameters that one token meets: of the experts only those that it takes."""
        if not self.experts:
            return self.parameters
        router = self.experts * self.hidden
        spared = (self.feed_forward - router) // self.experts * (self.experts - self.top_k)
        return self.parameters - self.layers * spared

    def kept(self, length: int, *, scores: bool = False) -> tuple[Kept, ...]:
        """Return what one layer keeps for its backward pass, a token.

        With ``dropout``, ungated and f = 4·h in 2 bytes that is s·b·h·(34 + 5·a·s/h) bytes a layer, as Korthikanti
        et al. 2022 count (arXiv:2205.05198), and s·b·h·34 without the scores.

        Args:
            length: Tokens s of a sequence; only the scores depend on it.
            scores: Whether the probabilities are kept, as plain attention does, instead of one float32 a query and
                head, as FlashAttention does.

        Returns:
            Tensors with numbers a token.
        """
        h, a, query, key = self.hidden, self.heads, self.heads * self.each, self.shared * self.each
        taken = self.top_k if self.experts else 1
        inner = taken * self.inner
        found = [
            Kept("input of the first norm", h, 0, False, "h"),
            Kept("input of q, k, v", h, 0, False, "h"),
            Kept("q, k, v", query + 2 * key, 0, True, "a·d + 2·g·d"),
            Kept("probabilities", a * length, 0, True, "a·s")
            if scores
            else Kept("log-sum-exp", a, 4, True, "a"),
            Kept("output of the heads", query, 0, True, "a·d"),
            Kept("input of the second norm", h, 0, False, "h"),
            Kept("input of the feed-forward", h, 0, False, "h"),
        ]
        if self.head_norms:
            found.append(Kept("q and k before their norms", query + key, 0, True, "a·d + g·d"))
        if self.gated:
            found += [
                Kept("gate and up", 2 * inner, 0, True, "2·f"),
                Kept("silu(gate)", inner, 0, True, "f"),
                Kept("silu(gate)·up", inner, 0, True, "f"),
            ]
        else:
            found += [
                Kept("hidden before the activation", inner, 0, True, "f"),
                Kept("hidden after the activation", inner, 0, True, "f"),
            ]
        if self.dropout:
            found.append(Kept("masks of dropout", 2 * h, 1, False, "2·h"))
            if scores:
                found += [
                    Kept("mask over the probabilities", a * length, 1, True, "a·s"),
                    Kept("probabilities after dropout", a * length, 0, True, "a·s"),
                ]
        return tuple(found)

    def cache_numbers(self, tokens: int, window: int | None = None) -> int:
        """Return the numbers of the KV cache of one sequence: 2 · layers · g · d · tokens.

        Args:
            tokens: Tokens so far.
            window: How many of them a token sees; all when None.

        Returns:
            Keys and values of all layers.
        """
        return 2 * self.layers * self.shared * self.each * (tokens if window is None else min(tokens, window))


def named_decoders() -> list[str]:
    """Return the names of the language models that ship, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.decoder"))


def read_decoder(text: str) -> Decoder:
    """Return a language model from its name or its sizes.

    Args:
        text: Such as ``llama3-8b``, or ``layers=32 hidden=4096 heads=32 kv_heads=8``; parted by spaces or commas.

    Returns:
        Its sizes.

    Raises:
        ShapeError: If there is no such name or size, or one is missing.
    """
    if "=" not in text:
        known = named_decoders()
        if text not in known:
            raise ShapeError(str(unknown("language model", text, known)), "what")
        text = (FOLDER / f"{text}.decoder").read_text(encoding="utf-8")
        text = " ".join(line for line in text.splitlines() if not line.startswith("#"))
    kinds = {field.name: str(field.type) for field in fields(Decoder)}
    settings: dict[str, int | bool] = {}
    for word in text.replace(",", " ").split():
        key, _, value = word.partition("=")
        key = key.strip().replace("-", "_")
        if key not in kinds:
            raise ShapeError(str(unknown("size of a language model", key, kinds)), key)
        settings[key] = (
            value.lower() in {"", "true", "yes", "1"} if kinds[key] == "bool" else counted(key, value)
        )
    missing = [key for key in ("layers", "hidden", "heads") if key not in settings]
    if missing:
        raise ShapeError(
            f"a language model needs {missing[0]}, such as layers=32 hidden=4096 heads=32", missing[0]
        )
    return Decoder(**settings)  # type: ignore[arg-type]


UNITS = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}


def counted(argument: str, text: str) -> int:
    """Return a whole number from its spelling.

    Args:
        argument: Its name, for the error.
        text: Such as ``7e9``, ``7b``, ``1.5B``, ``128k`` or ``7_000_000``.

    Returns:
        The number, rounded.

    Raises:
        ShapeError: If it is none, or below 0.
    """
    bare = text.strip().lower().replace("_", "")
    unit = UNITS.get(bare[-1:], 1)
    try:
        value = float(bare[:-1] if unit > 1 else bare) * unit
        if not 0 <= value < 1e18:
            raise ValueError
    except ValueError:
        raise ShapeError(
            f"{argument} {text!r} is no number; expected one like 7e9, 7b or 4096", argument
        ) from None
    return round(value)

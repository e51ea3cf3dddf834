"""The families of pretrained transformers that can be opened: their configurations, and the names of their tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, get_args, get_type_hints

import torch
from torch import Tensor

from dltui.errors import DltuiError
from dltui.models._rotary import Rotary
from dltui.models.bert import Bert, BertConfig, Head
from dltui.models.gpt2 import GPT2, GPT2Config
from dltui.models.llama import Llama, LlamaConfig
from dltui.models.vit import ViT, ViTConfig

State = dict[str, Tensor]
Settings = Mapping[str, Any]
Network = Bert | GPT2 | Llama | ViT
C = TypeVar("C")
N = TypeVar("N", Bert, GPT2, Llama, ViT)
LARGEST = 10_000_000  # no size of a network is larger; a number beyond it is a mistake or malice
ROTARY_KINDS = ("default", "linear", "llama3")


def settled(kind: type[C], settings: Settings, **known: Any) -> C:
    """Return a configuration from what a file says.

    Args:
        kind: A dataclass whose fields are named as in the file.
        settings: What the file says.
        known: Fields that the file spells otherwise.

    Returns:
        The configuration.

    Raises:
        DltuiError: If a size is missing, or is none.
    """
    hints = get_type_hints(kind)
    chosen = dict(known)
    for part in fields(kind):  # type: ignore[arg-type]
        given = settings.get(part.name)
        if part.name in chosen or (given is None and part.default is not MISSING):
            continue
        wanted = get_args(hints[part.name]) or (hints[part.name],)
        if float in wanted and isinstance(given, int) and not isinstance(given, bool):
            given = float(given)
        if not isinstance(given, wanted) or (isinstance(given, bool) and bool not in wanted):
            raise DltuiError(f"the configuration says {part.name} = {given!r}: expected {_told(wanted)}")
        if isinstance(given, int) and not 0 <= given <= LARGEST:
            raise DltuiError(f"the configuration says {part.name} = {given}: expected 0 to {LARGEST}")
        chosen[part.name] = given
    return kind(**chosen)


def _told(wanted: tuple[Any, ...]) -> str:
    """Return what was expected in words."""
    named = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}
    return next((named[one] for one in wanted if one in named), "another value")


def divides(heads: int, width: int) -> None:
    """Refuse heads that can't share a width."""
    if heads < 1 or width % heads:
        raise DltuiError(
            f"the configuration says {heads} heads for a width of {width}, which they can't share"
        )


def without(prefixes: tuple[str, ...], state: State) -> State:
    """Return tensors whose names have lost a prefix."""
    for prefix in prefixes:
        state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state


def empty(kind: Callable[[C], N], config: C, layers: int, state: State) -> N:
    """Return a network without memory for its weights, which come from a file that must hold some for each layer."""
    if layers > len(state):
        raise DltuiError(f"the configuration says {layers} layers, but there are {len(state)} tensors")
    with torch.device("meta"):
        return kind(config)


BERT_WORDS = (
    (r"cls\.predictions\.transform\.(dense|LayerNorm)\.", r"words.\1."),
    (r"cls\.predictions\.decoder\.", "words.decoder."),
    (r"cls\.predictions\.bias", "words.decoder.bias"),
    (r"lm_head\.dense\.", "words.dense."),
    (r"lm_head\.layer_norm\.", "words.LayerNorm."),
    (r"lm_head\.decoder\.", "words.decoder."),
    (r"lm_head\.bias", "words.decoder.bias"),
    (r"classifier\.dense\.", "pooler.dense."),
    (r"classifier\.out_proj\.", "classifier."),
    (r"LayerNorm\.gamma", "LayerNorm.weight"),
    (r"LayerNorm\.beta", "LayerNorm.bias"),
)


def bert(settings: Settings, state: State) -> tuple[Network, State]:
    """Return BERT or RoBERTa with what stands on top of it."""
    state = renamed(BERT_WORDS, without(("bert.", "roberta."), state))
    head: Head = "none"
    if "classifier.weight" in state and "pooler.dense.weight" in state:
        head = "classes"
    elif "words.dense.weight" in state:
        head = "words"
    unread = {
        "none": ("pooler.", "classifier.", "words."),
        "words": ("pooler.", "classifier."),
        "classes": ("words.",),
    }
    state = {
        name: tensor
        for name, tensor in state.items()
        if not name.startswith(("cls.seq_relationship.", *unread[head])) and not name.endswith("position_ids")
    }
    place = settings.get("position_embedding_type", "absolute")
    if place != "absolute":
        raise DltuiError(f"this BERT tells places as {place}: expected absolute")
    first = int(settings.get("pad_token_id") or 0) + 1 if settings.get("model_type") == "roberta" else 0
    labels = len(state["classifier.weight"]) if head == "classes" else 0
    config = settled(BertConfig, settings, head=head, num_labels=labels, first_position=first)
    divides(config.num_attention_heads, config.hidden_size)
    if head == "words":
        state["words.decoder.weight"] = state["embeddings.word_embeddings.weight"]
    return empty(Bert, config, config.num_hidden_layers, state), state


def gpt2(settings: Settings, state: State) -> tuple[Network, State]:
    """Return GPT-2, whose matrices are stored the other way round."""
    state = without(("transformer.",), state)
    turned = ("attn.c_attn.weight", "attn.c_proj.weight", "mlp.c_fc.weight", "mlp.c_proj.weight")
    state = {
        name: tensor.T.contiguous() if name.endswith(turned) else tensor
        for name, tensor in state.items()
        if not re.search(r"\.attn\.(bias|masked_bias)$", name)
    }
    if "wte.weight" in state:
        state["lm_head.weight"] = state["wte.weight"]
    config = settled(GPT2Config, settings)
    divides(config.n_head, config.n_embd)
    return empty(GPT2, config, config.n_layer, state), state


def llama(settings: Settings, state: State) -> tuple[Network, State]:
    """Return Llama or one of its kin: Mistral and SmolLM2 with other sizes, Qwen2 with biases."""
    state = {name: tensor for name, tensor in state.items() if not name.endswith("rotary_emb.inv_freq")}
    tied = bool(settings.get("tie_word_embeddings", False)) or "lm_head.weight" not in state
    if tied and "model.embed_tokens.weight" in state:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    known: dict[str, Any] = {"tie_word_embeddings": tied, "rotary": rotary(settings)}
    first = "model.layers.0.self_attn"
    known["attention_bias"] = f"{first}.q_proj.bias" in state
    known["output_bias"] = f"{first}.o_proj.bias" in state
    if settings.get("num_key_value_heads") is None:
        known["num_key_value_heads"] = settings.get("num_attention_heads")
    window = settings.get("sliding_window") if settings.get("use_sliding_window", True) else None
    if isinstance(window, int):  # within it every token sees all that come before, as without one
        known["max_position_embeddings"] = min(window, int(settings.get("max_position_embeddings", window)))
    config = settled(LlamaConfig, settings, **known)
    if config.head_dim is None:
        divides(config.num_attention_heads, config.hidden_size)
    divides(config.num_key_value_heads, config.num_attention_heads)
    return empty(Llama, config, config.num_hidden_layers, state), state


def rotary(settings: Settings) -> Rotary:
    """Return how places turn queries and keys.

    Args:
        settings: What the file says.

    Returns:
        Base and stretching.

    Raises:
        DltuiError: If the context was stretched in a way that isn't known here.
    """
    found = settings.get("rope_parameters") or settings.get("rope_scaling") or {}
    kind = found.get("rope_type", found.get("type", "default"))
    if kind not in ROTARY_KINDS:
        raise DltuiError(f"this model stretches its context by {kind!r}: expected {', '.join(ROTARY_KINDS)}")
    return Rotary(
        theta=float(found.get("rope_theta") or settings.get("rope_theta") or 10_000.0),
        kind=kind,
        factor=float(found.get("factor", 1.0)),
        low_freq_factor=float(found.get("low_freq_factor", 1.0)),
        high_freq_factor=float(found.get("high_freq_factor", 4.0)),
        original_context=int(found.get("original_max_position_embeddings", 8192)),
    )


VIT_NAMES = (
    (r"embeddings\.cls_token", "cls_token"),
    (r"embeddings\.position_embeddings", "pos_embed"),
    (r"embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"encoder\.layer\.(\d+)\.attention\.output\.dense\.", r"blocks.\1.attn.proj."),
    (r"encoder\.layer\.(\d+)\.intermediate\.dense\.", r"blocks.\1.mlp.fc1."),
    (r"encoder\.layer\.(\d+)\.output\.dense\.", r"blocks.\1.mlp.fc2."),
    (r"encoder\.layer\.(\d+)\.layernorm_before\.", r"blocks.\1.norm1."),
    (r"encoder\.layer\.(\d+)\.layernorm_after\.", r"blocks.\1.norm2."),
    (r"layernorm\.", "norm."),
    (r"classifier\.", "head."),
)
VIT_PART = re.compile(r"encoder\.layer\.(\d+)\.attention\.attention\.query\.(weight|bias)")


def vit(settings: Settings, state: State) -> tuple[Network, State]:
    """Return a vision transformer; its queries, keys and values become one matrix."""
    state = without(("vit.",), state)
    state = {name: tensor for name, tensor in state.items() if not name.startswith("pooler.")}
    for name in [name for name in state if VIT_PART.fullmatch(name)]:
        parts = [name.replace("query", part) for part in ("query", "key", "value")]
        if all(part in state for part in parts):
            layer, what = VIT_PART.fullmatch(name).groups()  # type: ignore[union-attr]
            state[f"blocks.{layer}.attn.qkv.{what}"] = torch.cat([state.pop(part) for part in parts])
    state = renamed(VIT_NAMES, state)
    sides = {key: _pair(settings.get(key)) for key in ("image_size", "patch_size")}
    labels = len(state["head.weight"]) if "head.weight" in state else 0
    config = settled(ViTConfig, settings, num_labels=labels, **sides)
    divides(config.num_attention_heads, config.hidden_size)
    return empty(ViT, config, config.num_hidden_layers, state), state


def _pair(side: Any) -> tuple[int, int]:
    """Return height and width of a square, or of what is told as two sides."""
    both = side if isinstance(side, list) and len(side) == 2 else [side, side]
    if not all(isinstance(one, int) and 0 < one <= LARGEST for one in both):
        raise DltuiError(f"the configuration says a side of {side!r}: expected pixels")
    return both[0], both[1]


def renamed(rules: tuple[tuple[str, str], ...], state: State) -> State:
    """Return tensors under other names: each rule is looked for at the start and after every dot."""
    found = {}
    for before, tensor in state.items():
        name = before
        for pattern, put in rules:
            name = re.sub(rf"(?:^|(?<=\.)){pattern}", put, name)
        found[name] = tensor
    return found


# the types that config.json names -> what builds the network and renames the tensors
FAMILIES: dict[str, Callable[[Settings, State], tuple[Network, State]]] = {
    "bert": bert,
    "roberta": bert,
    "gpt2": gpt2,
    "llama": llama,
    "mistral": llama,
    "qwen2": llama,
    "vit": vit,
}

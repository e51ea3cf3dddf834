"""Opening a language model of llama.cpp: a GGUF file, its blocks of few bits turned back into numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dltui.checkpoints.families import State
from dltui.checkpoints.huggingface import Pretrained, assemble
from dltui.checkpoints.tokens import Vocabulary, byte_level, from_folder
from dltui.data.takes import Takes
from dltui.errors import DltuiError
from dltui.models.llama import Llama

ARCHITECTURES = ("llama", "qwen2")
SPECIAL = (3, 4)  # types of tokens that are never split: control and user-defined
SIZES = {
    "hidden_size": "embedding_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "attention.head_count_kv",
    "intermediate_size": "feed_forward_length",
    "max_position_embeddings": "context_length",
    "head_dim": "attention.key_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
    "rope_theta": "rope.freq_base",
}
NAMES = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+"
)
# how text is cut before pairs are merged, by the name in the file: the pattern, and whether digits stand alone
CUTS: dict[str, tuple[str, bool]] = {
    "default": ("", False),
    "gpt-2": ("", False),
    "smollm": ("", True),
    "llama-bpe": (LLAMA3, False),
    "qwen2": (LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}"), False),
}


def open_gguf(path: Path) -> Pretrained:
    """Open a language model that llama.cpp wrote.

    Args:
        path: A ``.gguf`` file of the architecture llama or qwen2.

    Returns:
        The model; its weights in float32, dequantised.

    Raises:
        DltuiError: If the ``gguf`` package is missing, the file is damaged, or holds another architecture.
    """
    reader = _reader(path)
    about = dict(reader.fields)
    kind = _of(about, "general.architecture")
    if kind not in ARCHITECTURES:
        raise DltuiError(
            f"{path} holds a model of the architecture {kind!r}: expected {' or '.join(ARCHITECTURES)}"
        )
    settings = {name: _of(about, f"{kind}.{key}") for name, key in SIZES.items()}
    settings |= {"model_type": kind, "vocab_size": len(_of(about, "tokenizer.ggml.tokens") or ())}
    module = assemble(settings, _state(reader, settings, path), str(path))
    assert isinstance(module, Llama)
    takes = Takes("tokens", (module.config.context,), tokenizer=_vocabulary(about, path))
    return Pretrained(module, path.stem, str(path), takes)


def _reader(path: Path) -> Any:
    """Return the reader of the ``gguf`` package, the file mapped into memory."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise DltuiError(f"reading {path} needs the gguf package: pip install 'dltui[gguf]'") from error
    try:
        return GGUFReader(path)
    except Exception as error:  # the package raises whatever damage leads to
        raise DltuiError(f"can't read {path}: {error}; expected a GGUF file that is whole") from error


def _of(about: Mapping[str, Any], key: str) -> Any:
    """Return what a file says under a key, or None."""
    found = about.get(key)
    return None if found is None else found.contents()


def _state(reader: Any, settings: Mapping[str, Any], path: Path) -> State:
    """Return the tensors under the names of Hugging Face's checkpoints, in float32."""
    from gguf import dequantize

    state: State = {}
    for tensor in reader.tensors:
        name = _named(tensor.name)
        if name is None:
            continue
        try:
            values = np.array(dequantize(tensor.data, tensor.tensor_type), np.float32)
        except Exception as error:
            raise DltuiError(
                f"{path}: can't decode {tensor.name} ({tensor.tensor_type.name}): {error}"
            ) from error
        state[name] = _unwoven(torch.from_numpy(values), name, settings)
    return state


def _named(name: str) -> str | None:
    """Return what Hugging Face's checkpoints call a tensor; None for tables that are computed here."""
    found = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)", name)
    if found is None or found[2] not in NAMES:
        return None if name.startswith("rope_") else name
    layer = f"model.layers.{found[1]}." if found[1] else ""
    return f"{layer}{NAMES[found[2]]}.{found[3]}"


def _unwoven(tensor: Tensor, name: str, settings: Mapping[str, Any]) -> Tensor:
    """Return the rows of queries and keys in halves; llama.cpp keeps the two of a pair beside each other."""
    heads = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}
    part = next((key for key in heads if f".{key}." in name), None)
    if part is None or settings["model_type"] != "llama":
        return tensor
    count = settings[heads[part]] or settings["num_attention_heads"]
    if not count or len(tensor) % (2 * count):
        return tensor
    pairs = tensor.reshape(count, -1, 2, *tensor.shape[1:])
    return pairs.transpose(1, 2).reshape(tensor.shape).contiguous()


def _vocabulary(about: Mapping[str, Any], path: Path) -> Vocabulary | None:
    """Return the tokenizer that the file holds, or the one that lies beside it."""
    model, cut = _of(about, "tokenizer.ggml.model"), _of(about, "tokenizer.ggml.pre") or "default"
    if model != "gpt2" or cut not in CUTS:
        return from_folder(path.parent)
    kinds = _of(about, "tokenizer.ggml.token_type") or []
    split, digits = CUTS[cut]
    return byte_level(
        _of(about, "tokenizer.ggml.tokens"),
        _of(about, "tokenizer.ggml.merges") or [],
        [place for place, kind in enumerate(kinds) if kind in SPECIAL],
        split=split,
        digits=digits,
    )

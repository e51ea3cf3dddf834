"""Opening a language model of llama.cpp: a GGUF file, its blocks of few bits turned back into numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dltui.archives import Archive, open_archive
from dltui.checkpoints.families import State
from dltui.checkpoints.huggingface import Pretrained, assemble
from dltui.checkpoints.tokens import Cut, Vocabulary, byte_level, from_folder
from dltui.data.takes import Takes
from dltui.errors import DltuiError
from dltui.models.llama import Llama

ARCHITECTURES = ("llama", "qwen2")
EMBEDDINGS = "token_embd.weight"
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
# how text is cut before pairs are merged, by the name in the file
CUTS: dict[str, Cut] = {
    "default": Cut(),
    "gpt-2": Cut(),
    "smollm": Cut(digits=True),
    "llama-bpe": Cut(LLAMA3, whole=True, begins=True),
    "qwen2": Cut(LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")),
}
LISTS = ("tokens", "merges", "token_type")  # of the vocabulary, which the header tells only by their length


def open_gguf(path: Path) -> Pretrained:
    """Open a language model that llama.cpp wrote.

    Args:
        path: A ``.gguf`` file of the architecture llama or qwen2.

    Returns:
        The model; its weights in float32, dequantised.

    Raises:
        DltuiError: If the ``gguf`` package is missing, the file is damaged, or holds another architecture.
    """
    with open_archive(path) as archive:  # it refuses what is damaged, before anything is believed
        about = archive.scalars
        kind = about.get("general.architecture")
        if kind not in ARCHITECTURES:
            raise DltuiError(
                f"{path} holds a model of the architecture {kind!r}: expected {' or '.join(ARCHITECTURES)}"
            )
        settings: dict[str, Any] = {name: about.get(f"{kind}.{key}") for name, key in SIZES.items()}
        rows = [entry.shape[0] for entry in archive.entries if entry.name == EMBEDDINGS]
        settings |= {"model_type": kind, "vocab_size": rows[0] if rows else None}
        module = assemble(settings, _state(archive, settings), str(path))
    assert isinstance(module, Llama)
    takes = Takes("tokens", (module.config.context,), tokenizer=_vocabulary(about, path))
    return Pretrained(module, path.stem, str(path), takes)


def _state(archive: Archive, settings: Mapping[str, Any]) -> State:
    """Return the tensors under the names of Hugging Face's checkpoints, in float32."""
    state: State = {}
    for entry in archive.entries:
        name = _named(entry.name)
        if name is not None:
            values = np.array(archive.values(entry.name), np.float32)
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
    model, name = about.get("tokenizer.ggml.model"), about.get("tokenizer.ggml.pre") or "default"
    if model != "gpt2" or name not in CUTS:
        return from_folder(path.parent)
    tokens, merges, kinds = _lists(path)
    cut = CUTS[str(name)]
    first = (
        about.get("tokenizer.ggml.bos_token_id")
        if about.get("tokenizer.ggml.add_bos_token", cut.begins)
        else None
    )
    special = [place for place, kind in enumerate(kinds[: len(tokens)]) if kind in SPECIAL]
    return byte_level(tokens, merges, special, cut, first=first if isinstance(first, int) else None)


def _lists(path: Path) -> list[list[Any]]:
    """Return the lists of the vocabulary."""
    try:
        from gguf import GGUFReader
    except ImportError as error:
        raise DltuiError(f"reading {path} needs the gguf package: pip install 'dltui[gguf]'") from error
    fields = GGUFReader(path).fields
    found = [fields.get(f"tokenizer.ggml.{name}") for name in LISTS]
    return [[] if field is None else list(field.contents()) for field in found]

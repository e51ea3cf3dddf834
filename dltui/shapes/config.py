"""Models from files: the configuration of a Hugging Face folder, the header of a weights file."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError, absent, unknown
from dltui.shapes.decoder import Decoder
from dltui.shapes.report import ShapeError

LARGEST_HEADER = 100_000_000  # bytes, as the format itself allows
GATED = ("llama", "mistral", "mixtral", "qwen2", "qwen3")
KINDS = ("gpt2", *GATED)


def read_config(path: Path) -> Decoder:
    """Return a language model from the ``config.json`` of a Hugging Face folder.

    Args:
        path: The file.

    Returns:
        Its sizes.

    Raises:
        UsageError: If there is no such file.
        DltuiError: If it can't be read.
        ShapeError: If it is of a kind that is not known here, or a size is missing.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise absent(path, "expected the config.json of a language model") from None
    except (OSError, ValueError) as error:
        raise DltuiError(
            f"can't read {path}: {_why(error)}; expected the config.json of a language model"
        ) from None
    if not isinstance(found, dict):
        raise DltuiError(f"{path} is no JSON object; expected the config.json of a language model")
    return decoder_of(found)


def decoder_of(config: dict[str, Any]) -> Decoder:
    """Return a language model from a Hugging Face configuration.

    Args:
        config: The configuration, with ``model_type``.

    Returns:
        Its sizes.

    Raises:
        ShapeError: If it is of a kind that is not known here, or a size is missing.
    """
    kind = str(config.get("model_type"))
    if kind not in KINDS:
        raise ShapeError(str(unknown("kind of language model", kind, KINDS)), "model_type")
    if kind == "gpt2":
        return Decoder(
            layers=_whole(config, "n_layer"),
            hidden=_whole(config, "n_embd"),
            heads=_whole(config, "n_head"),
            ffn=_whole(config, "n_inner", 0),
            vocab=_whole(config, "vocab_size"),
            positions=_whole(config, "n_positions"),
            tied=True,
            bias=True,
            dropout=True,
        )
    return Decoder(
        layers=_whole(config, "num_hidden_layers"),
        hidden=_whole(config, "hidden_size"),
        heads=_whole(config, "num_attention_heads"),
        kv_heads=_whole(config, "num_key_value_heads", 0),
        head_dim=_whole(config, "head_dim", 0),
        ffn=_whole(config, "intermediate_size"),
        gated=True,
        vocab=_whole(config, "vocab_size"),
        tied=bool(config.get("tie_word_embeddings", False)),
        experts=_whole(config, "num_local_experts", 0),
        top_k=_whole(config, "num_experts_per_tok", 1),
        qkv_bias=kind == "qwen2",
        head_norms=kind == "qwen3",
    )


def _whole(config: dict[str, Any], key: str, default: int | None = None) -> int:
    """Return a size of a configuration; ``null`` counts as left out."""
    value = config.get(key)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or value < 0:
        raise ShapeError(f"the configuration needs {key}, a whole number, not {value!r}", key)
    return value


def weights_in(path: Path) -> int:
    """Return how many numbers a ``.safetensors`` file holds, from its header alone.

    Args:
        path: The file.

    Returns:
        Numbers of all tensors.

    Raises:
        DltuiError: If it is no such file.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if not 2 <= length <= LARGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            header = json.loads(file.read(length))
        return sum(prod(one["shape"]) for name, one in header.items() if name != "__metadata__")
    except FileNotFoundError:
        raise absent(path, "expected a .safetensors file") from None
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DltuiError(f"can't read {path}: {_why(error)}; expected a .safetensors file") from None


def _why(error: Exception) -> str:
    """Return the reason of an error, without the number and the path of the system."""
    return str(getattr(error, "strerror", None) or error)

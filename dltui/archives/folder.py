"""Models of several files: an index of shards, and the folders of Hugging Face."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dltui.archives.base import Archive, Scalar, damaged
from dltui.archives.joined import Joined
from dltui.errors import DltuiError

INDEXES = (
    "model.safetensors.index.json",
    "pytorch_model.bin.index.json",
    "diffusion_pytorch_model.safetensors.index.json",
)
SINGLES = (
    "model.safetensors",
    "diffusion_pytorch_model.safetensors",
    "adapter_model.safetensors",
    "pytorch_model.bin",
    "diffusion_pytorch_model.bin",
    "adapter_model.bin",
)
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".onnx", ".npz", ".h5", ".keras")
CONFIGS = ("config.json", "adapter_config.json", "model_index.json")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.txt", "vocab.json", "merges.txt", "spiece.model")
MOST_JSON = 64_000_000  # bytes
MOST_SHARDS = 1000
LONG_TEXT = 200


def open_index(path: Path) -> Archive:
    """Open the shards that an ``index.json`` names.

    Args:
        path: The index.

    Returns:
        The tensors of all shards, in the order of the index.

    Raises:
        DltuiError: If it is another JSON, a shard is missing, or a shard lacks a tensor.
    """
    parts = _shards(path)
    return Joined(path, parts[0][1].format, parts)


def open_folder(path: Path) -> Archive:
    """Open the folder of a Hugging Face model.

    Args:
        path: The folder.

    Returns:
        The tensors of its shards, or of its one file, or of the parts of a pipeline, by the name of the part first;
        the plain values of its configuration as scalars, and its other files as metadata.

    Raises:
        DltuiError: If it holds no weights, or they are damaged.
    """
    parts = _parts(path)
    if not parts:
        inside = sorted(one.name for one in path.iterdir())[:4]
        what = f"a folder without weights, of {', '.join(inside)}" if inside else "an empty folder"
        raise DltuiError(
            f"{path} is {what}: expected model.safetensors, an "
            "index.json with its shards, or pytorch_model.bin; of a run of dltui, name run:NAME"
        )
    scalars: dict[str, Scalar] = {}
    metadata = {key: value for _, part in parts for key, value in part.metadata.items()}
    for name in CONFIGS:
        if (path / name).is_file():
            scalars |= _flat(read_json(path / name), "")
    tokenizer = [
        f"{name} ({(path / name).stat().st_size:,} bytes)" for name in TOKENIZERS if (path / name).is_file()
    ]
    if tokenizer:
        metadata["tokenizer"] = ", ".join(tokenizer)
    files = sorted({part.path.name for _, part in parts})
    metadata["files"] = ", ".join(files[:8]) + (f" and {len(files) - 8} more" if len(files) > 8 else "")
    return Joined(path, "hf-folder", parts, scalars=scalars, metadata=metadata)


def _parts(path: Path) -> list[tuple[str, Archive]]:
    """Return the archives of a folder, each with what is put before its names."""
    for name in INDEXES:
        if (path / name).is_file():
            return _shards(path / name)
    from dltui.archives.open import open_archive

    for name in SINGLES:
        if (path / name).is_file():
            return [("", open_archive(path / name))]
    if (path / "model_index.json").is_file():
        return [
            (f"{inner.name}.{before}", part)
            for inner in sorted(path.iterdir())
            if inner.is_dir()
            for before, part in _parts(inner)
        ]
    files = sorted(one for one in path.iterdir() if one.suffix in SUFFIXES and one.is_file())[:MOST_SHARDS]
    return [(f"{one.stem}." if len(files) > 1 else "", open_archive(one)) for one in files]


def _shards(path: Path) -> list[tuple[str, Archive]]:
    """Return the archives that an index names."""
    from dltui.archives.open import open_archive

    told = read_json(path)
    where = told.get("weight_map") if isinstance(told, dict) else None
    if not isinstance(where, dict) or not where or not all(isinstance(one, str) for one in where.values()):
        raise DltuiError(f"{path} is JSON without a weight_map: expected the index.json of a model's shards")
    names = list(dict.fromkeys(where.values()))
    if len(names) > MOST_SHARDS or any(
        "/" in name or "\\" in name or name in {"", ".", ".."} for name in names
    ):
        raise damaged(path, "it names shards outside its folder")
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing:
        raise DltuiError(
            f"{path} names {len(names)} shards, but {', '.join(missing[:3])}"
            f"{f' and {len(missing) - 3} more' if len(missing) > 3 else ''} can't be found: fetch what is missing"
        )
    parts = [("", open_archive(path.parent / name)) for name in names]
    known = {name: {one.name for one in part.entries} for name, (_, part) in zip(names, parts, strict=True)}
    lost = [tensor for tensor, name in where.items() if tensor not in known[name]]
    if lost:
        raise damaged(path, f"{where[lost[0]]} lacks {lost[0]!r}, which the index says is in it")
    return parts


def read_json(path: Path) -> Any:
    """Return what a JSON file of a model says.

    Raises:
        DltuiError: If it is too long or no JSON.
    """
    if path.stat().st_size > MOST_JSON:
        raise damaged(path, f"it has more than {MOST_JSON:,} bytes")
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise damaged(path, "it is no JSON") from error


def _flat(told: Any, before: str) -> dict[str, Scalar]:
    """Return the plain values of a configuration by name."""
    found: dict[str, Scalar] = {}
    if not isinstance(told, dict):
        return found
    for key, value in told.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.") if before.count(".") < 2 and len(value) < 40 else {}
        elif isinstance(value, list):
            plain = all(isinstance(one, int | float | str | bool | None) for one in value) and len(value) <= 8
            found[name] = "[" + ", ".join(map(str, value)) + "]" if plain else f"{len(value)} items"
        elif isinstance(value, str) and len(value) > LONG_TEXT:
            found[name] = value[:LONG_TEXT] + "…"
        else:
            found[name] = value
    return found

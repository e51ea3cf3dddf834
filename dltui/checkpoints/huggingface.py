"""Opening a folder as Hugging Face's libraries write it: configuration, weights, tokenizer; without those libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from dltui.checkpoints.families import FAMILIES, Network, State
from dltui.checkpoints.fit import check_fit
from dltui.checkpoints.read import read_weights
from dltui.checkpoints.tokens import from_folder
from dltui.data.takes import Takes
from dltui.errors import DltuiError
from dltui.models.bert import Bert
from dltui.models.gpt2 import GPT2
from dltui.models.llama import Llama
from dltui.models.spelled import CONFIG
from dltui.models.vit import ViT, ViTConfig

FILES = ("model.safetensors", "pytorch_model.bin")
INDEX = ".index.json"  # what a list of shards is called beyond the name of the file


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A model with weights of others.

    Attributes:
        module: The model, on the CPU, in evaluation mode.
        title: What to call it.
        note: Where its weights came from.
        takes: What one input of it is.
    """

    module: nn.Module
    title: str
    note: str
    takes: Takes


def open_folder(path: Path) -> Pretrained:
    """Open a folder of a pretrained transformer.

    Args:
        path: With ``config.json``, ``model.safetensors`` or ``pytorch_model.bin`` (or shards of them with their
            index), and the files of a tokenizer or of ``preprocessor_config.json``.

    Returns:
        The model; its weights in float32.

    Raises:
        DltuiError: If the architecture isn't known, or files are missing, damaged or don't fit together.
    """
    settings = read_json(path / CONFIG)
    kind = settings.get("model_type")
    if kind not in FAMILIES:
        raise DltuiError(f"{path} holds a model of the type {kind!r}: expected {', '.join(FAMILIES)}")
    module = assemble(settings, read_state(path), str(path))
    takes = (
        _sees(path, settings, module.config)
        if isinstance(module, ViT)
        else _reads_text(path, settings, module)
    )
    return Pretrained(module, path.resolve().name, str(path), takes)


def assemble(settings: Mapping[str, Any], state: State, place: str) -> Network:
    """Return the network of a configuration with its weights.

    Args:
        settings: What ``config.json`` says.
        state: Tensors by name, as the file has them.
        place: Where they came from, for the errors.

    Returns:
        The network in evaluation mode; no weight is held twice.

    Raises:
        DltuiError: If they don't fit together.
    """
    try:
        module, named = FAMILIES[settings["model_type"]](settings, state)
    except DltuiError as error:
        raise DltuiError(f"{place}: {error}") from error
    check_fit(module, named, place)
    module.load_state_dict({name: tensor.float() for name, tensor in named.items()}, assign=True)
    module.tie()
    return module.eval()


def read_state(path: Path) -> State:
    """Return all tensors of a folder.

    Args:
        path: The folder.

    Returns:
        Tensors by name, on the CPU.

    Raises:
        DltuiError: If there is no file of weights, or one is missing or damaged.
    """
    for name in FILES:
        if (path / name).is_file():
            return read_weights(path / name).state
        if (path / f"{name}{INDEX}").is_file():
            return _shards(path, read_json(path / f"{name}{INDEX}"))
    raise DltuiError(f"{path} holds no weights: expected {' or '.join(FILES)}, whole or in shards")


def _shards(path: Path, index: Mapping[str, Any]) -> State:
    """Return the tensors of several files; each must lie in the folder itself."""
    listed = index.get("weight_map")
    if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
        raise DltuiError(f"the index of the shards in {path} has no weight_map: expected files by tensor")
    state: State = {}
    for name in sorted(set(listed.values())):
        if Path(name).name != name:
            raise DltuiError(f"the index of the shards in {path} points to {name}: expected a file beside it")
        state |= read_weights(path / name).state
    return state


def read_json(path: Path) -> dict[str, Any]:
    """Return the object that a file of settings holds.

    Args:
        path: The file.

    Returns:
        Settings by name.

    Raises:
        DltuiError: If it can't be read, or holds no object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DltuiError(f"can't read {path}: {error}; expected settings in JSON") from error
    if not isinstance(found, dict):
        raise DltuiError(f"{path} holds a {type(found).__name__}: expected settings by name")
    return found


def _reads_text(path: Path, settings: Mapping[str, Any], module: Bert | GPT2 | Llama) -> Takes:
    """Return that a model reads tokens, how text becomes such, and what its outputs are where they are no tokens."""
    classes: tuple[str, ...] = ()
    if isinstance(module, Bert) and module.config.head == "classes":
        classes = _classes(settings)
    elif isinstance(module, Bert) and module.config.head == "none":
        classes = tuple(f"state {place}" for place in range(module.config.hidden_size))
    return Takes("tokens", (module.config.context,), classes=classes, tokenizer=from_folder(path))


def _classes(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the classes by number, where the configuration has them."""
    names = settings.get("id2label")
    if not isinstance(names, dict) or not all(str(key).isdecimal() for key in names):
        return ()
    return tuple(str(names[key]) for key in sorted(names, key=int))


def _sees(path: Path, settings: Mapping[str, Any], sizes: ViTConfig) -> Takes:
    """Return what pictures a model sees, and how they are prepared."""
    file = path / "preprocessor_config.json"
    prepared = read_json(file) if file.is_file() else {}
    plain = [0.5] * sizes.num_channels
    mean, std = (tuple(float(one) for one in prepared.get(key, plain)) for key in ("image_mean", "image_std"))
    shape = (sizes.num_channels, *sizes.image_size)
    return Takes("image", shape, mean, std, min(sizes.image_size), _classes(settings))

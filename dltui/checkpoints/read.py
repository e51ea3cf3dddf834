"""Reading files of weights: ``.safetensors`` and PyTorch's own, told apart by their bytes; nothing is unpickled."""

from __future__ import annotations

import json
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dltui.archives import open_archive
from dltui.errors import DltuiError, absent

HEADER = (
    "dltui-model"  # the key in a safetensors header under which dltui tells which model the weights are of
)
RESULT_HEADER = "dltui"  # the key that marks a saved result
WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "weights")
PREFIXES = ("module.", "_orig_mod.")  # what DistributedDataParallel and torch.compile put before every name
ZIP, OLD_PICKLE = b"PK\x03\x04", b"\x80"

State = dict[str, Tensor]


@dataclass(frozen=True)
class About:
    """What a checkpoint of dltui says of its weights.

    Attributes:
        model: The model as it was spelled.
        input_shape: Shape of one sample.
        outputs: Numbers out.
        run: The run that made it; empty when none did.
        step: Optimiser steps that were made.
    """

    model: str
    input_shape: tuple[int, ...]
    outputs: int
    run: str = ""
    step: int = 0


@dataclass(frozen=True, eq=False)
class Weights:
    """Tensors by name, and what is known of them.

    Attributes:
        state: The tensors, on the CPU.
        about: Which model they are of, or None when the file doesn't say.
    """

    state: State
    about: About | None


def read_weights(path: Path) -> Weights:
    """Read weights from a file.

    Args:
        path: ``.safetensors``, or a state dict that ``torch.save`` wrote, alone or under a key such as ``model``.

    Returns:
        The tensors on the CPU; prefixes of DistributedDataParallel and torch.compile are taken off.

    Raises:
        UsageError: If the file is missing, or a folder.
        DltuiError: If it is damaged, no weights, or would run code when read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise absent(path, "expected a file of weights, .safetensors or .pt") from error
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}; expected a file of weights") from error
    if head[8:9] == b"{":
        return _read_safetensors(path)
    if head.startswith((ZIP, OLD_PICKLE)):
        return Weights(_bare(_tensors(_unpack(path, head), path)), None)
    raise DltuiError(f"{path} holds no weights: expected .safetensors, or what torch.save wrote")


def _read_safetensors(path: Path) -> Weights:
    """Read tensors and, where dltui wrote them, what they are of."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            told = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dictionary
    except (SafetensorError, OSError) as error:
        raise DltuiError(f"can't read {path} as .safetensors: {error}; it may be cut short") from error
    if RESULT_HEADER in told:
        raise DltuiError(f"{path} is a saved result, not weights: try dltui open {path}")
    return Weights(_bare(state), _about(told[HEADER], path) if HEADER in told else None)


def _about(text: str, path: Path) -> About:
    """Return what dltui wrote about its own weights."""
    try:
        told = json.loads(text)
        return About(
            model=str(told["model"]),
            input_shape=tuple(int(size) for size in told["input_shape"]),
            outputs=int(told["outputs"]),
            run=str(told.get("run", "")),
            step=int(told.get("step", 0)),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise DltuiError(
            f"can't read what {path} says of its model: {type(error).__name__} {error}"
        ) from error


def _unpack(path: Path, head: bytes) -> object:
    """Return what ``torch.save`` stored, as long as it is tensors and plain values."""
    if head.startswith(ZIP) and _is_script(path):
        raise DltuiError(f"{path} is a TorchScript program, not weights: save model.state_dict() instead")
    try:
        with (
            path.open("rb") as file,
            warnings.catch_warnings(),
        ):  # by its name, torch would believe the suffix
            warnings.simplefilter("ignore")  # about pickle protocols; what can't be read raises
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        raise _refused(path) from error


def _refused(path: Path) -> DltuiError:
    """Return the error for what torch refuses: it lists what the file wants to run, or tells what is wrong with it."""
    try:
        open_archive(path).close()
    except DltuiError as why:
        return why
    return DltuiError(
        f"can't read {path} as weights: it holds more than tensors; `dltui inspect {path}` lists what it holds"
    )


def _is_script(path: Path) -> bool:
    """Return whether the archive is a TorchScript program."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/constants.pkl") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return False


def _tensors(stored: object, path: Path) -> State:
    """Return the state dict in what was stored, alone or one key down."""
    for key in ("", *WRAPPERS):
        found = stored if not key else stored.get(key) if isinstance(stored, Mapping) else None
        if isinstance(found, Mapping) and found and all(isinstance(v, Tensor) for v in found.values()):
            return {str(name): tensor for name, tensor in found.items()}
    raise DltuiError(f"{path} holds {_told(stored)}, not tensors by name: save model.state_dict()")


def _told(stored: Any) -> str:
    """Return in a few words what was found instead of a state dict."""
    if isinstance(stored, Mapping):
        return f"a dictionary of {', '.join(str(key) for key in list(stored)[:5]) or 'nothing'}"
    return f"a {type(stored).__name__}"


def _bare(state: State) -> State:
    """Take off a prefix that every name has because a wrapper put it there."""
    for prefix in PREFIXES:
        if state and all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
    return state

"""Putting weights into a model, or telling why they don't fit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from dltui.errors import DltuiError

SHOWN = 3  # mismatching tensors that are named


def fit_weights(module: nn.Module, state: Mapping[str, Tensor], path: Path | str) -> None:
    """Copy the tensors of ``state`` into ``module``; when one doesn't fit, nothing is changed.

    Args:
        module: The model.
        state: Tensors by name.
        path: Where they came from, for the error.

    Raises:
        DltuiError: If a tensor is missing, unexpected or of another shape; the first three are named.
    """
    check_fit(module, state, path)
    module.load_state_dict(state)


def check_fit(module: nn.Module, state: Mapping[str, Tensor], path: Path | str) -> None:
    """Refuse tensors that don't fit a model.

    Args:
        module: The model.
        state: Tensors by name.
        path: Where they came from, for the error.

    Raises:
        DltuiError: If a tensor is missing, unexpected or of another shape; the first three are named.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    found = {name: tuple(tensor.shape) for name, tensor in state.items()}
    wrong = mismatches(wanted, found)
    if wrong:
        raise DltuiError(f"{path} does not fit {type(module).__name__}: {first_of(wrong)}")


def first_of(wrong: list[str]) -> str:
    """Return the first few phrases as one, and how many more there are."""
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return f"{'; '.join(wrong[:SHOWN])}{more}"


def mismatches(wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return what differs, in the order of the model and then of the file.

    Args:
        wanted: Shapes by name in the model.
        found: Shapes by name in the file.

    Returns:
        One phrase a tensor; empty when they fit.
    """
    told = []
    for name, shape in wanted.items():
        if name not in found:
            told.append(f"{name} {_size(shape)} is missing in the file")
        elif found[name] != shape:
            told.append(f"{name} is {_size(found[name])} in the file, {_size(shape)} in the model")
    told += [
        f"{name} {_size(shape)} is not in the model" for name, shape in found.items() if name not in wanted
    ]
    return told


def _size(shape: tuple[int, ...]) -> str:
    """Return a shape as people write it."""
    return f"[{', '.join(map(str, shape))}]"

"""Fields as arrays by name, and back; checkpoints that others trained."""

from __future__ import annotations

import math
from pathlib import Path
from textwrap import shorten
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from dltui.errors import DltuiError, absent
from dltui.scene.nerf.classic import MlpField, from_checkpoint
from dltui.scene.nerf.composite import Box, cube
from dltui.scene.nerf.field import FEATURES, PLAIN, GridField
from dltui.scene.nerf.fit import AnyField, Fitted, Progress
from dltui.scene.nerf.hashed import HashField
from dltui.scene.nerf.march import CELLS, Occupied

BLENDER = 1.5  # half the side of the cube that published scenes lie in
MOST = 160  # letters of what is wrong with a file


def arrays_of(fitted: Fitted) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the tensors of a field by name, and what it is built by."""
    field = fitted.field
    found = {name: part.detach().cpu().numpy() for name, part in field.state_dict().items()}
    plain: dict[str, Any] = {"low": list(field.box.low), "high": list(field.box.high)}
    if isinstance(field, GridField):
        found["row"] = np.packbits(field.row.cpu().numpy() > 0)
        plain |= {"shape": list(field.shape), "voxel": field.voxel, "across": field.across}
    elif isinstance(field, MlpField):
        plain |= {"settings": field.settings(), "voxel": field.voxel}
    found["occupied"] = np.packbits(fitted.occupied.cells.cpu().numpy())
    return found, plain


def field_of(kind: str, arrays: dict[str, np.ndarray], plain: dict[str, Any], device: torch.device) -> Fitted:
    """Return a field from what ``arrays_of`` gave.

    Raises:
        DltuiError: If the tensors are not those of such a field.
    """
    try:
        return _built(kind, arrays, plain, device)
    except KeyError as error:
        raise DltuiError(f"the file holds no whole field: {error} is missing; fit it anew") from error
    except (RuntimeError, TypeError, ValueError) as error:
        told = shorten(str(error), MOST, placeholder=" …")
        raise DltuiError(f"the file holds no whole field: {told}; fit it anew") from error


def _built(kind: str, arrays: dict[str, np.ndarray], plain: dict[str, Any], device: torch.device) -> Fitted:
    """Return the field, or raise what the first part raises that is missing or doesn't fit."""
    box = Box(tuple(plain["low"]), tuple(plain["high"]))
    known = {name: torch.from_numpy(np.array(part)) for name, part in arrays.items()}
    cells = np.unpackbits(known.pop("occupied").numpy())[: CELLS**3].astype(bool)
    field: AnyField
    if kind == "grid":
        shape = tuple(plain["shape"])
        kept = torch.from_numpy(np.unpackbits(known["row"].numpy())[: math.prod(shape)].astype(bool))
        field = GridField(1, box, shape=shape, voxel=plain["voxel"], kept=kept)
        field.across = plain.get("across", 1)
        if known["table"].shape[1] == PLAIN:  # of before anything was shared: the fresh network adds nothing
            shared = {name: part for name, part in field.state_dict().items() if name.startswith("gloss.")}
            known |= {"table": functional.pad(known["table"], (0, FEATURES)), **shared}
        known["row"] = field.row
    elif kind == "hash":
        field = HashField(box)
    else:
        field = MlpField(box, **plain["settings"])
        field.voxel = plain["voxel"]
    field.load_state_dict(known)
    occupied = Occupied(box, device)
    occupied.cells = torch.from_numpy(cells).to(device)
    return Fitted(field.to(device), occupied, Progress())


def published(path: Path, device: torch.device) -> Fitted:
    """Return the networks of a checkpoint of nerf-pytorch, the coarse one to place samples; no code of it is run.

    Args:
        path: The file, a dictionary with ``network_fine_state_dict`` or ``network_fn_state_dict``.
        device: Where it shall live.

    Returns:
        The field in the cube of Blender's scenes.

    Raises:
        UsageError: If there is no such file.
        DltuiError: If it is something else.
    """
    if not path.is_file():
        raise absent(path, "expected what `dltui nerf train` kept, or one of nerf-pytorch")
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
        state = held.get("network_fine_state_dict") or held.get("network_fn_state_dict") or held
        field = from_checkpoint(state, cube(BLENDER))
        if held.get("network_fine_state_dict") and held.get("network_fn_state_dict"):
            field.coarse = from_checkpoint(held["network_fn_state_dict"], cube(BLENDER))
    except Exception as error:  # torch raises anything
        if isinstance(error, OSError):
            raise DltuiError(f"can't open {path}: {error.strerror}") from error
        told = shorten(str(error).partition("\n")[0], MOST, placeholder=" …")
        raise DltuiError(
            f"{path} is no checkpoint of a NeRF in the manner of nerf-pytorch: {told}"
        ) from error
    occupied = Occupied(field.box, device)
    fitted = Fitted(field.to(device), occupied, Progress())
    occupied.refresh(field)
    return fitted

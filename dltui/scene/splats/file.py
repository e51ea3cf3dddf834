"""Files of splats: PLY with the properties that Kerbl et al. 2023 write and every viewer of splats reads.

Coefficients beyond the first stand colour by colour: all of red, then of green, then of blue. Scales are logarithms,
opacities are before the sigmoid, quaternions are w, x, y, z.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from dltui.errors import DltuiError, absent
from dltui.files import check_target, write_bytes
from dltui.scene.ply import Ragged, read_ply
from dltui.scene.splats.gaussians import Gaussians

NEEDED = (
    "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
    "rot_0", "rot_1", "rot_2", "rot_3",
)  # fmt: skip
RESTS = {0: 0, 9: 1, 24: 2, 45: 3}  # coefficients beyond the first -> degree
LARGEST = 80.0  # logarithm of a scale, beyond which float32 has no number


def read_splats(path: Path) -> tuple[Gaussians, int]:
    """Read a file of splats.

    Args:
        path: Where it is.

    Returns:
        The splats, and how many were left out because a number was not finite or a rotation was 0.

    Raises:
        UsageError: If there is no such file.
        DltuiError: If it is no PLY file, holds no splats, or none that is finite.
    """
    if not path.is_file():
        raise absent(path, "expected a .ply of splats, or what `dltui splat train --save` kept")
    vertex = read_ply(path).elements.get("vertex", {})
    missing = [name for name in NEEDED if name not in vertex]
    if missing:
        raise DltuiError(
            f"{path} holds no splats: its vertices have no {', '.join(missing[:4])}; look at points with dltui cloud"
        )
    rest = sum(name.startswith("f_rest_") for name in vertex)
    if rest not in RESTS:
        raise DltuiError(f"{path} has {rest} properties f_rest_*: expected 0, 9, 24 or 45, for degrees 0 … 3")
    names = [*NEEDED, *(f"f_rest_{i}" for i in range(rest))]
    unnamed = [name for name in names if isinstance(vertex.get(name, None), Ragged | None)]
    if unnamed:
        raise DltuiError(f"{path} has no numbers {unnamed[0]}: expected f_rest_0 … f_rest_{rest - 1}")
    table = np.stack([np.asarray(vertex[name], np.float32) for name in names], 1)
    kept = np.isfinite(table).all(1) & (np.abs(table[:, 10:14]).max(1, initial=0) > 0)
    kept &= (table[:, 7:10] < LARGEST).all(1)
    if not kept.any():
        raise DltuiError(f"{path} has no splat whose numbers are finite: expected at least one")
    held = torch.from_numpy(np.ascontiguousarray(table[kept]))
    higher = held[:, 14:].reshape(len(held), 3, rest // 3).transpose(1, 2)
    harmonics = torch.cat([held[:, None, 3:6], higher], 1).contiguous()
    place, scale, turn = held[:, :3].clone(), held[:, 7:10].clone(), held[:, 10:14].clone()
    return Gaussians(place, scale, turn, held[:, 6].clone(), harmonics), int((~kept).sum())


def write_splats(splats: Gaussians, path: Path) -> None:
    """Write a file of splats, whole or not at all.

    Args:
        splats: The splats.
        path: Where to; its name must end in ``.ply``.

    Raises:
        UsageError: If it has another ending.
        DltuiError: If the folder can't be written.
    """
    check_target(path, (".ply",))
    count = len(splats)
    rest = splats.harmonics.shape[1] * 3 - 3
    names = ["x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2"]
    names += [f"f_rest_{i}" for i in range(rest)]
    names += ["opacity", *(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4))]
    parts = [
        splats.place, torch.zeros(count, 3), splats.harmonics[:, 0],
        splats.harmonics[:, 1:].transpose(1, 2).reshape(count, rest),
        splats.logit[:, None], splats.log_scale, splats.turn,
    ]  # fmt: skip
    body = torch.cat([part.detach().cpu().float() for part in parts], 1).numpy().astype("<f4")
    head = ["ply", "format binary_little_endian 1.0", "comment written by dltui", f"element vertex {count}"]
    head += [f"property float {name}" for name in names]
    write_bytes(path, "\n".join([*head, "end_header", ""]).encode() + body.tobytes())

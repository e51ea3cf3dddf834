"""The nearest change that makes a refused row work."""

from __future__ import annotations

from typing import Any

from dltui.shapes.report import Shape, ShapeError
from dltui.shapes.rows import Row, spell_row
from dltui.shapes.spelled import Spelled

SMALLER = (
    "kernel_size",
    "padding",
    "groups",
    "dilation",
    "stride",
    "num_groups",
    "nhead",
    "num_heads",
    "output_padding",
)
LARGER = ("padding", "output_padding")
TOLD = (
    "in_channels",
    "in_features",
    "num_features",
    "num_channels",
    "normalized_shape",
    "embed_dim",
    "d_model",
    "input_size",
)
REACH = 512


def repaired(row: Row, inputs: tuple[Shape, ...], error: ShapeError) -> str:
    """Return the row with the least change that works.

    Tried are: leaving out a size that the input tells, then one number more or less, two, and so on.

    Args:
        row: The row that is refused.
        inputs: Shapes that reach it.
        error: Why it is refused.

    Returns:
        The changed row in the short spelling; empty when nothing near works.
    """
    for settings in _tries(row.spelled, error.argument):
        spelled = Spelled(row.spelled.layer, settings)
        try:
            report = spelled(*inputs)
        except ShapeError:
            continue
        told = {key: value for key, value in report.told.items() if key in row.spelled.settings}
        return spell_row(Spelled(spelled.layer, settings | told))
    return ""


def _tries(spelled: Spelled, argument: str) -> list[dict[str, Any]]:
    """Return changed settings, the nearest first."""
    settings = spelled.settings
    told = [key for key in settings if key in TOLD]
    tries = [{key: value for key, value in settings.items() if key not in told}] if told else []
    if settings.get("padding") == "same":
        tries.append(settings | {"padding": 0})
    if "training" in spelled.layer.options:
        tries.append(settings | {"training": False})
    keys = sorted(
        (key for key in (*SMALLER, "padding") if key in spelled.layer.options),
        key=lambda key: key != argument,
    )
    for by in range(1, REACH):
        for key in dict.fromkeys(keys):
            for sign in (1, -1) if key in LARGER else (-1,):
                changed = _moved(settings.get(key, spelled.layer.defaults.get(key)), sign * by)
                if changed is not None:
                    tries.append(settings | {key: changed})
    return tries


def _moved(value: Any, by: int) -> Any:
    """Return a number or each of several moved by some, None where it would fall below 0 or is no number."""
    if isinstance(value, tuple | list) and all(isinstance(one, int) for one in value):
        moved = tuple(max(one + by, 1 if by < 0 else 0) for one in value)
        return moved if moved != tuple(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and value + by >= 0:
        return value + by
    return None

"""Bytes as people read them."""

from __future__ import annotations

from dltui.shapes.symbol import Symbol

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def bytes_text(count: float) -> str:
    """Return bytes in the unit that a person reads, powers of 1000; symbols as they stand.

    Args:
        count: Bytes.

    Returns:
        Such as ``120 GB`` or ``602.1 kB``.
    """
    if isinstance(count, Symbol):
        return f"{count} B"
    value, unit = float(count), UNITS[0]
    for unit in UNITS:
        if round(value, 9) < 1000 or unit == UNITS[-1]:
            break
        value /= 1000
    return f"{value:.4g} {unit}"


def binary_text(count: float) -> str:
    """Return bytes in powers of 1024, as tools for GPUs print them.

    Args:
        count: Bytes.

    Returns:
        Such as ``63 GiB``.
    """
    value, unit = float(count), "B"
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if value < 1024 or unit == "PiB":
            break
        value /= 1024
    return f"{value:.4g} {unit}"

"""Whether things may move by themselves."""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLE = "DLTUI_REDUCED_MOTION"


def reduced(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether nothing may move but what the user moves.

    Args:
        environ: Environment variables: ``DLTUI_REDUCED_MOTION`` set to anything but 0, or ``TEXTUAL_ANIMATIONS=none``.

    Returns:
        Whether animations, blinking and spinning are off.
    """
    return (
        environ.get(VARIABLE, "0") not in {"", "0"} or environ.get("TEXTUAL_ANIMATIONS", "").lower() == "none"
    )

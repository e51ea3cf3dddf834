"""What a file of weights seems to be, from names and shapes, with the reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dltui.contents.entry import Entry
from dltui.contents.facts import Shapes

SAID = ("architectures", "_class_name", "peft_type", "model_type", "general.architecture")
OPTIMISER = ("exp_avg", "momentum_buffer", "square_avg")


class Guess(NamedTuple):
    """What a file of weights seems to be.

    Attributes:
        guess: The architecture with its sizes.
        because: What tells so.
    """

    guess: str
    because: str


def guess(entries: Sequence[Entry], scalars: Mapping[str, Any], metadata: Mapping[str, str]) -> Guess | None:
    """Return what a file of weights seems to be.

    Args:
        entries: Its tensors.
        scalars: Plain values beside them, such as those of a ``config.json``.
        metadata: What it says about itself.

    Returns:
        The guess, or None where nothing tells.
    """
    said = _said(scalars, metadata)
    if not entries:
        return said
    from dltui.contents.families import FAMILIES

    shapes = Shapes(entries, scalars)
    for family in FAMILIES:
        found = family(shapes)
        if found is None:
            continue
        told, because = found
        if said is not None:
            told, because = f"{said.guess}: {told}", f"{said.because}; {because}"
        return Guess(told + _trained(entries), because)
    return said


def _said(scalars: Mapping[str, Any], metadata: Mapping[str, str]) -> Guess | None:
    """Return what the file itself says that it is."""
    if "dltui-model" in metadata:
        try:
            return Guess(str(json.loads(metadata["dltui-model"])["model"]), "dltui wrote so in the header")
        except (ValueError, KeyError, TypeError):
            return None
    if "dltui" in metadata:
        return Guess("a saved result of dltui, no weights", "the header has its mark; dltui open shows it")
    for key in SAID:
        if isinstance(scalars.get(key), str) and ("files" in metadata or key == "general.architecture"):
            value = str(scalars[key]).strip("[]")
            where = "the header" if key == "general.architecture" else "the configuration"
            return Guess(value, f"{where} says {key} {value}")
    if metadata.get("config"):
        return _keras(metadata["config"])
    return None


def _keras(text: str) -> Guess | None:
    """Return what a Keras configuration says."""
    try:
        told = json.loads(text)
        layers = [str(one["class_name"]) for one in told["config"].get("layers", [])]
        kinds = {kind: layers.count(kind) for kind in layers if kind != "InputLayer"}
        listed = ", ".join(f"{count} {kind}" if count > 1 else kind for kind, count in kinds.items())
        return Guess(f"Keras {told['class_name']} of {listed or 'no layers'}", "its configuration lists them")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _trained(entries: Sequence[Entry]) -> str:
    """Return what is told of an optimiser's state."""
    for entry in entries:
        word = next((one for one in OPTIMISER if entry.name.endswith("." + one)), "")
        if word:
            return f", with the state of an optimiser ({word})"
    return ""

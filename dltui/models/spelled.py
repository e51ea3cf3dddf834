"""How a model may be spelled, told apart without building one; a form asks here as a person types."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from dltui.errors import UsageError, unknown
from dltui.models._pretrained import PRETRAINED
from dltui.models._registry import MODELS
from dltui.runs import PREFIX
from dltui.spelling import is_function, split_knobs

USUAL_DATA = "digits"  # what networks are shown on when nothing else is said
LANGUAGE = "language"  # the family of networks that read tokens
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
CONFIG, GGUF = "config.json", b"GGUF"  # what tells a pretrained model: a file in its folder, the first bytes
Spelling = Literal["name", "run", "file", "function", "pretrained"]


def told_apart(spec: str) -> Spelling:
    """Return how a model is spelled.

    Args:
        spec: ``lenet`` or ``mlp:width=128``, ``run:NAME``, ``weights.safetensors``, ``package.module:function``, a
            folder of Hugging Face's, a GGUF file, or a name such as ``minilm``.

    Returns:
        ``name``, ``run``, ``file``, ``function`` or ``pretrained``; nothing is imported, and no more is read of a
        file than its first bytes.

    Raises:
        UsageError: If it is none of them, or the file isn't there.
    """
    if spec.startswith(PREFIX):
        return "run"
    word, path = spec.partition(":")[0], Path(spec).expanduser()
    if word in MODELS:
        split_knobs("model", spec)
        return "name"
    if spec in PRETRAINED or is_pretrained(path):
        return "pretrained"
    if path.suffix in SUFFIXES or path.is_file():
        if not path.exists():
            raise UsageError(f"no file {path}: expected weights that dltui wrote, or a model such as lenet")
        return "file"
    if spec and path.is_dir():
        raise UsageError(
            f"{path} is a folder: expected a file of weights such as {path / 'model.safetensors'}, or {CONFIG} in it"
        )
    if is_function(spec):
        return "function"
    if "/" in spec:
        raise UsageError(f"no file {spec}: expected weights, or a model such as lenet")
    raise unknown("model", word, [*MODELS, *PRETRAINED], "`dltui models list`")


def is_pretrained(path: Path) -> bool:
    """Return whether a path is a folder with a configuration, as Hugging Face's libraries write it, or a GGUF file."""
    if path.is_dir():
        return (path / CONFIG).is_file()
    try:
        with path.open("rb") as file:
            return file.read(len(GGUF)) == GGUF
    except OSError:
        return False


def suits(spec: str) -> str:
    """Return the data that a model is shown on when nothing is said.

    Args:
        spec: How the model is spelled.

    Returns:
        Text for a network that reads tokens, and digits for others.
    """
    word = spec.partition(":")[0]
    return (MODELS.entry(word).suits if word in MODELS else "") or USUAL_DATA


def reads_tokens(spec: str) -> bool:
    """Return whether a model that dltui knows by name reads tokens rather than measurements."""
    return MODELS.entry(spec.partition(":")[0]).family == LANGUAGE

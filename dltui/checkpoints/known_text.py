"""Language models with the weights that others trained for them, fetched by ``dltui data get``."""

from __future__ import annotations

from dltui.checkpoints.gguf import open_gguf
from dltui.checkpoints.huggingface import Pretrained, open_folder
from dltui.checkpoints.live import LiveModel
from dltui.data.fetch.places import need

SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"


def minilm() -> LiveModel:
    """Return MiniLM, an encoder of sentences of 6 layers and 72 heads."""
    return _live(open_folder(need("minilm")), "minilm")


def smollm2() -> LiveModel:
    """Return SmolLM2, a language model of 135 million weights."""
    return _live(open_gguf(need("smollm2", SMOLLM2)), "smollm2")


def _live(found: Pretrained, name: str) -> LiveModel:
    """Return an opened model under the name that people call it."""
    return LiveModel(found.module, name, found.note, found.takes)

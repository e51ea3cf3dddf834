"""From how weights are spelled to something that gives their numbers: a file, a checkpoint of a run, or a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.archives import Archive, Entry, open_archive
from dltui.errors import UsageError
from dltui.figures import Array
from dltui.runs.find import PREFIX, find_snapshot

if TYPE_CHECKING:
    from torch import Tensor

HUB = "hf:"
SUFFIXES = {
    ".safetensors",
    ".pt",
    ".pth",
    ".bin",
    ".ckpt",
    ".tar",
    ".npz",
    ".npy",
    ".gguf",
    ".onnx",
    ".h5",
    ".keras",
}


class Held(Archive):
    """The tensors of a model that is in memory.

    Args:
        title: What the model is called.
        state: Its tensors by name.
    """

    def __init__(self, title: str, state: Mapping[str, Tensor]) -> None:
        firsts: dict[tuple[Any, ...], str] = {}
        entries = []
        for name, tensor in state.items():
            place = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride())
            first = firsts.setdefault(place, name) if tensor.numel() else name
            size = tensor.numel() * tensor.element_size()
            kind = str(tensor.dtype).removeprefix("torch.")
            entries.append(Entry(name, tuple(tensor.shape), kind, size, "" if first == name else first))
        super().__init__(Path(title), "model", entries)
        self._state = dict(state)

    def values(self, name: str) -> Array:
        """Return the numbers of a tensor; bfloat16 and the small floats as float32."""
        entry, tensor = self.entry(name), self._state[name].detach().cpu()
        if entry.dtype.startswith(("bfloat", "float8")):
            tensor = tensor.float()
        found: Array = tensor.numpy()
        return found


def open_source(spec: str, *, seed: int = 0) -> tuple[Archive, str]:
    """Open what holds weights.

    Args:
        spec: A file or folder of weights, ``run:NAME`` and the like, a model by name (with fresh weights, or with those
            of others), or ``package.module:function``.
        seed: Seed of fresh weights.

    Returns:
        The archive, to be closed by the caller, and what to call it in a few words.

    Raises:
        UsageError: If nothing is spelled that way.
        DltuiError: If it can't be read, or would run code when read.
    """
    if spec.startswith(PREFIX):
        snapshot = find_snapshot(spec)
        return open_archive(snapshot.path), f"run {snapshot.run.name}, step {snapshot.step}"
    path = Path(spec).expanduser()
    if path.exists():
        return open_archive(path), path.name or spec
    if spec.startswith(HUB):
        raise UsageError(
            f"the numbers of {spec} are not here: `dltui inspect {spec}` lists its headers; download its files to see "
            "their numbers, and name the folder"
        )
    if path.suffix in SUFFIXES or (len(path.parts) > 1 and ":" not in spec):
        raise UsageError(
            f"no file {spec}: expected weights such as model.safetensors, run:latest, or a model such as lenet"
        )
    from dltui.checkpoints.live import open_live

    opened = open_live(spec, seed=seed)
    return Held(opened.title, opened.module.state_dict()), f"{opened.title} ({opened.weights_note})"

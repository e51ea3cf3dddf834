"""The formats that are zip files, told by what is in them."""

from __future__ import annotations

from pathlib import Path

from dltui.archives.base import Archive
from dltui.archives.npz import open_npz
from dltui.archives.pytorch_zip import find_pickle, open_pytorch_zip
from dltui.archives.zipped import Zip
from dltui.errors import DltuiError

KERAS = "model.weights.h5"


def open_zip(path: Path) -> Archive:
    """Open what ``torch.save``, ``torch.jit.save``, ``np.savez`` or Keras wrote.

    Args:
        path: The file.

    Returns:
        Its tensors.

    Raises:
        DltuiError: If it is another zip, damaged, or would run code when read.
    """
    found = Zip(path)
    folder = find_pickle(found)
    if folder is not None:
        return open_pytorch_zip(path, found, folder)
    if KERAS in found.members:
        from dltui.archives.keras import open_keras

        return open_keras(path, found)
    if not found.members or any(name.endswith(".npy") for name in found.members):
        return open_npz(path, found)
    if any(name.endswith("/model.json") for name in found.members):
        raise DltuiError(
            f"{path} is TorchScript of before torch 1.2: open it with that torch and save it again"
        )
    some = ", ".join(list(found.members)[:4])
    raise DltuiError(
        f"{path} is a zip of {some}, which are no weights: unpack it first, and inspect what is in it"
    )

"""What ``torch.save`` and ``torch.jit.save`` write since torch 1.6: a zip of one pickle and a record a storage."""

from __future__ import annotations

from pathlib import Path

from dltui.archives.base import damaged
from dltui.archives.described import Spot, archive_of, described
from dltui.archives.pickled import MOST_BYTES
from dltui.archives.placed import PlacedArchive
from dltui.archives.rebuilt import Storage
from dltui.archives.script import keep_registered
from dltui.archives.zipped import Zip

PICKLE = "data.pkl"


def find_pickle(found: Zip) -> str | None:
    """Return the folder of a zip in which torch keeps its pickle, or None."""
    for name in found.members:
        if name == PICKLE or (name.endswith("/" + PICKLE) and name.count("/") == 1):
            return name.removesuffix(PICKLE)
    return None


def open_pytorch_zip(path: Path, found: Zip, folder: str) -> PlacedArchive:
    """Open a zip that torch wrote; only its directory and its pickle are read.

    Args:
        path: The file.
        found: Its directory.
        folder: Where the pickle is, as ``find_pickle`` tells.

    Returns:
        Its tensors; of a TorchScript program, the parameters and buffers of its modules.

    Raises:
        DltuiError: If it is damaged or would run code when read.
    """
    script = folder + "constants.pkl" in found.members
    order = found.read(folder + "byteorder", 16) if folder + "byteorder" in found.members else b"little"
    value = described(path, found.read(folder + PICKLE, MOST_BYTES), script=script).value
    if script:
        keep_registered(value, found, folder)
    starts: dict[str, int] = {}

    def spot_of(storage: Storage) -> Spot | None:
        member = found.members.get(f"{folder}data/{storage.key}")
        if member is None:
            return None
        if member.deflated:
            raise damaged(path, "its numbers are compressed, which torch itself can't read")
        if member.name not in starts:
            starts[member.name] = found.start(member)
        return Spot(path, starts[member.name], member.size, order == b"big")

    return archive_of(path, "torchscript" if script else "pytorch-zip", value, spot_of)

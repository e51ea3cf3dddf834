"""Telling what a file of weights is by its bytes, never by its name."""

from __future__ import annotations

from pathlib import Path

from dltui.archives.base import Archive
from dltui.errors import DltuiError

ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
# beginnings of files that people take for weights by mistake -> what to say
MISTAKES = {
    b"version https://git-lfs": "a pointer of Git LFS, not the weights themselves: try git lfs pull",
    b"<!DOCTYPE": "a web page: the download was refused or needs to be signed in",
    b"<html": "a web page: the download was refused or needs to be signed in",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"\xfd7zXZ": "compressed by xz: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
}
KNOWN = ".safetensors, what torch.save or torch.jit.save wrote, .npz, .npy, .gguf, .onnx, .h5, .keras, or a folder of them"


def open_archive(path: Path) -> Archive:
    """Open a file or folder of weights; nothing in it is executed, and numbers are read on demand only.

    Args:
        path: The file, or the folder of a Hugging Face model.

    Returns:
        What it holds.

    Raises:
        DltuiError: If it is missing, damaged, holds no weights, or would run code when read.
    """
    path = path.expanduser()
    try:
        if path.is_dir():
            raise DltuiError(f"{path} is a folder: expected a file of weights")
        with path.open("rb") as file:
            head = file.read(512)
        return _opened(path, head)
    except OSError as error:
        raise DltuiError(f"can't read {path}: {error.strerror}; expected a file of weights") from error


def _opened(path: Path, head: bytes) -> Archive:
    """Open a file by its first bytes."""
    if not head:
        raise DltuiError(f"{path} is empty; expected {KNOWN}")
    for beginning, told in MISTAKES.items():
        if head.startswith(beginning):
            raise DltuiError(f"{path} is {told}")
    if head[8:9] == b"{":
        from dltui.archives.safetensors import open_safetensors

        return open_safetensors(path)
    if head.startswith(b"\x93NUMPY"):
        from dltui.archives.npz import open_npy

        return open_npy(path)
    if head.startswith(ZIPS):
        return _from_zip(path)
    raise DltuiError(f"{path} holds no weights that can be read: expected {KNOWN}")


def _from_zip(path: Path) -> Archive:
    """Open one of the formats that are zip files."""
    from dltui.archives.npz import open_npz
    from dltui.archives.zipped import Zip

    found = Zip(path)
    names = found.members
    if any(name.endswith(".npy") for name in names):
        return open_npz(path, found)
    some = ", ".join(list(names)[:4]) or "nothing"
    raise DltuiError(f"{path} is a zip of {some}, which are no weights: expected {KNOWN}")

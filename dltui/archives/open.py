"""Telling what a file of weights is by its bytes, never by its name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from dltui.archives.base import Archive
from dltui.errors import DltuiError

KNOWN = ".safetensors, what torch.save or torch.jit.save wrote, .npz, .npy, .gguf, .onnx, .h5, .keras, or a folder"
HEAD = 512  # bytes that tell a format
# beginnings of files that people take for weights by mistake -> what to say
MISTAKES = {
    b"version https://git-lfs": "a pointer of Git LFS, not the weights themselves: try git lfs pull",
    b"<!DOCTYPE": "a web page: the download was refused, or you need to sign in for it",
    b"<html": "a web page: the download was refused, or you need to sign in for it",
    b"\x1f\x8b": "compressed by gzip: unpack it first",
    b"\xfd7zXZ": "compressed by xz: unpack it first",
    b"BZh": "compressed by bzip2: unpack it first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd: unpack it first",
    b"Rar!": "a RAR archive: unpack it first",
    b"7z\xbc\xaf": "a 7z archive: unpack it first",
}
# what the first bytes must be -> the function that opens such a file
FORMATS: list[tuple[Callable[[bytes], bool], str]] = [
    (lambda head: head[8:9] == b"{", "safetensors:open_safetensors"),
    (lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), "zips:open_zip"),
    (lambda head: head.startswith(b"\x80"), "pytorch_legacy:open_legacy"),
    (lambda head: head.startswith(b"\x93NUMPY"), "npz:open_npy"),
    (lambda head: head.startswith(b"GGUF"), "gguf:open_gguf"),
    (lambda head: head.startswith(b"\x89HDF\r\n\x1a\n"), "hdf5:open_hdf5"),
    (lambda head: head[257:262] == b"ustar" or head.startswith(b"sys_info\0"), "pytorch_tar:open_tar"),
    (lambda head: head.lstrip().startswith(b"{"), "folder:open_index"),
]


def open_archive(path: Path) -> Archive:
    """Open a file or folder of weights; nothing in it is executed, and numbers are read on demand only.

    Args:
        path: The file, the ``index.json`` of several, or the folder of a Hugging Face model.

    Returns:
        What it holds.

    Raises:
        DltuiError: If it is missing, damaged, holds no weights, or would run code when read.
    """
    path = path.expanduser()
    try:
        if path.is_dir():
            from dltui.archives.folder import open_folder

            return open_folder(path)
        if not path.is_file() and path.exists():
            raise DltuiError(f"{path} is a device or a pipe: expected a file of weights")
        with path.open("rb") as file:
            head = file.read(HEAD)
        return _opened(path, head)
    except OSError as error:
        raise DltuiError(
            f"can't read {path}: {error.strerror or error}; expected a file of weights"
        ) from error


def _opened(path: Path, head: bytes) -> Archive:
    """Open a file by its first bytes."""
    for beginning, told in MISTAKES.items():
        if head.startswith(beginning):
            raise DltuiError(f"{path} is {told}")
    for fits, function in FORMATS:
        if fits(head):
            return _call(function, path)
    from dltui.archives.onnx import looks_like_onnx, open_onnx

    if head and looks_like_onnx(path):
        return open_onnx(path)
    from dltui.archives.pytorch_legacy import refuse_old_pickle

    refuse_old_pickle(path)
    what = "holds no weights that can be read" if head else "is empty"
    raise DltuiError(f"{path} {what}: expected {KNOWN}")


def _call(function: str, path: Path) -> Archive:
    """Import the module of a format and open a file with it."""
    module, _, name = function.partition(":")
    opened: Archive = getattr(import_module(f"dltui.archives.{module}"), name)(path)
    return opened

"""HDF5, as Keras and others keep weights; read by the package ``h5py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.archives.base import LIMIT, MOST_TENSORS, Archive, Scalar, damaged
from dltui.archives.decode import decode
from dltui.contents import BITS, Entry
from dltui.errors import DltuiError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

DEEPEST = 60  # groups within groups
LONG_TEXT = 200
MOST_ATTRIBUTE = 4_000_000  # bytes


def open_hdf5(path: Path) -> Archive:
    """Open an HDF5 file.

    Args:
        path: The file.

    Returns:
        Its data sets by their paths; short attributes as scalars.

    Raises:
        DltuiError: If it is damaged, or h5py is not installed.
    """
    return Hdf5(path, path)


def h5py_for(path: Path) -> Any:
    """Return the package h5py.

    Raises:
        DltuiError: If it is not installed.
    """
    try:
        import h5py
    except ImportError as error:
        raise DltuiError(f"{path} is HDF5: pip install 'dltui[hdf5]' to read it") from error
    return h5py


class Hdf5(Archive):
    """An open HDF5 file."""

    def __init__(self, path: Path, source: Any, metadata: dict[str, str] | None = None) -> None:
        """Walk its groups.

        Args:
            path: The file, for errors.
            source: The same, or an open file within it.
            metadata: What is known beside it.
        """
        self._h5py, self._source = h5py_for(path), source
        super().__init__(path, "hdf5", (), metadata=metadata)
        with self._troubles():
            self._file = self._h5py.File(source, "r")
            self.scalars = dict(self._attributes(self._file, ""))
            self._seen: dict[Any, str] = {}
            self.entries = tuple(self._walk(self._file, "", 0))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if not isinstance(self._source, Path):
            self._source.close()

    @contextmanager
    def _troubles(self) -> Iterator[None]:
        """Tell in one sentence what the library complains of."""
        try:
            yield
        except (OSError, RuntimeError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise damaged(self.path, f"HDF5 says {str(error).splitlines()[0][:120]}") from error

    def _attributes(self, group: Any, before: str) -> Iterator[tuple[str, Scalar]]:
        """Yield the attributes of a group that are plain values."""
        for name in group.attrs:
            kind = group.attrs.get_id(name)
            if kind.get_storage_size() > MOST_ATTRIBUTE or kind.shape not in {(), (1,)}:
                continue
            value = group.attrs[name]
            value = value.item() if hasattr(value, "item") and value.size == 1 else value
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            if isinstance(value, str) and name == "model_config":
                self.metadata["config"] = value
            if isinstance(value, int | float | str | bool):
                told = value[:LONG_TEXT] + "…" if isinstance(value, str) and len(value) > LONG_TEXT else value
                yield f"{before}{name}", told

    def _walk(self, group: Any, before: str, depth: int) -> Iterator[Entry]:
        """Yield the data sets of a group and of those within it, following hard links only."""
        if depth > DEEPEST:
            raise ValueError("its groups hold each other without end")
        for name in group:
            if not isinstance(group.get(name, getlink=True), self._h5py.HardLink):
                continue  # a link could lead to any file of this machine
            one = group[name]
            mark = (
                self._h5py.h5o.get_info(one.id).addr
                if hasattr(self._h5py.h5o.get_info(one.id), "addr")
                else None
            )
            if isinstance(one, self._h5py.Dataset):
                yield self._entry(f"{before}{name}", one, mark)
            elif isinstance(one, self._h5py.Group):
                if mark is not None and mark in self._seen:
                    continue
                self._seen[mark] = f"{before}{name}"
                yield from self._walk(one, f"{before}{name}/", depth + 1)

    def _entry(self, name: str, data: Any, mark: Any) -> Entry:
        """Return the entry of a data set."""
        if len(self._seen) > MOST_TENSORS:
            raise ValueError(f"it holds more than {MOST_TENSORS:,} data sets")
        shared = self._seen.setdefault(mark, name) if mark is not None else name
        shape = tuple(data.shape or ()) if data.shape is not None else (0,)
        dtype = _named(data.dtype)
        return Entry(name, shape, dtype, prod(shape) * data.dtype.itemsize, shared if shared != name else "")

    def _open(self, name: str) -> Any:
        """Return a data set, refusing one whose numbers are in other files."""
        self.entry(name)
        found = self._file[name]
        if found.external or found.is_virtual:
            raise DltuiError(
                f"the numbers of {name} are not in {self.path} but in other files, which are not followed"
            )
        return found

    def values(self, name: str) -> Array:
        """Return the numbers of a data set."""
        with self._troubles():
            found = self._open(name)
            if found.shape is None:
                import numpy as np

                return np.empty((0,), np.float32)
            return _plain(found[()], self.entry(name).dtype).reshape(found.shape)

    def blocks(self, name: str, limit: int = LIMIT) -> Iterator[Array]:
        """Yield the numbers of a data set row by row, as many rows at once as fit."""
        found = self._open(name)
        entry = self.entry(name)
        if not found.shape or entry.nbytes <= limit:
            yield from super().blocks(name, limit)
            return
        step = max(1, limit // max(1, entry.nbytes // found.shape[0]))
        for start in range(0, found.shape[0], step):
            with self._troubles():
                flat = _plain(found[start : start + step], entry.dtype).reshape(-1)
            size = max(1, limit // flat.itemsize)
            for at in range(0, flat.size, size):
                yield flat[at : at + size]


def _named(dtype: Any) -> str:
    """Return our name of a numpy type."""
    if dtype.kind == "V" and dtype.itemsize == 2 and not dtype.names:
        return "bfloat16"  # so Keras keeps it
    if dtype.kind in "OSU":
        return "str"
    return dtype.name if dtype.name in BITS else "other"


def _plain(values: Any, dtype: str) -> Array:
    """Return numbers as numpy has them."""
    import numpy as np

    found: Array = np.asarray(values)
    return decode(found.view(np.uint16), "bfloat16") if dtype == "bfloat16" else found

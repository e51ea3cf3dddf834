"""Finding a tensor by its name, or by the end of it."""

from __future__ import annotations

from dltui.archives import Archive
from dltui.errors import UsageError, unknown


def find_tensor(archive: Archive, word: str) -> str:
    """Return the whole name of a tensor.

    Args:
        archive: The open file.
        word: Its name, or the last parts of it, such as ``fc1.weight`` for ``encoder.fc1.weight``.

    Returns:
        The name.

    Raises:
        UsageError: If no tensor is called so, or several are.
    """
    names = [entry.name for entry in archive.entries]
    if word in names:
        return word
    ending = [name for name in names if name.endswith(f".{word}")]
    if len(ending) == 1:
        return ending[0]
    if ending:
        more = " …" if len(ending) > 4 else ""
        raise UsageError(
            f"{len(ending)} tensors are called {word}: {', '.join(ending[:4])}{more}; name one in full"
        )
    raise unknown("tensor", word, names, f"`dltui inspect {archive.path}`")

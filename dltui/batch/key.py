"""What stands for a job's content: its command line, what it needs, and the files that it reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from dltui import __version__
from dltui.batch.plan import Job
from dltui.errors import DltuiError
from dltui.spelling import is_function

WHOLE = 1 << 28  # bytes up to which a file is read; a larger one is known by its size and time
# Options before a file that is written.
WRITTEN = frozenset({"--save", "--figure", "--record", "--orbit", "--gif", "--export"})


def content_key(job: Job, words: Sequence[str], needed: Mapping[str, str], folder: Path) -> str:
    """Return the same text for the same work, and another one when anything that it depends on has changed.

    Args:
        job: The job.
        words: Its command line with everything filled in.
        needed: Keys of the jobs that it needs, by name.
        folder: Where it runs.

    Returns:
        64 hexadecimal digits.
    """
    told = {
        "version": __version__,
        "words": list(words),
        "env": dict(sorted(job.env.items())),
        "needs": dict(sorted(needed.items())),
        "inputs": dict(sorted(_inputs(job, words, folder))),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def _inputs(job: Job, words: Sequence[str], folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what a command line reads, each with its version."""
    read = [
        word
        for before, word in pairwise(words)
        if before not in WRITTEN and word.partition("=")[0] not in WRITTEN
    ]
    parts = (part for word in [*read, *job.files] for part in _parts(word))
    for part in dict.fromkeys(parts):
        if part.startswith("run:"):
            yield part, _run(part)
        elif is_function(part):
            yield from ((str(path.relative_to(folder)), _file(path)) for path in _modules(part, folder))
        elif part and _exists(folder / part):
            path = folder / part
            yield part, _file(path) if path.is_file() else _tree(path)


def _parts(word: str) -> Iterator[str]:
    """Yield a word, and what it may be made of: ``--weights=a.npz``, ``a.safetensors,b.safetensors``."""
    yield word
    yield from word.partition("=")[2:]
    if "," in word:
        yield from word.split(",")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long for a name, or a null character in it
        return False


def _file(path: Path) -> str:
    """Return the version of a file: its content, or size and time of a very large one."""
    known = path.stat()
    if known.st_size > WHOLE:
        return f"{known.st_size} bytes at {known.st_mtime_ns}"
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _tree(folder: Path) -> str:
    """Return the version of a folder: names, sizes and times of its files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = [(str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _modules(spec: str, folder: Path) -> Iterator[Path]:
    """Yield the user's own files that ``package.module:function`` is found in."""
    module = folder.joinpath(*spec.partition(":")[0].split("."))
    for path in (module.with_suffix(".py"), module / "__init__.py"):
        if path.is_file():
            yield path


def _run(spec: str) -> str:
    """Return which weights a run's name means at this moment."""
    from dltui.runs.find import find_snapshot

    with suppress(DltuiError):
        found = find_snapshot(spec)
        known = found.path.stat()
        return f"{found.run.name} at {found.step}, {known.st_size} bytes at {known.st_mtime_ns}"
    return "nothing yet"

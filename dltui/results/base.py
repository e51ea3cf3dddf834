"""A result: named arrays, how they were made, and one file that holds both."""

from __future__ import annotations

import json
import platform
import sys
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from dltui import __version__
from dltui.figures import Array, Figure
from dltui.files import check_target, replacing
from dltui.results.disk import disk_errors

HEADER = "dltui"  # the key in the safetensors header under which a result keeps its JSON
KEPT = (".safetensors",)  # how the name of its file ends


def _versions() -> dict[str, str]:
    """Return the versions of what is loaded, importing nothing."""
    found = {"dltui": __version__, "python": platform.python_version()}
    for name in ("numpy", "torch"):
        if name in sys.modules:
            found[name] = str(sys.modules[name].__version__)
    return found


@dataclass(frozen=True)
class Made:
    """How a result came about.

    Attributes:
        command: The command line that would make it again.
        when: Time of making, ISO 8601 in UTC.
        seconds: Wall time that the work took.
        device: Where it was computed, such as ``cpu`` or ``cuda:0``.
        seed: Seed of every random draw, or None where nothing is drawn.
        versions: Versions of dltui, Python and the libraries that computed it.
        machine: Processor architecture and operating system.
    """

    command: str = ""
    when: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    seconds: float = 0.0
    device: str = "cpu"
    seed: int | None = None
    versions: dict[str, str] = field(default_factory=_versions)
    machine: str = field(default_factory=lambda: f"{platform.machine()} {platform.system()}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Result(ABC):
    """Named arrays and plain metadata; subclasses are frozen dataclasses.

    Fields that hold numpy arrays are stored as tensors, all others as JSON, so they must be plain values, lists or
    dictionaries of such.

    Attributes:
        title: What was looked at, in a few words, such as ``lenet on digits``.
        made: How it was made.
    """

    schema: ClassVar[str] = ""  # name/version, such as "landscape/1"

    title: str = ""
    made: Made = field(default_factory=Made)

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """Return what ``--json`` prints, without the keys that every summary has."""

    @abstractmethod
    def figures(self) -> list[Figure]:
        """Return how the result likes to be seen, the main picture first."""

    def lines(self, width: int) -> list[str] | None:  # noqa: ARG002
        """Return the result as a page of text of ``width`` cells, or None where its figures tell it better."""
        return None

    def document(self) -> dict[str, Any]:
        """Return the JSON document: schema, title, the summary, and how it was made."""
        return {
            "schema": self.schema,
            "title": self.title,
            **self.summary(),
            "seconds": self.made.seconds,
            "made": asdict(self.made),
        }

    def signed(self, **changes: Any) -> Self:
        """Return the same result with parts of ``made`` replaced."""
        return replace(self, made=replace(self.made, **changes))

    def save(self, path: Path | str) -> None:
        """Write everything to one ``.safetensors`` file, whole or not at all.

        Args:
            path: The file; its name must end in ``.safetensors``.

        Raises:
            UsageError: If the name has another ending.
            DltuiError: If the folder can't be written.
        """
        from safetensors.numpy import save_file

        path = Path(path)
        check_target(path, KEPT, "save to")
        arrays, plain = self.parts()
        header = {"schema": self.schema, "plain": plain, "made": asdict(self.made)}
        with replacing(path) as temporary, disk_errors():
            save_file(arrays, temporary, metadata={HEADER: json.dumps(header)})

    def parts(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return what the file holds: arrays by name, and everything else but ``made`` as JSON values."""
        stored = {part.name: getattr(self, part.name) for part in fields(self) if part.name != "made"}
        arrays = {name: np.ascontiguousarray(v) for name, v in stored.items() if isinstance(v, np.ndarray)}
        return arrays, {name: value for name, value in stored.items() if name not in arrays}

    @classmethod
    def restore(cls, arrays: dict[str, Array], plain: dict[str, Any], made: Made) -> Self:
        """Build the result again from what ``save`` stored.

        Args:
            arrays: The tensors by name of their field.
            plain: The other fields.
            made: How it was made.

        Returns:
            A result equal to the saved one.
        """
        known = {part.name for part in fields(cls)}
        kept = {name: value for name, value in (arrays | plain).items() if name in known}
        return cls(**kept, made=made)

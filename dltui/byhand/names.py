"""Every operation with its file and one line of help, so that asking for one imports one file."""

from __future__ import annotations

from importlib import import_module

from dltui.byhand.operation import REGISTERED, Operation
from dltui.errors import unknown
from dltui.registry import Entry

# shelf → file below dltui/byhand/operations → name → one line
FILES: dict[str, dict[str, dict[str, str]]] = {
    "layers": {
        "linear": {"linear": "Every output a weighted sum of the last dimension."},
    },
}
OPERATIONS = {
    name: Entry(f"dltui.byhand.operations.{file}", summary, shelf)
    for shelf, files in FILES.items()
    for file, lines in files.items()
    for name, summary in lines.items()
}
ALIASES = {"fc": "linear", "conv": "conv2d", "maxpool": "maxpool2d", "avgpool": "avgpool2d"}


def key_of(name: str) -> str:
    """Return how an operation stands in the table: lower case, without ``nn.``, ``_`` and dashes."""
    key = name.rpartition(".")[2].lower().replace("_", "").replace("-", "")
    return ALIASES.get(key, key)


def load(name: str) -> Operation:
    """Import the file of an operation and return it.

    Args:
        name: As it is typed; case, dashes and ``nn.`` are ignored.

    Returns:
        The operation.

    Raises:
        UsageError: If there is none; it suggests the nearest.
    """
    key = key_of(name)
    if key not in OPERATIONS:
        raise unknown("operation", name, OPERATIONS)
    import_module(OPERATIONS[key].module)
    return REGISTERED[key]

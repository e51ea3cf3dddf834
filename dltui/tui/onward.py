"""From the command line that made a result to commands that look further at the same thing."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dltui.errors import DltuiError

if TYPE_CHECKING:
    from dltui.commands._forms import Field

# How a verb goes about it: the same word asks something else of another one.
HOW = frozenset({"exact", "along_run", "resume", "steps", "method", "depth", "unit"})


@dataclass(frozen=True)
class Origin:
    """How a result was made.

    Attributes:
        verb: The verb that made it.
        values: What it was asked, by name of the argument, seed and device among them.
    """

    verb: str
    values: Mapping[str, object]

    def onward(self, verb: str, **changes: object) -> list[str]:
        """Return a command line about the same thing.

        Args:
            verb: The verb to ask.
            **changes: Arguments that shall differ; those that mean the same to both verbs stay as they are.

        Returns:
            What follows ``dltui``.

        Raises:
            UsageError: If ``verb`` needs something that is not known.
        """
        from dltui.commands._forms import form
        from dltui.commands._spelled import words

        return words(form(verb), self.for_form(verb, **changes))

    def for_form(self, verb: str, **changes: object) -> dict[str, object]:
        """Return the values that the form of a verb would begin with."""
        from dltui.commands._forms import form

        fields = {field.name: field for field in form(verb).fields}
        kept = {
            name: value
            for name, value in self.values.items()
            if verb == self.verb or (name not in HOW and _may_choose(fields.get(name), value))
        }
        return {name: value for name, value in {**kept, **changes}.items() if name in fields}


def _may_choose(field: Field | None, value: object) -> bool:
    """Return whether a verb has a choice, such as both parts of the data; what is not chosen from a few passes."""
    return field is None or field.kind != "choice" or value is None or value in field.choices


def origin(command: str) -> Origin:
    """Return what a command line asked; imports the verb's module, but never torch.

    Args:
        command: As a result keeps it, such as ``dltui landscape lenet --data digits``.

    Returns:
        The verb and its arguments.

    Raises:
        DltuiError: If it is no command line of dltui that looks at a model.
    """
    from dltui.commands._calls import called

    words = shlex.split(command)[1:]
    call = called(words) if words else None
    if call is None or "model" not in call.arguments:
        raise DltuiError(
            f"this was made by `{command or 'nobody knows what'}`, which names no model to look at further; "
            "scan one with `dltui landscape MODEL`"
        )
    return Origin(words[0], dict(call.arguments) | {"seed": call.common.seed, "device": call.common.device})

"""What was filled into a form by now: texts, what they mean, and the equal command line; knows no widget."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dltui.errors import DltuiError, UsageError

if TYPE_CHECKING:
    from dltui.commands._forms import Field, Form, Value

POINTER = re.compile(
    r"; see `[^`]*`$"
)  # where the command line's own help is; a form shows it beside the field
AT_ONCE = frozenset({"whole", "number", "choice", "switch"})  # kinds that are judged without looking anywhere


class Answers:
    """The texts of a form's fields; empty ones stand at their defaults.

    Attributes:
        form: What is asked.
        texts: What was typed or chosen, by name of the field.
        refused: Why a text can't be taken, by name of the field.
    """

    def __init__(self, form: Form) -> None:
        self.form = form
        self.texts: dict[str, str] = {}
        self.refused: dict[str, str] = {}
        self._values: dict[str, Value] = {}
        self._judged: dict[str, str] = {}  # the text that was judged last, by name

    def put(self, name: str, text: str) -> None:
        """Take a text; it is not judged yet.

        Args:
            name: The field.
            text: What was typed or chosen; empty for the default.

        Raises:
            UsageError: If there is no such field.
        """
        self.form.field(name)
        self.texts.pop(name, None)
        if text:
            self.texts[name] = text
        else:
            self.refused.pop(name, None)
            self._values.pop(name, None)

    def clear(self) -> None:
        """Put every field back to its default."""
        for name in list(self.texts):
            self.put(name, "")

    def take(self, name: str, text: str, found: tuple[Value, str]) -> bool:
        """Take what judging a text found, unless the text is another one by now.

        Args:
            name: The field.
            text: What was judged.
            found: Its value and an empty sentence, or None and why it is refused.

        Returns:
            Whether it was still the text.
        """
        if self.texts.get(name, "") != text:
            return False
        value, refusal = found
        self._judged[name] = text
        self.refused.pop(name, None)
        self._values.pop(name, None)
        if refusal:
            self.refused[name] = refusal
        elif text:
            self._values[name] = value
        return True

    @property
    def pending(self) -> list[str]:
        """Fields with a text that was not judged yet."""
        return [name for name, text in self.texts.items() if self._judged.get(name) != text]

    @property
    def missing(self) -> list[str]:
        """Fields that must be filled and are not."""
        return [one.name for one in self.form.fields if one.required and one.name not in self.texts]

    @property
    def trouble(self) -> list[str]:
        """Fields that keep the form from being run, in its order."""
        return [one.name for one in self.form.fields if one.name in self.refused or one.name in self.missing]

    def values(self) -> dict[str, object]:
        """Return the value of every field that was filled; the text itself where it was not understood."""
        return {name: self._values.get(name, text) for name, text in self.texts.items()}

    def words(self) -> list[str]:
        """Return what follows ``dltui`` on the equal command line.

        Raises:
            UsageError: If a field that must be filled is not.
        """
        from dltui.commands._spelled import words

        return words(self.form, self.values())

    def line(self) -> str:
        """Return the equal command line; what is missing stands there by its name in capitals."""
        from dltui.commands._spelled import words

        holes = {name: self.form.field(name).label.upper().replace(" ", "_") for name in self.missing}
        return shlex.join(["dltui", *words(self.form, self.values() | holes)])

    def prefill(self, values: Mapping[str, object]) -> None:
        """Take values instead of texts, all others at their defaults.

        Args:
            values: Values by name of the field.

        Raises:
            UsageError: If a value has no field.
        """
        from dltui.commands._spelled import spell

        self.clear()
        for name, value in values.items():
            self.put(name, spell(value))


def judge(asked: Field, text: str) -> tuple[Value, str]:
    """Return the value that a text spells and an empty sentence, or None and why it is refused.

    What stands on a disk may be looked up, so that texts, paths, models and data are judged in a thread.

    Args:
        asked: The field.
        text: What was typed or chosen.

    Returns:
        Value and sentence.
    """
    from dltui.commands._forms import Refused, validate

    try:
        found = validate(asked, text)
    except DltuiError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - a name of the user's own code may raise anything when looked up
        return None, f"{type(error).__name__}: {error}"
    if isinstance(found, Refused):
        return None, POINTER.sub("", found.sentence)
    return found, ""


def needed(asked: Field) -> UsageError:
    """Return what is said of a field that must be filled and is not."""
    return UsageError(f"{asked.label} is needed: {asked.help.rstrip('.')}")

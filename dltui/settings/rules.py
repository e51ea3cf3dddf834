"""What each setting allows, how it is explained, and how it is spelled."""

from __future__ import annotations

from typing import NamedTuple

from dltui.errors import UsageError, unknown
from dltui.settings.tree import COLORMAPS, GLYPHS, KEYMAPS, MOTIONS, PICTURES, THEMES, Settings

Value = str | int | bool
TRUTH = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


class Rule(NamedTuple):
    """What one setting may be.

    Attributes:
        name: Its key in the file.
        help: One sentence that explains it.
        choices: Words that it may be; empty for numbers and for on or off.
        ends: The least and the greatest number that it may be, or None when it is no number.
        variable: The environment variable that wins over the file, or "".
    """

    name: str
    help: str
    choices: tuple[str, ...] = ()
    ends: tuple[int, int] | None = None
    variable: str = ""

    @property
    def default(self) -> Value:
        """The value where nobody says otherwise."""
        value: Value = getattr(Settings(), self.name)
        return value

    @property
    def allowed(self) -> str:
        """What it may be, in words."""
        words = list(self.choices)
        if self.ends is not None:
            words.append(f"{self.ends[0]} … {self.ends[1]}")
        return " ".join(words) if words else "on off"

    def fit(self, value: object) -> Value:
        """Return a value when it is allowed.

        Args:
            value: What a file or a command line says.

        Returns:
            The same value, as its type.

        Raises:
            UsageError: If it isn't; the sentence tells what is.
        """
        if isinstance(value, str) and value in self.choices:
            return value
        if self.ends is not None:
            low, high = self.ends
            if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
                return value
        elif not self.choices:
            if isinstance(value, bool):
                return value
            if isinstance(value, str) and value.lower() in TRUTH:
                return TRUTH[value.lower()]
        told = written(value) if isinstance(value, str | int) else type(value).__name__
        raise UsageError(f"{self.name} can't be {told}: expected {self._expected()}")

    def _expected(self) -> str:
        """Return what it may be, as the end of a sentence."""
        span = "" if self.ends is None else f"a whole number of {self.ends[0]} … {self.ends[1]}"
        if not self.choices:
            return span or "on or off"
        words = ", ".join(self.choices)
        return f"{words} or {span}" if span else f"one of {words}"


RULES = (
    Rule("theme", "Colours of the application and of its figures.", THEMES),
    Rule("colormap", "Colours of fields that don't ask for others; all are perceptually uniform.", COLORMAPS),
    Rule("glyphs", "Into what pictures divide a cell; auto is what the terminal is known to draw well.",
         GLYPHS, variable="DLTUI_GLYPHS"),
    Rule("pictures", "Pictures of real pixels: auto where the terminal takes them, or never.", PICTURES),
    Rule("motion", "Reduced lets nothing move by itself.", MOTIONS, variable="DLTUI_REDUCED_MOTION"),
    Rule("frame_rate", "Frames a second at most; auto learns what the line to the terminal can take.",
         ("auto",), (1, 60)),
    Rule("keymap", "Whether letters such as h j k l move beside the arrows.", KEYMAPS),
    Rule("remember", "Open again what was open the last time."),
    Rule("jobs", "Jobs that run at a time.", ends=(1, 16)),
    Rule("threads", "Threads inside one operation of torch, in jobs; auto is as on the command line.",
         ("auto",), (1, 256)),
)  # fmt: skip


def rule_of(name: str) -> Rule:
    """Return the rule of a setting.

    Args:
        name: Its key.

    Returns:
        What it may be.

    Raises:
        UsageError: If there is no such setting; it suggests the nearest.
    """
    for rule in RULES:
        if rule.name == name:
            return rule
    raise unknown("setting", name, [*(rule.name for rule in RULES), "keys.ACTION"])


def from_text(rule: Rule, text: str) -> Value:
    """Return what a person typed as the value of a setting.

    Args:
        rule: Which setting.
        text: What was typed.

    Returns:
        The value.

    Raises:
        UsageError: If it isn't allowed.
    """
    text = text.strip()
    number = text.isascii() and text.isdigit() and len(text) < 10
    return rule.fit(int(text) if rule.ends is not None and number else text)


def written(value: object) -> str:
    """Return a value as a person writes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(value) if isinstance(value, tuple) else str(value)

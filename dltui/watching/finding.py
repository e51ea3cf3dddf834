"""What a rule found in the course of a run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "hint"]
ORDER: tuple[Severity, ...] = ("error", "warning", "hint")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of a diagnosis.

    Attributes:
        rule: The name of the rule.
        severity: ``error``: this training fails; ``warning``: it is likely worse than it could be; ``hint``.
        sentence: What is seen, with its numbers.
        advice: What to try.
        note: The row of the notes that the rule is taken from, as ``document:id``.
    """

    rule: str
    severity: Severity
    sentence: str
    advice: str
    note: str

    def summary(self) -> dict[str, Any]:
        """Return it by name."""
        return asdict(self)

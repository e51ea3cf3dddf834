"""Every rule, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from dltui.watching.course import Course
from dltui.watching.finding import ORDER, Finding
from dltui.watching.rules.fit import overfitting, train_on, underfitting
from dltui.watching.rules.gradients import dead_units, exploding, large_steps, small_steps, vanishing
from dltui.watching.rules.loss import diverging, guessing, initial_loss, jumps, not_finite, plateau

Rule = Callable[[Course], Finding | None]

RULES: dict[str, Rule] = {
    "not-finite": not_finite,
    "diverging": diverging,
    "exploding-gradients": exploding,
    "vanishing-gradients": vanishing,
    "dead-units": dead_units,
    "guessing": guessing,
    "initial-loss": initial_loss,
    "loss-jumps": jumps,
    "large-steps": large_steps,
    "small-steps": small_steps,
    "plateau": plateau,
    "overfitting": overfitting,
    "underfitting": underfitting,
    "train-on": train_on,
}
IMPLIED = {  # what a rule says is the consequence of another one that holds
    "dead-units": {"vanishing-gradients"},
    "diverging": {
        "guessing",
        "loss-jumps",
        "large-steps",
        "plateau",
        "underfitting",
        "overfitting",
        "train-on",
    },
    "not-finite": {"plateau", "train-on"},
    "guessing": {"plateau", "underfitting", "train-on"},
    "plateau": {"train-on"},
    "overfitting": {"train-on"},
    "underfitting": {"plateau", "train-on"},
}


def diagnose(course: Course) -> list[Finding]:
    """Return what the rules find, the worst first; consequences of what is found already are left out.

    Args:
        course: What is known of the run.

    Returns:
        At most one finding a rule; none for a healthy run.
    """
    found = {name: finding for name, rule in RULES.items() if (finding := rule(course)) is not None}
    implied = {name for rule in found for name in IMPLIED.get(rule, ())}
    left = [finding for name, finding in found.items() if name not in implied]
    return sorted(left, key=lambda finding: ORDER.index(finding.severity))

"""A verb's form, question by question, and the command line that it comes to."""

from __future__ import annotations

from collections.abc import Mapping

from dltui.commands._forms import Field, Form, Refused, Value, validate
from dltui.commands._spelled import spell
from dltui.plain.talk import HELP, Back, Talk

FEW = 6  # choices that are told with the question
REST = "."  # takes the defaults of all questions that are left


def fill_in(talk: Talk, form: Form, given: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Ask for every argument of a verb.

    Args:
        talk: Where it is asked.
        form: What the verb asks for.
        given: Arguments that are known already and not asked for.

    Returns:
        Values by name.
    """
    values: dict[str, Value] = dict(given or {})
    asked = sorted((one for one in form.fields if one.name not in values), key=lambda one: not one.required)
    talk.head(f"dltui {form.verb}: {form.help.strip().splitlines()[0] if form.help.strip() else ''}")
    if asked:
        talk.say(
            f"{len(asked)} questions. Enter keeps the default, {REST} keeps all that are left, "
            f"{HELP} explains, :b goes a question back."
        )
    place = 0
    while place < len(asked):
        one = asked[place]
        try:
            answer = talk.ask(_question(one, place + 1, len(asked)))
        except Back:
            if place == 0:
                raise
            place -= 1
            continue
        if answer == REST and not one.required:
            break  # what is needed was asked first
        place += _answered(talk, one, answer, values)
    return values


def _answered(talk: Talk, one: Field, answer: str, values: dict[str, Value]) -> bool:
    """Take an answer into the values, or say why it can't be."""
    if answer == HELP:
        talk.say(*_explained(one))
        return False
    if answer in {"", REST} and one.required:
        talk.say(f"Refused: {one.label} is needed; {one.help.rstrip('.')}.")
        return False
    value = validate(one, answer)
    if isinstance(value, Refused):
        talk.say(f"Refused: {value.sentence}.")
        return False
    values.pop(one.name, None)
    if answer:
        values[one.name] = value
    return True


def _question(one: Field, number: int, count: int) -> str:
    """Return what is asked for a field."""
    if one.required:
        kept = "needed"
    elif one.default is None or one.default == "":
        kept = "may be left out"
    else:
        kept = f"default {_spoken(one)}"
    choices = f"{', '.join(one.choices)}; " if 0 < len(one.choices) <= FEW else ""
    return f"{number} of {count}, {one.label} ({choices}{kept})"


def _spoken(one: Field) -> str:
    """Return a field's default in a word."""
    if isinstance(one.default, bool):
        return "true" if one.default else "false"
    return spell(one.default)


def _explained(one: Field) -> list[str]:
    """Return what a field is for and what it takes."""
    lines = [one.help]
    if one.choices:
        lines.append(f"One of {', '.join(one.choices)}.")
    elif one.low is not None or one.high is not None:
        ends = [
            f"from {one.low:g}" if one.low is not None else "",
            f"up to {one.high:g}" if one.high is not None else "",
        ]
        lines.append(f"A number {' '.join(end for end in ends if end)}.")
    offered = [] if one.choices else one.complete("")[:12]
    if offered:
        lines.append(f"For example {', '.join(offered)}.")
    if one.option:
        lines.append(f"On the command line: {one.option}.")
    return lines

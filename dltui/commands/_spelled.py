"""From the values of a form back to the shortest command line that means the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from dltui.commands._forms import Field, Form, Value
from dltui.errors import UsageError


def words(form: Form, values: Mapping[str, object]) -> list[str]:
    """Return what follows ``dltui`` on the command line that asks for these values.

    Args:
        form: The verb's form.
        values: Values by name of their field; those left out, and None, stand at their defaults.

    Returns:
        The verb's words, what is told by its place, and the options that differ from their defaults.

    Raises:
        UsageError: If a value has no field, or one that is required is missing.
    """
    for name in values:
        form.field(name)
    places = [text for one in form.fields if not one.option for text in _place(form, one, values)]
    options = [word for one in form.fields if one.option for word in _option(form, one, values)]
    if any(text.startswith("-") for text in places):  # behind a -- nothing is taken for an option
        return [*form.verb.split(), *options, "--", *places]
    return [*form.verb.split(), *places, *options]


def command_line(form: Form, values: Mapping[str, object]) -> str:
    """Return the shortest command line that asks for these values, as a shell would take it.

    Args:
        form: The verb's form.
        values: Values by name of their field; those left out, and None, stand at their defaults.

    Returns:
        A line that starts with ``dltui``.

    Raises:
        UsageError: If a value has no field, or one that is required is missing.
    """
    return shlex.join(["dltui", *words(form, values)])


def spell(value: object) -> str:
    """Return a value as a person would type it: the shortest text that reads back as the same."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, list | tuple):  # an option that may be given again
        return shlex.join(map(str, value))
    return "" if value is None else str(value)


def _place(form: Form, asked: Field, values: Mapping[str, object]) -> Iterator[str]:
    """Yield the text of an argument that is told by its place."""
    value = _given(form, asked, values)
    if value is not None and (asked.required or value != asked.default):
        yield spell(value)


def _option(form: Form, asked: Field, values: Mapping[str, object]) -> Iterator[str]:
    """Yield the words of an option that differs from its default."""
    value = _given(form, asked, values)
    if value is None or value == asked.default:
        return
    if isinstance(value, list | tuple):
        yield from (word for one in value for word in (asked.option, str(one)))
    elif asked.kind != "switch":
        yield from (asked.option, spell(value))
    elif value:
        yield asked.option
    elif asked.off:
        yield asked.off


def _given(form: Form, asked: Field, values: Mapping[str, object]) -> Value | object:
    """Return the value of a field."""
    value = values.get(asked.name)
    if value is None and asked.required:
        raise UsageError(f"`dltui {form.verb}` needs {asked.label}: {asked.help.rstrip('.')}")
    return value

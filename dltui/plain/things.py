"""What is told of a thing on a shelf, and what can be done with it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from dltui.plain.menu import Choice, choose
from dltui.plain.running import run, say_figure, say_numbers
from dltui.plain.talk import Talk

if TYPE_CHECKING:
    from dltui.commands._forms import Value
    from dltui.tui.catalog import Item


def open_thing(talk: Talk, item: Item) -> None:
    """Tell what a thing is, and offer what can be done with it."""
    from dltui.tui.catalog import glimpse

    if item.kind == "result":
        _result(talk, item)
        return
    told = glimpse(item)
    talk.head(told.title)
    talk.say(told.words)
    talk.pairs(told.facts)
    if ways := _ways(talk, item):
        choose(talk, item.name, ways)


def ask_and_run(talk: Talk, verb: str, given: dict[str, Value] | None = None) -> None:
    """Fill in a verb's form and run it."""
    from dltui.commands._forms import form
    from dltui.commands._spelled import words
    from dltui.plain.asking import fill_in

    asked = form(verb)
    run(talk, words(asked, fill_in(talk, asked, given)))


def leaves(verb: str) -> list[str]:
    """Return the words of every form that a verb has."""
    from dltui.commands._calls import command_of
    from dltui.commands._forms import leaves as found

    return [name for name, _ in found(verb, command_of(verb))]


def _result(talk: Talk, item: Item) -> None:
    """Offer the figures of a saved result, in words, and its numbers."""
    from dltui.results import load
    from dltui.tui.catalog.results import facts

    result = load(item.path)
    figures = result.figures()
    talk.head(f"{item.name}: {item.note}")
    for figure in figures[:1]:
        say_figure(talk, figure)
    shown = [
        Choice(figure.title or type(figure).__name__.lower(), "in words", partial(say_figure, talk, figure))
        for figure in figures
    ]
    numbers = Choice("numbers", "all that was measured", partial(say_numbers, talk, result.summary()))
    made = Choice("made", "when and how it was made", partial(talk.pairs, [
        *facts(result, item.path), ("command", result.made.command or "unknown"),
    ]))  # fmt: skip
    choose(talk, item.name, [*shown, numbers, made])


def _ways(talk: Talk, item: Item) -> list[Choice]:
    """Return what can be done with a thing that is no result."""
    if item.kind == "exhibit":
        return [
            Choice("about", "what it shows, and its knobs", partial(run, talk, ["lab", "show", item.key])),
            Choice("run", "turn its knobs and see", partial(ask_and_run, talk, f"lab run {item.key}")),
            Choice("check", "recompute what is known", partial(run, talk, ["lab", "check", item.key])),
        ]
    if item.kind == "run":
        shown = Choice("show", "its settings and curves", partial(run, talk, ["runs", "show", item.name]))
        return [shown, *_looking(talk, f"run:{item.name}")]
    if item.kind in {"model", "checkpoint"}:
        return _looking(talk, item.key)
    if item.kind == "chain":
        walk = partial(run, talk, ["shapes", "chain", item.key])
        walk = walk if item.key else partial(ask_and_run, talk, "shapes chain")
        return [Choice("table", "its layers with shapes, parameters and MACs", walk)]
    return []


def _looking(talk: Talk, model: str) -> list[Choice]:
    """Return the verbs that look at a model."""
    from dltui.commands._forms import Refused, form, validate
    from dltui.commands._names import VERBS

    ways = []
    for verb, entry in VERBS.items():
        if leaves(verb) != [verb]:
            continue
        fields = [one for one in form(verb).fields if one.kind == "model"]
        if fields and not isinstance(validate(fields[0], model), Refused):
            ways.append(
                Choice(verb, entry.summary, partial(ask_and_run, talk, verb, {fields[0].name: model}))
            )
    return ways

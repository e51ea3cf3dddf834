"""Exhibits: one idea each, shown by a function that yields frames; its signature tells all knobs.

An exhibit runs the same way from the command line, the TUI and a script. Nothing here imports numpy, torch or textual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dltui.errors import DltuiError, unknown
from dltui.lab._names import NAMES
from dltui.lab.knobs import Knob, Value, read_knobs
from dltui.lab.story import Story, read_story
from dltui.registry import Registry

if TYPE_CHECKING:
    from dltui.figures import Figure

Number = float | int | str | bool | None | Sequence[float | None] | Sequence[Sequence[float]]


@dataclass(frozen=True, eq=False, kw_only=True)
class Frame:
    """What an exhibit shows at one moment.

    Attributes:
        figures: The pictures, the main one first.
        numbers: Named values, plain so that ``--json`` can print them.
        caption: What this moment is, in a few words, such as ``step 12 of 60``.
        total: How many frames there will be, or 0 where that is not known.
    """

    figures: tuple[Figure, ...]
    numbers: Mapping[str, Number] = field(default_factory=dict)
    caption: str = ""
    total: int = 0

    def value(self, name: str) -> float:
        """Return one of the numbers, for a check that computes with it."""
        found = self.numbers[name]
        assert isinstance(found, float | int), f"{name} is no single number, but {found!r}"
        return float(found)


@dataclass(frozen=True, slots=True)
class Check:
    """A number of an exhibit, recomputed and compared with what is known from elsewhere.

    Attributes:
        name: Name of its function, with dashes.
        about: What is compared with what: the first line of its docstring.
        function: Raises ``AssertionError`` when the exhibit is wrong.
    """

    name: str
    about: str
    function: Callable[[], None]


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One idea, made visible.

    Attributes:
        name: Its name, such as ``two-weight-saddle``.
        family: The shelf it stands on.
        covers: Rows of the catalogue that it shows, as ``document:id``.
        kin: Commands that go on from here, each with what it shows.
        sources: Papers and rows behind it.
        make: The function that yields its frames.
        knobs: What can be turned, read off the signature of ``make``.
        story: What it says of itself, read off the docstring of ``make``.
        checks: Its checks, in the order of the file.
    """

    name: str
    family: str
    covers: tuple[str, ...]
    kin: Mapping[str, str]
    sources: tuple[str, ...]
    make: Callable[..., Iterator[Frame]]
    knobs: tuple[Knob, ...]
    story: Story
    checks: list[Check] = field(default_factory=list)

    def __call__(self, **values: object) -> Iterator[Frame]:
        """Return the frames for some knob values; the other knobs stand at their defaults.

        Raises:
            UsageError: If there is no such knob, or a value has the wrong type or lies outside of its range.
        """
        return self.make(**self.settings(values))

    def last(self, **values: object) -> Frame:
        """Return the frame with which it ends for some knob values, which checks look at.

        Raises:
            UsageError: If there is no such knob, or a value has the wrong type or lies outside of its range.
        """
        *_, frame = self(**values)
        return frame

    def settings(self, values: Mapping[str, object]) -> dict[str, Value]:
        """Return the value of every knob: those given, checked, and the defaults.

        Args:
            values: Values by knob name; a text that spells a number or a switch is read.

        Returns:
            One value a knob, in the order of the signature.

        Raises:
            UsageError: If there is no such knob, or a value has the wrong type or lies outside of its range.
        """
        names = [knob.name for knob in self.knobs]
        for name in values:
            if name not in names:
                raise unknown(f"knob of {self.name}", name, names)
        return {knob.name: knob.accept(values.get(knob.name, knob.default)) for knob in self.knobs}

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of the knobs."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            "description": self.story.seen,
            "type": "object",
            "properties": {knob.name: knob.schema() for knob in self.knobs},
            "additionalProperties": False,
        }

    def check(self, function: Callable[[], None]) -> Callable[[], None]:
        """Attach a check; used as a decorator.

        Args:
            function: Asserts what must hold, each with a message; its docstring says what is compared with what.

        Returns:
            The function, unchanged.

        Raises:
            TypeError: If it has no docstring.
        """
        name = function.__name__.replace("_", "-")
        if not function.__doc__:
            raise TypeError(
                f"check {name!r} of exhibit {self.name!r} needs a docstring: what is compared with what"
            )
        self.checks.append(Check(name, function.__doc__.strip().splitlines()[0], function))
        return function


EXHIBITS: Registry[Exhibit] = Registry("exhibit", NAMES, "`dltui lab list`")


def exhibit(
    name: str,
    *,
    family: str,
    covers: tuple[str, ...],
    kin: Mapping[str, str] | None = None,
    sources: tuple[str, ...] = (),
) -> Callable[[Callable[..., Iterator[Frame]]], Exhibit]:
    """Return the decorator that makes an exhibit of a function that yields frames.

    Args:
        name: The exhibit's name, in words with dashes.
        family: The shelf it stands on; the name of the folder of its file.
        covers: Rows of the catalogue that it shows, as ``document:id``.
        kin: Commands that go on from here, each with what it shows.
        sources: Papers behind it.

    Returns:
        A decorator; the ``Exhibit`` it returns is called like the function.
    """

    def decorate(function: Callable[..., Iterator[Frame]]) -> Exhibit:
        story = read_story(function.__doc__, name)
        knobs = read_knobs(function)
        made = Exhibit(name, family, covers, dict(kin or {}), sources, function, knobs, story)
        return EXHIBITS.register(name, made)

    return decorate


def load(name: str) -> Exhibit:
    """Import the file of an exhibit and return it.

    Raises:
        UsageError: If nothing bears that name; it suggests the nearest.
        DltuiError: If the table of names is out of date.
    """
    try:
        return EXHIBITS.load(name)
    except KeyError as error:
        module = EXHIBITS.entry(name).module
        raise DltuiError(
            f"{module} holds no exhibit {name!r}; write the table anew: python -m dltui.lab.table"
        ) from error


def chosen(name: str | None = None, family: str | None = None) -> list[str]:
    """Return the names of one exhibit, of a family, or of all.

    Args:
        name: One exhibit, or None.
        family: One family, or None.

    Returns:
        The names in the order of the table.

    Raises:
        UsageError: If there is no such exhibit or family; it suggests the nearest.
    """
    families = dict.fromkeys(EXHIBITS.entry(known).family for known in EXHIBITS)
    if family is not None and family not in families:
        raise unknown("family", family, families)
    names = list(EXHIBITS) if name is None else [name]
    return [known for known in names if family in {None, EXHIBITS.entry(known).family}]

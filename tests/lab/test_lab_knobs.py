"""Knobs: read off a signature, turned within their range, refused beyond it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import pytest

from dltui.errors import UsageError
from dltui.lab import Choice, Knob, Slider, Switch, Typed
from dltui.lab.knobs import read_knobs


def as_size(text: str) -> list[int]:
    parts = text.split("×")
    if len(parts) != 2 or not all(part.strip().isdigit() for part in parts):
        raise UsageError(f"{text!r} is no size: expected rows × columns, such as 2 × 3")
    return [int(part) for part in parts]


def turned(
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate η")] = 0.1,
    weight_decay: Annotated[float, Slider(0, 2, step=0.5)] = 0,
    steps: Annotated[int, Slider(1, 50)] = 10,
    mode: Annotated[str, Choice("up", "down", help="which way")] = "up",
    noisy: Annotated[bool, Switch(help="add noise")] = False,
    size: Annotated[str, Typed(as_size, ("2 × 3", "4 × 4"), help="rows and columns")] = "2 × 3",
) -> None: ...


KNOBS = {knob.name: knob for knob in read_knobs(turned)}


def test_signature_is_read() -> None:
    assert list(KNOBS) == ["lr", "weight_decay", "steps", "mode", "noisy", "size"]
    assert [knob.kind for knob in KNOBS.values()] == ["float", "float", "int", "choice", "switch", "text"]
    assert KNOBS["weight_decay"].option == "--weight-decay"
    assert KNOBS["lr"].help == "learning rate η"
    assert KNOBS["steps"].extremes == (1, 50)
    assert KNOBS["mode"].extremes == ("up", "down")
    assert KNOBS["noisy"].extremes == (False, True)
    assert KNOBS["size"].extremes == ("2 × 3", "4 × 4")


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("lr", {"type": "number", "minimum": 0.001, "maximum": 1, "default": 0.1, "x-log": True}),
        ("weight_decay", {"type": "number", "minimum": 0, "maximum": 2, "default": 0, "x-step": 0.5}),
        ("steps", {"type": "integer", "minimum": 1, "maximum": 50, "default": 10}),
        ("mode", {"type": "string", "enum": ["up", "down"], "default": "up"}),
        ("noisy", {"type": "boolean", "default": False}),
        ("size", {"type": "string", "examples": ["2 × 3", "4 × 4"], "default": "2 × 3"}),
    ],
)
def test_schema(name: str, schema: dict[str, object]) -> None:
    assert KNOBS[name].schema() == schema | {"description": KNOBS[name].help}


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("lr", 0.5, 0.5),
        ("lr", 1, 1.0),
        ("lr", "1e-2", 0.01),
        ("weight_decay", "0", 0.0),
        ("weight_decay", "+2", 2.0),
        ("steps", 50, 50),
        ("steps", " 7 ", 7),
        ("mode", "down", "down"),
        ("noisy", True, True),
        ("noisy", "on", True),
        ("noisy", "No", False),
    ],
)
def test_accepts(name: str, given: object, taken: object) -> None:
    value = KNOBS[name].accept(given)
    assert value == taken
    assert type(value) is type(taken)


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("lr", 5, "from 0.001 to 1"),
        ("lr", 0, "from 0.001 to 1"),
        ("lr", "nan", "from 0.001 to 1"),
        ("lr", float("inf"), "from 0.001 to 1"),
        ("lr", "fast", "a number"),
        ("lr", True, "a number"),
        ("lr", None, "a number"),
        ("steps", 2.5, "a whole number from 1 to 50"),
        ("steps", "2.5", "a whole number from 1 to 50"),
        ("steps", 51, "a whole number from 1 to 50"),
        ("mode", "left", "one of up, down"),
        ("mode", 1, "one of up, down"),
        ("noisy", 1, "true or false"),
        ("noisy", "maybe", "true or false"),
    ],
)
def test_refuses(name: str, given: object, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        KNOBS[name].accept(given)
    text = str(caught.value)
    assert name in text
    assert expected in text
    assert repr(given) in text


def test_minus_sign_of_print_is_read() -> None:
    assert Knob("x", "float", 0.0, Slider(-2, 2)).accept("−1.5") == -1.5


def bare(lr: float = 0.1) -> None: ...
def mixed(lr: Annotated[str, Slider(0, 1)] = "a") -> None: ...
def undecided(lr: Annotated[float, Slider(0, 1)]) -> None: ...
def beyond(lr: Annotated[float, Slider(0, 1)] = 2) -> None: ...


@pytest.mark.parametrize(
    ("function", "complaint"),
    [(bare, "Annotated"), (mixed, "Annotated"), (undecided, "default"), (beyond, "refused")],
)
def test_wrong_declarations(function: Callable[..., None], complaint: str) -> None:
    with pytest.raises(TypeError, match=complaint):
        read_knobs(function)


@pytest.mark.parametrize(
    "make",
    [lambda: Slider(1, 1), lambda: Slider(2, 1), lambda: Slider(0, 1, log=True), lambda: Choice("one")],
)
def test_wrong_controls(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


def test_a_text_is_read_and_refused() -> None:
    assert KNOBS["size"].accept("7 × 1") == "7 × 1"
    assert KNOBS["size"].expects == "a text such as 2 × 3"
    with pytest.raises(UsageError, match="no size: expected rows × columns"):
        KNOBS["size"].accept("big")
    with pytest.raises(UsageError, match="the knob size takes a text such as 2 × 3"):
        KNOBS["size"].accept(3)

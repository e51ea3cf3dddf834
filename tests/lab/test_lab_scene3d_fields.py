"""What the exhibits on fields take from a keyboard, and what they say where there is nothing."""

from __future__ import annotations

import pytest

from dltui.errors import UsageError
from dltui.lab.run import run
from dltui.lab.scene3d.solid_trees import filled


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("implicit-level-set", {"f": "x**2 + q"}, "variable q"),
        ("implicit-level-set", {"f": "torsu(x)"}, "no gate 'torsu'"),
        ("sdf-csg", {"tree": "smni(A, B)"}, "did you mean smin"),
        ("sdf-csg", {"tree": "A - B"}, "only a number is added"),
        ("sdf-csg", {"a": "sphere(-1)"}, "size below 0"),
    ],
)
def test_what_means_nothing_is_refused(name: str, values: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run(name, values)


def test_letters_are_replaced_where_they_stand_alone() -> None:
    assert filled("smin(A, torus(R=1), k=k)", "box(1)", k=0.5) == "smin((box(1)), torus(R=1), k=0.5)"


def test_an_empty_solid_and_a_level_that_is_nowhere_are_told() -> None:
    empty = run("sdf-csg", {"tree": "max(A, -A)", "a": "sphere(.5)"})
    assert "nothing is inside" in empty.shown[1].caption
    assert run("implicit-level-set", {"iso": -4}).shown[1].caption.startswith("no surface here")

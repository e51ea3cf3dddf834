"""The checker itself: a check that is broken on purpose must be found out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dltui.lab import load, near
from dltui.lab.checks import _apart, run_checks, verdict_table

BROKEN = '''
"""An exhibit whose checks fail in every way."""
from collections.abc import Iterator
from dltui.figures import Prose
from dltui.lab import Frame, exhibit, near


@exhibit("broken", family="testing", covers=())
def broken() -> Iterator[Frame]:
    """Seen.

    Try: it.
    Notice: it.
    """
    yield Frame(figures=(Prose(title="t", text="x"),), numbers={"two": 3})


@broken.check
def holds() -> None:
    """One with one."""
    near("one", 1, 1)


@broken.check
def two() -> None:
    """Two with three."""
    *_, last = broken()
    near("two", last.numbers["two"], 2)


@broken.check
def mute() -> None:
    """Nothing is said."""
    assert False


@broken.check
def breaks() -> None:
    """It raises."""
    raise ZeroDivisionError("by nought")
'''


def test_broken_checks_are_told(exhibits_from: Callable[[str, str, str], None]) -> None:
    exhibits_from(BROKEN, "broken", "broken_exhibits_one")
    verdicts = run_checks(["broken"])
    assert [one.holds for one in verdicts] == [True, False, False, False]
    assert [one.check for one in verdicts] == ["holds", "two", "mute", "breaks"]
    assert "two is 3, known is 2" in verdicts[1].message
    assert verdicts[2].message
    assert verdicts[3].message == "ZeroDivisionError: by nought"
    table = verdict_table(verdicts)
    assert table.document()["failed"] == 3
    assert "1 of 4 checks hold" in table.lines(80)[-1]


def test_exit_code(
    exhibits_from: Callable[[str, str, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    from dltui.cli import run

    exhibits_from(BROKEN, "broken", "broken_exhibits_two")
    assert run(["lab", "check", "broken"]) == 1
    out, err = capsys.readouterr()
    assert "✗" in out
    assert "3 of 4 checks do not hold" in err


def test_in_processes_of_their_own() -> None:
    ((name, verdicts),) = _apart(["number-formats"], 1)
    assert name == "number-formats"
    assert [one.check for one in verdicts] == [check.name for check in load(name).checks]
    assert all(one.holds for one in verdicts)


@pytest.mark.parametrize(
    ("found", "known", "tolerance", "holds"),
    [
        (1.0, 1.0, 0, True),
        (1.0, 1.1, 0.1, True),
        (1.0, 1.2, 0.1, False),
        (1000.0, 1001.0, 0.001, True),
        (0.0, 1e-3, 1e-4, False),
        (np.nan, 1.0, 1, False),
        (np.inf, np.inf, 1, False),
        ([1, 2], (1, 2), 0, True),
        ([1, 2], [1, 2, 3], 10, False),
        ([1, 2], 1, 10, False),
        ([[1, 2]], [[1, 3]], 0.1, False),
    ],
)
def test_near(found: object, known: object, tolerance: float, holds: bool) -> None:
    if holds:
        near("x", found, known, tolerance)
    else:
        with pytest.raises(AssertionError, match="x"):
            near("x", found, known, tolerance)

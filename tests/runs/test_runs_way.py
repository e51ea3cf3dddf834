"""Which checkpoints of a run are looked at when it is followed."""

from pathlib import Path

import pytest

from dltui.runs import Run, new_run
from dltui.runs.find import Snapshot


@pytest.mark.parametrize(
    ("step", "most", "wanted"),
    [
        (90, 100, [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]),
        (45, 100, [0, 10, 20, 30, 40]),
        (90, 4, [0, 30, 60, 90]),
        (90, 1, [0, 90]),
        (0, 5, [0]),
    ],
)
def test_the_way_is_thinned_evenly_and_keeps_both_ends(
    step: int, most: int, wanted: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path))
    run = new_run(model="lenet", data="digits", settings={}, command="")
    monkeypatch.setattr(Run, "steps", lambda _: list(range(0, 91, 10)))
    assert Snapshot(run, step, tmp_path / "gone").way(most) == wanted

"""What ``--help`` of a verb with verbs below it promises."""

import pytest

from dltui.cli import run


@pytest.mark.parametrize(
    "group", ["data", "nerf", "splat", "runs", "settings", "lab", "batch", "shapes", "byhand"]
)
def test_no_sentence_about_a_verb_is_cut(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([group, "--help"]) == 0
    told = capsys.readouterr().out.partition("Commands:")[2]
    assert "..." not in told
    assert max(map(len, told.splitlines()), default=0) <= 80


@pytest.mark.parametrize(
    ("verb", "name"), [("critical", "pointnet"), ("remake", "occupancy"), ("landscape", "lenet")]
)
def test_a_model_that_is_told_is_one_that_the_verb_takes(
    verb: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([verb, "--help"]) == 0
    assert f"MODEL  {name}, " in capsys.readouterr().out

"""What stands behind a form, without a screen: numbers on a scale, texts and their meaning, ways to go on."""

from __future__ import annotations

import math
import shlex
from pathlib import Path

import pytest

from dltui.commands._forms import form
from dltui.commands._spelled import words
from dltui.errors import DltuiError, UsageError
from dltui.tui import catalog
from dltui.tui.answers import Answers, judge
from dltui.tui.catalog import SHELVES, Item, scratch
from dltui.tui.completing import completions, paths
from dltui.tui.scale import Scale
from dltui.tui.widgets.field_row import scale_of

LANDSCAPE = form("landscape")


def test_shelf_lists_every_verb_that_has_no_shelf_of_its_own(here: Path) -> None:
    (shelf,) = [one for one in SHELVES if one.name == "verbs"]
    items = catalog.read(shelf, here)
    names = [item.name for item in items]
    assert {"train", "landscape", "hessian", "lab check", "shapes conv2d", "doctor"} <= set(names)
    assert not {"lab list", "models list", "runs list"} & set(names)
    assert all(item.note and item.command == f"dltui {item.name}" for item in items)
    assert names.index("shapes chain") > names.index("doctor")
    told = catalog.glimpse(items[names.index("landscape")])
    assert ("steps", "Points along each direction; odd (25)") in told.facts


# numbers


def test_linear_scale_goes_by_fiftieths_and_keeps_to_its_ends() -> None:
    scale = Scale(-2, 2)
    assert scale.beside(0.0, 1) == 0.08
    assert scale.beside(1.99, 5) == 2
    assert [scale.share(x) for x in (-2, 0, 2, 9)] == [0, 0.5, 1, 1]
    assert [scale.at(s) for s in (0, 0.5, 1, 7)] == [-2, 0, 2, 2]


def test_logarithmic_scale_multiplies() -> None:
    scale = Scale(0.001, 1, log=True)
    assert math.isclose(scale.share(0.0316227766), 0.5, rel_tol=1e-6)
    up = scale.beside(0.1, 1)
    assert math.isclose(up / 0.1, 1000 ** (1 / 50), rel_tol=0.01)
    assert scale.beside(1.0, 1) == 1.0
    assert scale.beside(0.001, -1) == 0.001
    narrow = Scale(1, 1.01, log=True)
    assert narrow.beside(1.0, 1) > 1.0  # however few digits


@pytest.mark.parametrize(
    ("start", "steps", "found"),
    [
        (1, 1, 2),
        (2, 1, 5),
        (5, 1, 10),
        (0.1, 3, 1),
        (3, 1, 5),
        (3, -1, 2),
        (0.001, -1, 0.0005),
        (0, 1, 0.1),
        (-2, 1, -1),
    ],
)
def test_scale_without_ends_goes_by_one_two_five(start: float, steps: int, found: float) -> None:
    assert Scale().beside(start, steps) == pytest.approx(found)


def test_refused_numbers_are_stepped_over() -> None:
    steps = scale_of(LANDSCAPE.field("steps"))  # odd, from 3
    assert [steps.beside(25, 1), steps.beside(25, -1), steps.beside(3, -1)] == [27, 23, 3]
    assert steps.spell(27.0) == "27"


# texts and what they mean


def test_line_is_equal_to_what_was_filled_in() -> None:
    answers = Answers(LANDSCAPE)
    assert answers.missing == ["model"]
    assert answers.line() == "dltui landscape MODEL"
    with pytest.raises(UsageError, match="needs model"):
        answers.words()
    for name, text in (
        ("model", "mlp"),
        ("data", "moons"),
        ("steps", "11"),
        ("normalize", "layer"),
        ("seed", "0"),
    ):
        answers.put(name, text)
        assert answers.take(name, text, judge(LANDSCAPE.field(name), text))
    assert answers.line() == "dltui landscape mlp --data moons --steps 11 --normalize layer"
    assert answers.words() == shlex.split(answers.line())[1:]
    assert answers.words() == words(
        LANDSCAPE, {"model": "mlp", "data": "moons", "steps": 11, "normalize": "layer"}
    )
    answers.clear()
    assert answers.line() == "dltui landscape MODEL"


def test_refused_text_stays_on_the_line_and_keeps_the_form_from_running() -> None:
    answers = Answers(LANDSCAPE)
    answers.put("model", "mlp")
    answers.put("steps", "24")
    assert answers.pending == ["model", "steps"]
    found = judge(LANDSCAPE.field("steps"), "24")
    assert "expected an odd number" in found[1]
    assert answers.take("steps", "24", found)
    assert answers.trouble == ["steps"]
    assert answers.line() == "dltui landscape mlp --steps 24"
    answers.put("steps", "25")
    assert not answers.take("steps", "24", found)  # it says something else by now
    assert answers.pending == ["model", "steps"]


def test_sentences_point_to_no_help_page() -> None:
    assert judge(LANDSCAPE.field("steps"), "x")[1] == "invalid value for '--steps': 'x' is no whole number"
    assert judge(LANDSCAPE.field("data"), "mooons")[1] == "unknown data set 'mooons': did you mean moons?"


def test_values_can_fill_a_form() -> None:
    answers = Answers(LANDSCAPE)
    answers.put("distance", "3")
    answers.prefill({"model": "run:ab12", "steps": 31})
    assert answers.texts == {"model": "run:ab12", "steps": "31"}
    with pytest.raises(UsageError, match="argument of landscape"):
        answers.prefill({"stepz": 31})


# ways to go on


def test_names_runs_and_checkpoints_go_on_a_model(here: Path) -> None:
    items = [
        Item("run", "lenet-a1", "", "/x", ""),
        Item("checkpoint", "net.pt", "", "/y", ""),
        Item("data", "z", "", "", ""),
    ]
    field = LANDSCAPE.field("model")
    assert completions(field, "", here, items)[-2:] == ["run:lenet-a1", "net.pt"]
    assert "resnet20" in completions(field, "res", here, items)
    assert completions(field, "run:l", here, items) == ["run:latest", "run:lenet-a1"]


def test_paths_go_on_as_they_were_begun(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "deep").mkdir()
    (here / "deep" / "net.safetensors").touch()
    (here / "data.npz").touch()
    (here / ".hidden").touch()
    assert paths("d", here) == ["data.npz", "deep/"]
    assert paths("", here) == ["data.npz", "deep/"]
    assert paths(".h", here) == [".hidden"]
    assert paths("deep/n", here) == ["deep/net.safetensors"]
    assert paths(f"{here}/da", here) == [f"{here}/data.npz"]
    assert paths("nowhere/", here) == []
    monkeypatch.setenv("HOME", str(here))
    assert paths("~/da", Path("/")) == ["~/data.npz"]
    assert completions(LANDSCAPE.field("weights"), "deep", here) == ["deep/"]


# the scratch folder


def test_scratch_is_listed_kept_and_deleted(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "scratch"
    folder.mkdir()
    (results / "saddle.safetensors").rename(folder / "left.safetensors")
    (shelf,) = [one for one in SHELVES if one.name == "scratch"]
    (item,) = catalog.read(shelf, tmp_path)
    assert (item.kind, item.schema, item.name) == ("scratch", "landscape", "left")
    assert catalog.glimpse(item).figure is not None
    with pytest.raises(DltuiError, match="a result bowl already; try bowl-2"):
        scratch.keep(item.path, "bowl")
    for name in ("", "../bowl", ".bowl"):
        with pytest.raises(DltuiError, match="is no name for a result"):
            scratch.keep(item.path, name)
    kept = scratch.keep(item.path, "left-over.safetensors")
    assert kept == results / "left-over.safetensors"
    assert kept.exists()
    assert catalog.read(shelf, tmp_path) == []
    with pytest.raises(DltuiError, match="not in the scratch folder"):
        scratch.delete(kept)
    (folder / "x.safetensors").write_bytes(b"x")
    scratch.delete(folder / "x.safetensors")
    assert list(folder.iterdir()) == []

"""Whole explanations: what is left as found, which output is meant, how methods are scored, what is planted."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.data.inputs import Given
from dltui.data.takes import Letters, Takes
from dltui.errors import Cancelled, UsageError
from dltui.figures import Heatmap
from dltui.instruments.attribution import Choices, Wanted, explain
from dltui.instruments.attribution.curves import curve, shares_of, units_of
from dltui.instruments.attribution.nothing import nothing
from dltui.instruments.attribution.question import Question, embedding_of, rows_of_outputs
from dltui.instruments.attribution.targets import target_of
from dltui.models import build
from dltui.results import load
from dltui.results.explanation import METHODS, Explanation

IMAGE = Takes("image", (1, 12, 12), classes=("cat", "dog", "wolfhound", "greyhound", "owl"))
TEXT = Takes("tokens", (8,), tokenizer=Letters(tuple("abcdefgh ")), classes=tuple("abcdefgh "))


def picture(seed: int = 0) -> Given:
    """Return a drawn picture of 12 × 12."""
    pixels = np.random.default_rng(seed).integers(0, 256, (12, 12, 1)).astype(np.uint8)
    return Given("drawn", IMAGE.values(pixels)[None], pixels, label=1)


def text(letters: str) -> Given:
    """Return a text of letters."""
    assert TEXT.tokenizer is not None
    ids = TEXT.tokenizer.encode(letters)
    return Given(letters, np.array([ids], np.int64), text=letters, ids=tuple(ids), pieces=tuple(letters))


def small(name: str, takes: Takes) -> nn.Module:
    """Return a network of drawn weights, in training mode."""
    torch.manual_seed(2)
    return build(name, takes.shape, len(takes.classes))


CASES = [
    ("lenet", IMAGE, picture()),
    ("resnet8", IMAGE, picture()),
    ("gpt:layers=2,heads=2,width=16", TEXT, text("bad cafe")),
    ("lstm:width=8", TEXT, text("bad cafe")),
    ("mlp:width=8", Takes("array", (6,), classes=("no", "yes")), Given("row", np.ones((1, 6), np.float32))),
]


@pytest.mark.parametrize(("name", "takes", "given"), CASES, ids=lambda v: v if isinstance(v, str) else "")
def test_every_method_runs_and_the_model_is_left_as_found(name: str, takes: Takes, given: Given) -> None:
    module = small(name, takes)
    first = next(module.parameters())
    first.grad = torch.ones_like(first)
    first.requires_grad_(False)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    hooks = sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())
    state = torch.get_rng_state()
    found = explain(
        module,
        given,
        takes,
        methods=list(METHODS),
        choices=Choices(samples=40, copies=4, steps=8),
        wanted=Wanted(sanity=True),
    )
    assert set(found.methods) | {one["method"] for one in found.skipped} == set(METHODS)
    assert len(found.methods) >= 7
    assert np.isfinite(found.maps).all()
    assert found.maps.shape[1:] == found.groups.shape
    assert found.rank_correlation.shape == (len(found.methods), len(found.sanity_layers))
    assert module.training
    assert not first.requires_grad
    assert torch.equal(first.grad, torch.ones_like(first))
    assert all(torch.equal(value, before[key]) for key, value in module.state_dict().items())
    assert hooks == sum(len(p._forward_hooks) + len(p._forward_pre_hooks) for p in module.modules()) == 0
    assert torch.equal(state, torch.get_rng_state())


def test_an_explanation_is_kept_in_one_file(tmp_path: Path) -> None:
    module = small("lenet", IMAGE)
    found = explain(module, picture(), IMAGE, methods=["occlusion", "shap"], title="lenet")
    found.save(tmp_path / "why.safetensors")
    again = load(tmp_path / "why.safetensors")
    assert isinstance(again, Explanation)
    assert again.document() == found.document()
    assert [type(one) for one in again.figures()] == [type(one) for one in found.figures()]
    assert np.array_equal(again.maps, found.maps)
    assert again.title == "lenet on drawn"
    assert again.label == "dog"


def test_the_same_seed_gives_the_same_maps() -> None:
    module, methods = small("lenet", IMAGE), ["smoothgrad", "lime", "shap"]
    one, other = (
        explain(module, picture(), IMAGE, methods=methods, choices=Choices(samples=60, copies=5))
        for _ in range(2)
    )
    assert np.array_equal(one.maps, other.maps)
    third = explain(module, picture(), IMAGE, methods=methods, choices=Choices(samples=60, copies=5, seed=1))
    assert all(not np.array_equal(a, b) for a, b in zip(one.maps, third.maps, strict=True))


@pytest.mark.parametrize(
    ("asked", "number"), [(None, 2), (1, 1), ("3", 3), ("dog", 1), ("Wolf", 2), ("grey", 3), ("owl", 4)]
)
def test_an_output_is_meant_by_name_or_number(asked: int | str | None, number: int) -> None:
    assert target_of(asked, torch.tensor([0.0, 1, 5, 2, 3]), IMAGE) == number


@pytest.mark.parametrize(
    ("asked", "says"),
    [("7", "5 outputs, numbered from 0"), ("hound", "wolfhound or greyhound"), ("dgo", "did you mean dog")],
)
def test_an_output_that_is_not_there_is_told(asked: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        target_of(asked, torch.zeros(5), IMAGE)


class Words:
    """A tokenizer of words, with a token that stands before every text."""

    known = ("[CLS]", "the", " cat", " sat")

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text."""
        return [0, *(self.known.index(part) for part in re.findall(r" ?\w+", text))]

    def decode(self, ids: list[int]) -> str:
        """Return the text of tokens."""
        return "".join(self.known[one] for one in ids)

    def pieces(self, ids: list[int]) -> list[str]:
        """Return the tokens as they are shown."""
        return [self.known[one] for one in ids]


def test_an_output_of_a_language_model_is_a_token() -> None:
    takes = Takes("tokens", (9,), tokenizer=Words())
    assert target_of(" cat", torch.zeros(4), takes) == 2
    assert target_of("the", torch.zeros(4), takes) == 1
    assert target_of("3", torch.zeros(4), takes) == 3
    with pytest.raises(UsageError, match="is no single token, but"):
        target_of("the cat", torch.zeros(4), takes)


class Watermark(nn.Module):
    """Says "horse" for a mark in a corner, whatever else the picture shows: what explanations shall find."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        with torch.no_grad():
            self.conv.weight.fill_(1.0)
            self.conv.bias.fill_(-6.0)  # type: ignore[union-attr]
        self.relu, self.fc = nn.ReLU(), nn.Linear(100, 2)
        with torch.no_grad():
            self.fc.weight.zero_()
            self.fc.bias.zero_()
            self.fc.weight[1, 0] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """Return two scores."""
        found: Tensor = self.fc(self.relu(self.conv(x)).flatten(1))
        return found


@pytest.mark.parametrize("method", [name for name in METHODS if name != "cam"])
def test_a_planted_watermark_is_found(method: str) -> None:
    pixels = np.random.default_rng(5).integers(0, 120, (12, 12, 1)).astype(np.uint8)
    pixels[:3, :3] = 250
    takes = Takes("image", (1, 12, 12), classes=("deer", "horse"))
    given = Given("marked", takes.values(pixels)[None], pixels)
    found = explain(
        Watermark(),
        given,
        takes,
        methods=[method],
        wanted=Wanted(segments=16),
        choices=Choices(samples=300, patch=3),
    )
    assert found.target_name == "horse"
    values = np.abs(found.maps[0])
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    assert row < 4
    assert column < 4
    deletion, chance = found.area("deletion", method), found.area("deletion", "random")
    assert deletion is not None
    assert chance is not None
    assert deletion < chance
    assert (found.area("insertion", method) or 0) > (found.area("insertion", "random") or 1)


def test_curves_begin_and_end_where_they_must() -> None:
    module = small("resnet8", IMAGE).eval()
    found = explain(module, picture(), IMAGE, methods=["gradient-x-input"], wanted=Wanted(baseline="mean"))
    whole = found.answers[0]["probability"]
    x = torch.from_numpy(picture().values)
    none = float(torch.softmax(module(x.mean().expand_as(x)).detach(), dim=1)[0, found.target])
    assert found.deletion[0, 0] == found.insertion[0, -1] == pytest.approx(whole, abs=1e-6)
    assert found.deletion[0, -1] == found.insertion[0, 0] == pytest.approx(none, abs=1e-6)
    assert found.shares[[0, -1]].tolist() == [0, 1]


def test_large_pictures_are_deleted_in_squares() -> None:
    tiny = units_of(np.zeros((8, 8), np.int64))
    assert tiny.max() == 63
    assert len(shares_of(tiny)) == 25
    large = units_of(np.zeros((224, 224), np.int64))
    assert (large[:16, :16] == 0).all()
    assert large.max() == 195
    assert units_of(np.zeros(300, np.int64)).max() == 299
    assert shares_of(units_of(np.zeros(3, np.int64))).tolist() == [0, 1 / 3, 2 / 3, 1]
    planted = torch.zeros(1, 1, 56, 56)
    planted[..., 8:16, 8:16] = 1.0
    question = Question(Corner(), planted, torch.zeros_like(planted), 0, "image")
    units = units_of(np.zeros((56, 56), np.int64))
    found = curve(question, planted[0, 0].numpy().astype(float), units, shares_of(units))
    assert found.deletion[0] == found.insertion[-1] == found.insertion[1] == 64
    assert found.deletion[1] == found.insertion[0] == 0


class Corner(nn.Module):
    """The sum of a square."""

    def forward(self, x: Tensor) -> Tensor:
        """Return one output."""
        return x[:, 0, 8:16, 8:16].sum(dim=(1, 2))[:, None]


def test_forgetting_tells_an_explanation_from_an_edge_detector() -> None:
    """Gradients of a network whose layers were forgotten have little in common with those before."""
    module = small("resnet8", IMAGE)
    found = explain(
        module, picture(), IMAGE, methods=["saliency", "gradient-x-input"], wanted=Wanted(sanity=True)
    )
    assert found.sanity_layers[0] == "fc"
    assert found.sanity_layers[-1] == "conv"
    assert (np.abs(found.rank_correlation[0, -3:]) < 0.6).all()
    assert found.similarity.shape == found.rank_correlation.shape


def test_attributions_of_tokens_add_up_to_what_their_embeddings_do() -> None:
    module = small("gpt:layers=1,heads=2,width=16", TEXT)
    found = explain(module, text("bad cafe"), TEXT, methods=["integrated-gradients", "shap", "occlusion"])
    change = found.value - found.baseline_value
    assert found.maps[0].sum() == pytest.approx(change, rel=0.01)
    assert found.maps[1].sum() == pytest.approx(change, rel=1e-6)
    assert found.details[0]["gap"] <= 0.01
    assert found.groups.tolist() == [0, 0, 0, 0, 1, 1, 1, 1]
    assert found.details[1]["exact"]
    embedding, x = embedding_of(module, torch.from_numpy(text("bad cafe").values))
    assert x.shape == (1, 8, 16)
    assert embedding is module.get_submodule("token_embedding")
    together = next(one for one in found.figures() if isinstance(one, Heatmap))
    assert together.column_names == ("b", "a", "d", "␣", "c", "a", "f", "e")


def test_one_method_that_does_not_suit_is_an_error_and_one_of_several_is_told() -> None:
    module = small("lenet", IMAGE)
    with pytest.raises(UsageError, match="try grad-cam"):
        explain(module, picture(), IMAGE, methods=["cam"])
    found = explain(module, picture(), IMAGE, methods=["cam", "saliency"], wanted=Wanted(curves=False))
    assert found.methods == ["saliency"]
    assert found.skipped[0]["method"] == "cam"
    with pytest.raises(UsageError, match="none of these methods suits"):
        explain(small("lstm:width=8", TEXT), text("bad"), TEXT, methods=["cam", "grad-cam"])


@pytest.mark.parametrize(
    ("name", "least", "most"), [("black", 0.0, 0.0), ("white", 1.0, 1.0), ("blur", 0.2, 0.8)]
)
def test_baselines_of_pictures(name: str, least: float, most: float) -> None:
    takes = Takes("image", (3, 10, 14), mean=(0.5, 0.4, 0.3), std=(0.2, 0.3, 0.4))
    pixels = np.random.default_rng(0).integers(0, 256, (10, 14, 3)).astype(np.uint8)
    x = torch.from_numpy(takes.values(pixels)[None])
    found = nothing(name, x, takes, None)  # type: ignore[arg-type]
    shown = takes.pixels(found[0].numpy()) / 255
    assert least - 0.01 <= shown.min() <= shown.max() <= most + 0.01
    assert torch.equal(nothing("zero", x, takes, None), torch.zeros_like(x))
    mean = nothing("mean", x, takes, None)
    assert torch.allclose(mean[0, :, 0, 0], x.mean(dim=(2, 3))[0])


def test_a_blur_keeps_what_is_even() -> None:
    takes = Takes("image", (1, 9, 9))
    even = torch.full((1, 1, 9, 9), 0.7)
    assert torch.allclose(nothing("blur", even, takes, None), even)


def test_text_has_no_black_baseline() -> None:
    with pytest.raises(UsageError, match="try zero or mean"):
        nothing("black", torch.zeros(1, 3, 4), TEXT, None)
    table = nn.Embedding(9, 4)
    mean = nothing("mean", torch.zeros(1, 3, 4), TEXT, table)
    assert torch.allclose(mean[0, 1], table.weight.mean(dim=0))


def test_outputs_of_any_shape_become_a_row_a_sample() -> None:
    steps = torch.arange(24.0).reshape(2, 3, 4)
    assert torch.equal(rows_of_outputs(steps, 2, tokens=True), steps[:, -1])
    assert torch.equal(rows_of_outputs({"logits": steps[:, 0]}, 2, tokens=False), steps[:, 0])
    assert torch.equal(rows_of_outputs((steps[:, 0, 0],), 2, tokens=False), steps[:, :1, 0])
    assert torch.allclose(rows_of_outputs(steps, 2, tokens=False), steps.mean(dim=2))


def test_work_can_be_stopped_and_tells_what_is_known() -> None:
    known: list[list[str]] = []

    def report(done: int, total: int, partial: object = None) -> None:
        assert 0 <= done <= total
        if isinstance(partial, Explanation):
            known.append(partial.methods)
        if len(known) == 2:
            raise Cancelled("enough")

    module = small("lenet", IMAGE)
    with pytest.raises(Cancelled):
        explain(module, picture(), IMAGE, methods=list(METHODS), report=report)
    assert known == [["saliency"], ["saliency", "gradient-x-input"]]
    assert module.training

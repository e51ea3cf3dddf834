"""What layers make of an input, against outputs that are computed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import Letters, LiveModel, Takes, open_live
from dltui.data import load as load_data
from dltui.data.inputs import Given, read_input
from dltui.errors import UsageError
from dltui.figures import Bars, Heatmap, Histogram, Images, Lines, Prose, Tokens
from dltui.instruments.features import observe as module
from dltui.instruments.features.layers import capture, named_layers
from dltui.instruments.features.observe import observe
from dltui.results import load
from dltui.results.features import BINS, Features
from dltui.results.features_figures import depth
from dltui.results.features_outputs import PAGE, Wish, output_figure, pages, strongest


class Planted(nn.Module):
    """Ten units of which three can never fire and two of the last ones are always flat."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.relu, self.out, self.tanh = nn.Linear(4, 10), nn.ReLU(), nn.Linear(10, 6), nn.Tanh()
        with torch.no_grad():
            self.fc.bias[:3] = -100
            self.out.bias[:2] = 50

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.tanh(self.out(self.relu(self.fc(x))))
        return y


def live_of(net: nn.Module, shape: tuple[int, ...]) -> LiveModel:
    kind = "image" if len(shape) == 3 else "array"
    return LiveModel(net.eval(), "net", "planted", Takes(kind, shape))


def given_of(x: Tensor) -> Given:
    return Given("x", x.numpy())


def test_numbers_of_every_layer_are_those_of_its_output() -> None:
    live = open_live("resnet8")
    given = read_input("digits[5]", live.takes)
    found = observe(live, given)
    names = [name for name in named_layers(live.module) if name in found.places]
    with torch.no_grad():
        wanted = capture(live.module, names, given.tensor)
    assert len(names) > 20
    for name, output in wanted.items():
        values, told = output.numpy().astype(np.float64), found.told(found.place(name))
        np.testing.assert_array_equal(found.output(name), output[0].numpy())  # type: ignore[arg-type]
        np.testing.assert_allclose(told["mean"], values.mean(), atol=1e-12)
        np.testing.assert_allclose(told["std"], values.std(), atol=1e-12)
        np.testing.assert_allclose(told["rms"], np.sqrt((values**2).mean()))
        np.testing.assert_allclose(told["norm"], np.linalg.norm(values))
        assert (told["min"], told["max"]) == (values.min(), values.max())
        assert told["zeros"] == (values == 0).mean()
        assert told["units"] == output.shape[1]
        counts, _ = np.histogram(values, BINS)
        np.testing.assert_array_equal(found.counts[found.place(name)], counts)
    silent = wanted["stage1.0.relu1"].amax((0, 2, 3)) <= 0
    assert found.told(found.place("stage1.0.relu1"))["silent"] == int(silent.sum())
    assert found.told(found.place("conv"))["silent"] is None
    assert found.label == load_data("digits").classes[load_data("digits").y_train[5]]


def test_dead_and_saturated_units_are_counted_over_samples() -> None:
    torch.manual_seed(0)
    net, x = Planted(), torch.randn(1, 4)
    samples = torch.randn(100, 4)
    found = observe(live_of(net, (4,)), given_of(x), samples=samples)
    assert found.idle is not None
    relu, tanh = found.place("relu"), found.place("tanh")
    with torch.no_grad():
        outputs = capture(net, ["relu", "tanh"], samples)
    flat = (1 - outputs["tanh"] ** 2 < 0.05).all(0)
    assert found.idle[relu, 0] == 3 == (outputs["relu"] <= 0).all(0).sum()
    assert found.idle[tanh, 1] == int(flat.sum()) >= 2
    assert np.isnan(found.idle[relu, 1])
    assert np.isnan(found.idle[tanh, 0])
    assert found.told(relu)["silent"] == int((capture(net, ["relu"], x)["relu"] <= 0).sum())
    row = next(layer for layer in found.summary()["layers"] if layer["name"] == "relu")
    assert row["silent_over_samples"] == 3


def test_units_of_tokens_lie_along_the_last_axis_and_those_of_maps_along_the_first() -> None:
    live = open_live("gpt:layers=2")
    found = observe(live, read_input("to be or not to be", live.takes))
    assert found.told(found.place("blocks.0"))["units"] == 128
    assert found.told(found.place("blocks.1.up"))["units"] == 512
    assert found.told(found.place("head"))["units"] == 65
    sizes = depth(found).series[0].y
    assert sizes.max() < 5, "the numbers of tokens are no sizes"
    conv = nn.Sequential(nn.Conv1d(2, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(30, 3))
    maps = observe(live_of(conv, (2, 8)), given_of(torch.randn(1, 2, 8)))
    assert [maps.told(maps.place(name))["units"] for name in ("0", "1", "2")] == [5, 5, 30]


def test_a_layer_that_overwrites_its_input_does_not_change_what_was_seen() -> None:
    net = nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace=True))
    x = torch.randn(1, 4)
    found = observe(live_of(net, (4,)), given_of(x))
    with torch.no_grad():
        np.testing.assert_array_equal(found.kept["0"], net[0](x)[0].numpy())
    assert found.told(found.place("0"))["min"] < 0  # type: ignore[operator]


def test_what_is_kept_can_be_chosen_and_large_outputs_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    live = open_live("resnet8")
    given = read_input("digits[5]", live.takes)
    found = observe(live, given, layers=["stage2.*.relu?", "fc"])
    assert list(found.kept) == ["stage2.0.relu1", "stage2.0.relu2", "fc"]
    assert found.chosen == "stage2.0.relu1"
    shown = [figure.title.partition(" · ")[0] for figure in found.figures()[:4]]
    assert shown == ["stage2.0.relu1", "stage2.0.relu2", "fc", "Input"]
    with pytest.raises(UsageError, match=r"unknown layer 'stage2.0.relu3': did you mean stage2.0.relu"):
        observe(live, given, layers=["stage2.0.relu3"])
    with pytest.raises(UsageError, match="`dltui graph MODEL` lists them"):
        observe(live, given, layers=["qqqqqqqqqqqqq"])
    monkeypatch.setattr(module, "BUDGET", 3000)
    few = observe(live, given)
    assert sum(one.nbytes for one in few.kept.values()) <= 3000
    assert few.output(few.chosen) is not None
    assert "conv" not in few.kept
    figure = output_figure(few, "conv")
    assert isinstance(figure, Prose)
    assert "--layer conv keeps it" in figure.text


def test_pictures_show_the_maps_in_their_order_and_scale() -> None:
    live = open_live("resnet8")
    found = observe(live, read_input("digits[5]", live.takes))
    maps = found.kept["stage3.0.conv2"]
    figure = output_figure(found, "stage3.0.conv2", Wish(page=2))
    assert isinstance(figure, Images)
    assert figure.names[0].startswith("32 · ")
    own = maps[PAGE]
    np.testing.assert_allclose(figure.pixels[0], (own - own.min()) / (own.max() - own.min()), atol=1e-6)
    alike = output_figure(found, "stage3.0.conv2", Wish(alike=True))
    assert isinstance(alike, Images)
    np.testing.assert_allclose(alike.pixels, (maps[:PAGE] - maps.min()) / np.ptp(maps), atol=1e-6)
    order = strongest(found, "stage3.0.conv2")
    power = (maps.astype(float) ** 2).mean((1, 2))
    assert (np.diff(power[order]) <= 0).all()
    strong = output_figure(found, "stage3.0.conv2", Wish(order="strength"))
    assert isinstance(strong, Images)
    assert strong.names[0].startswith(f"{power.argmax()} · ")
    assert (pages(found, "stage3.0.conv2"), pages(found, "fc")) == (2, 1)
    assert isinstance(output_figure(found, "fc"), Bars)
    assert isinstance(output_figure(found, "mean"), Lines)


def test_a_constant_map_is_dark_and_makes_no_trouble() -> None:
    net = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[:] = 0  # type: ignore[index]
        net[0].bias[:] = torch.tensor([-1.0, 0.0, 2.0])
    found = observe(live_of(net, (1, 5, 5)), given_of(torch.randn(1, 1, 5, 5)))
    figure = output_figure(found, "1")
    assert isinstance(figure, Images)
    assert (figure.pixels == 0).all()
    assert found.told(found.place("1"))["silent"] == 2


def test_words_are_coloured_by_how_strongly_a_layer_answers() -> None:
    live = open_live("gpt:layers=1")
    found = observe(live, read_input("to be", live.takes))
    (tokens,) = [figure for figure in found.figures() if isinstance(figure, Tokens)]
    np.testing.assert_allclose(tokens.weights, np.linalg.norm(found.output("blocks.0"), axis=1), rtol=1e-6)  # type: ignore[arg-type]
    sheet = output_figure(found, "blocks.0")
    assert isinstance(sheet, Heatmap)
    assert sheet.row_names == ("t", "o", "space", "b", "e")
    np.testing.assert_array_equal(sheet.values, found.output("blocks.0"))  # type: ignore[arg-type]
    assert sheet.limits is not None
    beyond = float((np.abs(sheet.values) > sheet.limits[1]).mean())
    assert 0 < beyond < 0.01, "one strong unit leaves the others their colours"
    assert found.same["blocks.0"] == "blocks.0.add#2"
    assert len(found.answers) == 5
    assert found.answers == sorted(found.answers, key=lambda one: -one["probability"])


def test_shares_of_values_add_up_to_one_in_the_common_histogram() -> None:
    live = open_live("lenet")
    found = observe(live, read_input("digits[1]", live.takes))
    figures = found.figures()
    (common,) = [figure for figure in figures if isinstance(figure, Heatmap)]
    assert np.allclose(common.values.sum(1), 1, atol=0.081)  # empty bins are drawn as 0.001
    (own,) = [figure for figure in figures if isinstance(figure, Histogram)]
    assert own.counts.sum() == found.kept[found.chosen].size


def test_a_result_comes_back_from_its_file(tmp_path: Path) -> None:
    live = open_live("lenet")
    found = observe(live, read_input("digits[1]", live.takes), samples=torch.rand(20, 1, 8, 8))
    found.save(tmp_path / "f.safetensors")
    again = load(tmp_path / "f.safetensors")
    assert isinstance(again, Features)
    assert again.summary() == found.summary()
    assert again.kept.keys() == found.kept.keys()
    assert [figure.words() for figure in again.figures()] == [figure.words() for figure in found.figures()]


def test_features_are_not_mistaken_for_scores() -> None:
    letters = Letters(tuple("abcdefgh"))
    for width, told in ((8, 5), (6, 0)):
        net = nn.Sequential(nn.Embedding(8, 4), nn.Linear(4, width)).eval()
        live = LiveModel(net, "net", "planted", Takes("tokens", (5,), tokenizer=letters))
        found = observe(live, read_input("abc", live.takes))
        assert len(found.answers) == told
        if told:
            with torch.no_grad():
                last = net(torch.tensor([[0, 1, 2]]))[0, -1].double().softmax(0)
            assert found.answers[0]["name"] == "abcdefgh"[int(last.argmax())]
            assert found.answers[0]["probability"] == pytest.approx(float(last.max()))

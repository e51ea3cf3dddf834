"""From a model and an input to a result: which attention, head and names; and the result's file and figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel, open_live
from dltui.data.inputs import Given, read_input
from dltui.data.takes import Letters, Takes
from dltui.errors import DltuiError, UsageError
from dltui.figures import Heatmap, Overlay, Table, Tokens
from dltui.instruments.attention import catch, look
from dltui.instruments.attention.capture import Site
from dltui.instruments.attention.look import REPEATED, kindred, patches, pick, query_place
from dltui.instruments.attention.measures import induction, rollout
from dltui.models import build
from dltui.results import load
from dltui.results.attention import MEASURES, AttentionMaps

LETTERS = "abcdefghij "


@pytest.fixture(scope="module")
def decoder() -> LiveModel:
    torch.manual_seed(0)
    module = build("gpt:layers=3,heads=2,width=16", (64,), len(LETTERS)).eval()
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.7)
    return LiveModel(module, "tiny", "random", Takes("tokens", (64,), tokenizer=Letters(tuple(LETTERS))))


@pytest.fixture(scope="module")
def vision() -> LiveModel:
    return open_live("vit:layers=2,heads=2,width=16", data="fashion")


@pytest.fixture(scope="module")
def text(decoder: LiveModel) -> AttentionMaps:
    return look(decoder, read_input("bad cab", decoder.takes), seed=3)


@pytest.fixture(scope="module")
def seen(vision: LiveModel) -> AttentionMaps:
    return look(vision, read_input("fashion[3]", vision.takes))


def test_a_decoder_reading_text(decoder: LiveModel, text: AttentionMaps) -> None:
    assert text.queries == text.keys == list("bad cab")
    assert (text.depth, text.heads, text.causal, text.kind) == (3, 2, True, "tokens")
    assert text.layers == [f"blocks.{i}.attention" for i in range(3)]
    assert text.chosen[2] == 6  # the last token sees most
    given = read_input("bad cab", decoder.takes)
    sites = catch(decoder.module, given.tensor)
    np.testing.assert_array_equal(text.attention, np.stack([site.weights.numpy() for site in sites]))
    np.testing.assert_array_equal(text.rollout, rollout(text.attention))


def test_the_induction_score_is_taken_on_random_tokens_said_twice(
    decoder: LiveModel, text: AttentionMaps
) -> None:
    count = min(REPEATED, 64 // 2)
    order = torch.randperm(len(LETTERS), generator=torch.Generator().manual_seed(3))[:count]
    sites = catch(decoder.module, torch.cat([order, order])[None])
    expected = induction(np.stack([site.weights.numpy() for site in sites]))
    np.testing.assert_allclose(text.score("induction"), expected, rtol=1e-6)
    assert "next" not in text.known  # nothing is taken from what comes later


def test_the_model_is_left_as_found(decoder: LiveModel) -> None:
    module = decoder.module.train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    look(decoder, read_input("bad cab", decoder.takes))
    assert module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    module.eval()


def test_a_vision_transformer_reads_patches(seen: AttentionMaps) -> None:
    assert (seen.grid, seen.prefix, seen.causal, seen.kind) == ([7, 7], 1, False, "image")
    assert seen.queries[:3] == ["[CLS]", "0,0", "0,1"]
    assert seen.queries[-1] == "6,6"
    assert "induction" not in seen.known
    overlay, rolled = seen.figures()[2:4]
    assert isinstance(overlay, Overlay)
    assert isinstance(rolled, Overlay)
    layer, head, _ = seen.chosen
    np.testing.assert_allclose(overlay.values[1].ravel(), seen.attention[layer, head, 0, 1:])
    np.testing.assert_allclose(overlay.values[0], overlay.values[1:].mean(0), rtol=1e-5)
    np.testing.assert_allclose(rolled.values[0].ravel(), seen.rollout[-1, 0, 1:])
    assert overlay.picture.shape == (28, 28)


GRIDS = [
    (197, (224, 224), ((14, 14), 1)),
    (50, (28, 28), ((7, 7), 1)),
    (49, (28, 28), ((7, 7), 0)),
    (261, (224, 224), ((16, 16), 5)),
    (1 + 2 * 3, (6, 9), ((2, 3), 1)),
    (1 + 9 * 12, (9, 12), ((9, 12), 1)),
    (24, (8, 8), (None, 0)),
]


@pytest.mark.parametrize(("positions", "size", "expected"), GRIDS)
def test_how_positions_lie_on_a_picture(positions: int, size: tuple[int, int], expected: object) -> None:
    assert patches(positions, np.zeros((*size, 3), np.uint8)) == expected


def test_attention_of_the_most_frequent_size_is_shown_and_the_others_are_named() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.both = nn.Transformer(8, 2, 1, 2, 16, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.both(x, x[:, :3])

    live = LiveModel(Pair().eval(), "pair", "random", Takes("array", (5, 8)))
    given = Given("noise", np.random.default_rng(0).normal(size=(1, 5, 8)).astype(np.float32))
    found = look(live, given)
    assert found.attention.shape == (2, 2, 3, 5)
    assert not len(found.rollout)
    assert found.left_out == [
        "both.encoder.layers.0.self_attn", "both.decoder.layers.0.self_attn", "both.decoder.layers.1.self_attn",
    ]  # fmt: skip
    assert [type(one) for one in found.figures()] == [Heatmap, Heatmap, Tokens, Heatmap, Table]
    own = look(live, given, sites="decoder.layers.1.self")
    assert (own.attention.shape, own.left_out) == ((1, 2, 3, 3), [])
    with pytest.raises(UsageError, match="unknown module with attention 'tower'"):
        look(live, given, sites="tower")


def test_the_larger_of_two_sizes_wins_where_both_are_as_frequent() -> None:
    sites = [Site("a", torch.zeros(2, 3, 3)), Site("b", torch.zeros(2, 9, 9))]
    assert [site.name for site in kindred(sites)[0]] == ["b"]


def scores(**told: list[list[float]]) -> np.ndarray:
    return np.array([told.get(name, [[0.0, 0.0], [0.0, 0.0]]) for name in MEASURES])


def test_the_head_that_is_shown_is_the_plainest_one() -> None:
    plain = scores(previous=[[0.1, 0.2], [0.9, 0.3]])
    assert pick(plain, None, None) == ((1, 0), "the plainest pattern: 0.90 to the previous token")
    assert pick(plain, 0, None)[0][0] == 0
    assert pick(plain, None, 1)[0][1] == 1
    assert pick(plain, 0, 1) == ((0, 1), "")
    # without a pattern the most focused one, but none that rests on the first token
    focused = scores(evenness=[[0.1, 0.4], [0.9, 0.8]], first=[[0.95, 0.0], [0.0, 0.0]])
    assert pick(focused, None, None) == ((0, 1), "the most focused head")
    with pytest.raises(UsageError, match="--layer 2 is not there: expected 0 to 1"):
        pick(plain, 2, None)
    with pytest.raises(UsageError, match="--head 5 is not there: expected 0 to 1"):
        pick(plain, None, 5)


def test_queries_by_number_and_by_token() -> None:
    names = ["[CLS]", " the", " 7", "cat"]
    assert query_place(None, names, last=True) == 3
    assert query_place(None, names, last=False) == 0
    assert query_place("the", names, last=True) == 1
    assert query_place("7", names, last=True) == 2  # there is no place 7, but a token
    assert query_place("2", ["2", "1", "0"], last=True) == 2  # a place goes before a token
    assert query_place("-1", names, last=False) == 3
    with pytest.raises(UsageError, match="--query 4 is not there: expected 0 to 3, or a token"):
        query_place("4", names, last=True)
    with pytest.raises(UsageError, match="unknown token of the input 'cot': did you mean cat"):
        query_place("cot", names, last=True)


def test_a_measure_that_means_nothing_is_refused(vision: LiveModel) -> None:
    with pytest.raises(
        UsageError, match="--measure induction means nothing for this model and input: try entropy"
    ):
        look(vision, read_input("fashion[3]", vision.takes), mapped="induction")


def test_a_model_without_attention_says_which_have_some() -> None:
    live = open_live("lenet")
    with pytest.raises(DltuiError, match="LeNet has no attention: .*; try gpt or vit"):
        look(live, read_input("digits[1]", live.takes))


@pytest.mark.parametrize("kind", ["text", "seen"])
def test_the_file_gives_the_same_back(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    found: AttentionMaps = request.getfixturevalue(kind)
    found.save(tmp_path / "a.safetensors")
    again = load(tmp_path / "a.safetensors")
    assert isinstance(again, AttentionMaps)
    assert again.summary() == found.summary()
    assert [one.words() for one in again.figures()] == [one.words() for one in found.figures()]


def test_thumbnails_put_head_n_at_n(text: AttentionMaps) -> None:
    drawn = text.figures()[0]
    assert isinstance(drawn, Heatmap)
    for layer in range(3):
        for head in range(2):
            rows, columns = np.abs(drawn.y - layer) < 0.5, np.abs(drawn.x - head) < 0.5
            tile = drawn.values[np.ix_(rows, columns)]
            tile = tile[np.isfinite(tile).any(1)][:, np.isfinite(tile).any(0)]
            own = text.attention[layer, head]
            np.testing.assert_allclose(tile, own / own.max(), rtol=1e-5)


def test_long_texts_shrink_by_the_largest_weight(text: AttentionMaps) -> None:
    wide = np.zeros((1, 1, 100, 100), np.float32)
    wide[0, 0, 70, 13] = 0.5
    found = replace(text, attention=wide, chosen=[0, 0, 0])
    drawn = found.figures()[0]
    assert isinstance(drawn, Heatmap)
    assert drawn.values.shape == (24, 24)
    assert drawn.values.max() == 1
    assert np.argwhere(drawn.values == 1).tolist() == [[17, 3]]  # cell 17 begins at 17 · 100 / 24


def test_another_head_and_query(text: AttentionMaps) -> None:
    other = text.looking_at(1, 1, 99)
    assert other.chosen == [1, 1, 6]
    assert other.why == ("" if text.chosen[:2] != [1, 1] else text.why)
    row = other.figures()[2]
    assert isinstance(row, Tokens)
    np.testing.assert_array_equal(row.weights, text.attention[1, 1, 6])
    assert other.summary()["chosen"]["attention"] == text.attention[1, 1, 6].tolist()

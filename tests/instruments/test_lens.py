"""The logit lens against the same thing done by hand, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel, open_live
from dltui.data.inputs import read_input
from dltui.data.takes import Letters, Takes
from dltui.errors import DltuiError, UsageError
from dltui.instruments.lens import logit_lens
from dltui.models import build
from dltui.results import load
from dltui.results.lens import LogitLens

LETTERS = "abcdefghij "
TAKES = Takes("tokens", (16,), tokenizer=Letters(tuple(LETTERS)))
SPECS = ["gpt:layers=3,heads=2,width=16", "llama:layers=3,heads=2,groups=2,width=16"]


def live_of(spec: str) -> LiveModel:
    torch.manual_seed(0)
    module = build(spec, (16,), len(LETTERS)).eval()
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.weight, std=0.5)
    return LiveModel(module, "tiny", "random", TAKES)


def states_by_hand(module: nn.Module, x: Tensor) -> tuple[list[Tensor], nn.Module]:
    """Return the states between the blocks and the last norm."""
    if hasattr(module, "blocks"):
        places = module.position_embedding.weight[: x.shape[1]]
        h, blocks, norm = module.token_embedding(x) + places, module.blocks, module.norm
    else:
        h, blocks, norm = module.model.embed_tokens(x), module.model.layers, module.model.norm
    return [h, *(h := block(h) for block in blocks)], norm


@pytest.mark.parametrize("spec", SPECS)
def test_every_layer_is_the_last_norm_and_the_scores_by_hand(spec: str) -> None:
    live = live_of(spec)
    module, given = live.module, read_input("bad cab", live.takes)
    found = logit_lens(live, given)
    head = module.head if hasattr(module, "head") else module.lm_head
    with torch.no_grad():
        states, norm = states_by_hand(module, given.tensor)
        scores = torch.stack([head(norm(state))[0] for state in states]).double()
        assert torch.allclose(scores[-1].float(), module(given.tensor)[0], atol=1e-5)
    logs = scores.log_softmax(-1)
    best = logs.topk(5, -1)
    np.testing.assert_array_equal(found.ids, best.indices.numpy())
    np.testing.assert_allclose(found.probabilities, best.values.exp().numpy(), rtol=1e-5)
    np.testing.assert_allclose(found.entropy, -(logs.exp() * logs).sum(-1).numpy(), rtol=1e-5)
    answers = scores[-1].argmax(-1)
    for layer in range(4):
        for place, answer in enumerate(answers.tolist()):
            own = float(logs[layer, place, answer].exp())
            assert found.answer[layer, place] == pytest.approx(own, rel=1e-5)
            assert found.rank[layer, place] == 1 + int(
                (scores[layer, place] > scores[layer, place, answer]).sum()
            )
    assert (found.rank[-1] == 1).all()


def test_the_result_tells_the_answer_and_from_where_on_it_stays(tmp_path: Path) -> None:
    live = live_of(SPECS[0])
    found = logit_lens(live, read_input("bad cab", live.takes))
    told = found.summary()
    assert (told["position"], len(told["layers"])) == (6, 4)
    assert told["answer"] == told["layers"][-1]["best"][0]
    first = [layer["rank"] == 1 for layer in told["layers"]]
    settled = [layer["name"] for layer in told["layers"]].index(told["settled"])
    assert all(first[settled:])
    assert settled == 0 or not first[settled - 1]
    assert logit_lens(live, read_input("bad cab", live.takes), position="d").position == 2
    found.save(tmp_path / "lens.safetensors")
    again = load(tmp_path / "lens.safetensors")
    assert isinstance(again, LogitLens)
    assert again.summary() == told
    assert [one.words() for one in again.figures()] == [one.words() for one in found.figures()]


def test_a_masked_language_model_is_read_too() -> None:
    from dltui.models.bert import Bert, BertConfig

    torch.manual_seed(0)
    bert = Bert(BertConfig(len(LETTERS), 16, 3, 2, 32, 16, head="words")).eval()
    found = logit_lens(LiveModel(bert, "bert", "random", TAKES), read_input("bad cab", TAKES))
    with torch.no_grad():
        scores = bert(read_input("bad cab", TAKES).tensor)[0]
    np.testing.assert_array_equal(found.ids[-1, :, 0], scores.argmax(-1).numpy())


class Crooked(nn.Module):
    """Multiplies its scores on the way out, which no layer tells."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = build("gpt:layers=2,heads=2,width=8", (16,), len(LETTERS))

    def forward(self, x: Tensor) -> Tensor:
        return 3 * self.inner(x)


def test_what_can_not_be_read_is_refused() -> None:
    picture = open_live("lenet")
    with pytest.raises(
        UsageError, match="the logit lens reads language models, and lenet takes no tokens: try gpt"
    ):
        logit_lens(picture, read_input("digits[1]", picture.takes))
    given = read_input("bad cab", TAKES)
    with pytest.raises(DltuiError, match="can't tell how Crooked makes scores of its last state"):
        logit_lens(LiveModel(Crooked().eval(), "crooked", "random", TAKES), given)
    lstm = LiveModel(build("lstm", (16,), len(LETTERS)).eval(), "lstm", "random", TAKES)
    with pytest.raises(
        DltuiError, match="has no row of blocks of one kind: expected a transformer such as gpt"
    ):
        logit_lens(lstm, given)


def test_a_token_that_the_model_does_not_say_is_followed(tmp_path: Path) -> None:
    live = live_of(SPECS[0])
    given = read_input("bad cab", live.takes)
    said = logit_lens(live, given).summary()["answer"]
    other = next(letter for letter in LETTERS if letter != said)
    found = logit_lens(live, given, target=other)
    assert (found.followed, found.summary()["followed"], found.settled) == (other, other, None)
    with torch.no_grad():
        own = live.module(given.tensor)[0].softmax(-1)[:, LETTERS.index(other)]
    np.testing.assert_allclose(found.answer[-1], own.numpy(), rtol=1e-4)
    assert found.rank[-1, -1] > 1
    assert "is not what it says" in found.figures()[0].caption
    with pytest.raises(UsageError, match="--target 'dog' is no single token of tiny"):
        logit_lens(live, given, target="dog")

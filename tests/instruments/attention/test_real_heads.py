"""Real weights: MiniLM's 72 heads and SmolLM2's 270, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dltui.checkpoints.live import LiveModel, open_live
from dltui.data.inputs import read_input
from dltui.instruments.attention import look
from dltui.instruments.lens import logit_lens
from dltui.models.bert import sentence_embedding
from dltui.results.attention import AttentionMaps

pytestmark = pytest.mark.extra
Fetched = Callable[[str], Path]


def looked(live: LiveModel, text: str) -> AttentionMaps:
    return look(live, read_input(text, live.takes))


def test_minilm_puts_two_cats_close_and_stocks_far_away(fetched: Fetched) -> None:
    fetched("minilm")
    live = open_live("minilm")
    texts = ("A cat sits on the mat.", "A kitten is lying on a rug.", "The stock market fell sharply.")
    with torch.no_grad():
        cat, kitten, stocks = (
            sentence_embedding(live.module(read_input(text, live.takes).tensor))[0] for text in texts
        )
    near = [float(one @ other) for one, other in ((cat, kitten), (cat, stocks), (kitten, stocks))]
    assert near == pytest.approx([0.569, 0.081, 0.060], abs=1e-3)


def test_minilm_has_72_heads_and_one_of_them_looks_at_the_token_before(fetched: Fetched) -> None:
    fetched("minilm")
    found = looked(open_live("minilm"), "The cat sat on the mat because it was tired.")
    assert (found.depth * found.heads, found.causal) == (72, False)
    assert found.queries[0] == "[CLS]"
    assert found.queries[-1] == "[SEP]"
    layer, head, share = found.strongest("previous")
    assert ((layer, head), share > 0.99) == ((0, 2), True)
    assert found.chosen[:2] == [0, 2]


def test_smollm2_says_paris_and_the_lens_sees_it_come(fetched: Fetched) -> None:
    fetched("smollm2")
    live = open_live("smollm2")
    given = read_input("The capital of France is", live.takes)
    assert given.pieces == ("The", " capital", " of", " France", " is")
    found = logit_lens(live, given)
    assert len(found.layers) == 31
    assert found.followed == " Paris"
    assert found.answer[-1, -1] > 0.7
    assert found.rank[0, -1] > 1000  # nobody knows it at first
    assert found.word(29, 4) == " capital"  # one block before the end
    ids = list(given.ids)
    with torch.no_grad():
        for _ in range(2):
            ids.append(int(live.module(torch.tensor([ids]))[0, -1].argmax()))
    assert live.takes.tokenizer is not None
    assert live.takes.tokenizer.decode(ids).startswith("The capital of France is Paris.")


def test_smollm2_has_induction_heads_behind_its_previous_token_heads(fetched: Fetched) -> None:
    fetched("smollm2")
    found = looked(open_live("smollm2"), "When Mary and John went to the store, John gave a drink to")
    assert (found.depth, found.heads, found.causal) == (30, 9, True)
    before, _, shifted = found.strongest("previous")
    after, _, induced = found.strongest("induction")
    assert min(shifted, induced) > 0.75
    assert before < after  # an induction head reads what a previous-token head wrote
    assert found.score("first").mean() > 0.5  # most heads rest on the first token

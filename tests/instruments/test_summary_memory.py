"""Bytes of a summary: what autograd saves on the CPU, what is alive at once, weights and gradients."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).parent))

from mac_cases import CASES, Case
from zoo import ZOO, Block, resnet50

from dltui.instruments.summary import summarize
from dltui.shapes import chain


def saved_on_the_cpu(model: nn.Module, given: tuple[Any, ...], mode: str) -> int:
    """Return the bytes of all storages that autograd saves, weights and buffers apart."""
    model.train(mode == "train")
    own = {t.untyped_storage().data_ptr() for t in (*model.parameters(), *model.buffers())}
    saved: dict[int, Any] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            saved[storage._cdata] = storage
        return tensor

    with warnings.catch_warnings(), torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        warnings.simplefilter("ignore")
        out = model(*given)
    del out
    return sum(storage.nbytes() for storage in saved.values())


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("name", ZOO)
def test_kept_is_what_the_cpu_saves(name: str, mode: str) -> None:
    build, inputs = ZOO[name]
    torch.manual_seed(0)
    model, given = build(), inputs()
    found = summarize(model, input_data=list(given), mode=mode)
    assert found.device == "meta"
    assert found.kept_bytes == saved_on_the_cpu(model, given, mode)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kept_of_single_layers(case: Case) -> None:
    torch.manual_seed(0)
    model, given = case.build(), case.inputs()
    found = summarize(model, input_data=list(given), mode="eval")
    assert found.kept_bytes == saved_on_the_cpu(model, given, "eval")


def test_resnet50_keeps_what_is_known() -> None:
    found = summarize(resnet50, (1, 3, 224, 224))
    assert found.parameters == 25_557_032
    assert found.macs == 4_089_184_256
    assert found.kept_bytes == 86_121_984
    assert found.gradient_bytes == found.parameter_bytes == 4 * 25_557_032
    eight = summarize(resnet50, (8, 3, 224, 224))
    assert eight.kept_bytes == pytest.approx(687.5e6, rel=1e-3)


def test_attention_that_is_not_fused_is_told_beside() -> None:
    block = Block(32, 4, causal=True)
    found = summarize(block, (2, 16, 32), mode="train")
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        plain = saved_on_the_cpu(block, (torch.zeros(2, 16, 32),), "train")
    assert found.plain_kept_bytes == plain
    assert found.kept_bytes == saved_on_the_cpu(block, (torch.zeros(2, 16, 32),), "train")
    assert plain > found.kept_bytes


def test_a_masked_half_precision_block() -> None:
    class Masked(nn.Module):
        def forward(self, q: Tensor) -> Tensor:
            mask = torch.ones(8, 8, dtype=torch.bool, device=q.device).tril()
            return functional.scaled_dot_product_attention(q, q, q, attn_mask=mask)

    q = torch.zeros(2, 4, 8, 16, dtype=torch.bfloat16, requires_grad=True)
    found = summarize(
        nn.Sequential(nn.Linear(16, 16).bfloat16(), Masked()), input_data=q.detach(), mode="train"
    )
    model = nn.Sequential(nn.Linear(16, 16).bfloat16(), Masked())
    assert found.kept_bytes == saved_on_the_cpu(model, (q.detach(),), "train")


CHAIN = "conv2d 8 3 1 1 | relu | maxpool2d 2 | conv2d 16 3 | tanh | flatten | linear 10"


def test_a_chain_weighs_what_the_calculus_says() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3), nn.Tanh(), nn.Flatten(),
        nn.Linear(16 * 36, 10),
    )  # fmt: skip
    found, told = summarize(model, (2, 3, 16, 16)), chain(CHAIN, (2, 3, 16, 16)).memory()
    assert found.kept_bytes == told.training
    assert found.peak_bytes is not None
    # evaluation does not keep the indices of a maximum, but its kernel makes them: 8 bytes a place
    assert told.inference <= found.peak_bytes <= told.inference + 2 * 8 * 64 * 8
    assert found.memory()["training_bytes"] == 2 * found.parameter_bytes + told.training


def test_what_is_saved_is_told_where_it_is_saved() -> None:
    found = summarize(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)), (3, 4))
    assert [row["activation_bytes"] for row in found.rows] == [3 * 4 * 4 + 3 * 6 * 4, 3 * 4 * 4, 3 * 6 * 4, 0]


def test_frozen_weights_have_no_gradients() -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.Linear(6, 2))
    model[0].requires_grad_(False)
    found = summarize(model, (3, 4))
    assert (found.parameters, found.trainable, found.gradient_bytes) == (30 + 14, 14, 4 * 14)
    assert found.kept_bytes == 3 * 6 * 4  # only the second layer's input is needed

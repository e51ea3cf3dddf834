"""Patches, shared key heads, gates and experts against the same written with PyTorch's own layers."""

from __future__ import annotations

import random

import pytest
import torch
from fuzz import rounds
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from dltui.shapes import ShapeError, infer


def test_patches_are_a_strided_convolution() -> None:
    rng = random.Random(0)
    for _ in range(rounds(100)):
        channels, width, patch = rng.randint(1, 3), rng.randint(1, 6), (rng.randint(1, 3), rng.randint(1, 3))
        shape = (rng.randint(1, 2), channels, rng.randint(1, 9), rng.randint(1, 9))
        settings = {"embed_dim": width, "patch_size": patch, "cls_token": rng.random() < 0.5}
        if shape[2] % patch[0] or shape[3] % patch[1]:
            with pytest.raises(ShapeError) as caught:
                infer("patchembedding", shape, **settings)
            assert caught.value.argument == "patch_size"
            continue
        report = infer("patchembedding", shape, **settings)
        proj = nn.Conv2d(channels, width, patch, patch)
        tokens = proj(torch.zeros(shape)).flatten(2).transpose(1, 2)
        if settings["cls_token"]:
            tokens = torch.cat([torch.zeros(shape[0], 1, width), tokens], 1)
        assert report.output == tuple(tokens.shape)
        assert report.tensors["proj.weight"] == tuple(proj.weight.shape)
        assert report.tensors["pos_embedding"] == (1, *tokens.shape[1:])


class Shared(nn.Module):
    """Causal attention with shared key heads and a cache, as LLaMA's."""

    def __init__(self, width: int, heads: int, shared: int, each: int, bias: bool) -> None:
        super().__init__()
        self.q_proj = nn.Linear(width, heads * each, bias=bias)
        self.k_proj = nn.Linear(width, shared * each, bias=bias)
        self.v_proj = nn.Linear(width, shared * each, bias=bias)
        self.o_proj = nn.Linear(heads * each, width, bias=bias)
        self.each = each

    def forward(self, x: torch.Tensor, past: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the output and the cached keys."""
        q, k, v = (
            p(x).unflatten(-1, (-1, self.each)).transpose(1, 2)
            for p in (self.q_proj, self.k_proj, self.v_proj)
        )
        cache = torch.zeros(k.shape[0], k.shape[1], past, self.each, device=x.device)
        k, v = torch.cat([cache, k], 2), torch.cat([cache, v], 2)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return self.o_proj(mixed.transpose(1, 2).flatten(2)), k


def test_shared_key_heads() -> None:
    rng = random.Random(1)
    for _ in range(rounds(60)):
        shared = rng.randint(1, 3)
        heads, each, past = shared * rng.randint(1, 3), rng.randint(1, 4), rng.randint(0, 5)
        shape = (rng.randint(1, 2), rng.randint(1, 4), rng.randint(1, 9))
        bias = rng.random() < 0.5
        settings = {"num_heads": heads, "num_kv_heads": shared, "head_dim": each, "past": past, "bias": bias}
        report = infer("groupedqueryattention", shape, **settings)
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            module = Shared(shape[-1], heads, shared, each, bias)
            output, keys = module(torch.zeros(shape), past)
        assert report.outputs == (tuple(output.shape), tuple(keys.shape), tuple(keys.shape))
        assert report.tensors == {name: tuple(p.shape) for name, p in module.named_parameters()}
        assert 2 * report.macs == counter.get_total_flops()


def test_the_window_caps_the_cache() -> None:
    report = infer("groupedqueryattention", (1, 1, 64), num_heads=8, num_kv_heads=2, past=100, window=16)
    assert report.outputs[1] == (1, 2, 16, 8)
    with pytest.raises(ShapeError, match="don't split over"):
        infer("groupedqueryattention", (1, 1, 64), num_heads=8, num_kv_heads=3)


class Expert(nn.Module):
    """A feed-forward network, with a gate or without."""

    def __init__(self, width: int, hidden: int, gated: bool, bias: bool) -> None:
        super().__init__()
        if gated:
            self.gate_proj = nn.Linear(width, hidden, bias=bias)
        self.up_proj = nn.Linear(width, hidden, bias=bias)
        self.down_proj = nn.Linear(hidden, width, bias=bias)


class Experts(nn.Module):
    """Experts and their router."""

    def __init__(self, width: int, count: int, hidden: int, shared: int, gated: bool, bias: bool) -> None:
        super().__init__()
        self.router = nn.Linear(width, count, bias=False)
        self.experts = nn.ModuleList(Expert(width, hidden, gated, bias) for _ in range(count))
        self.shared = nn.ModuleList(Expert(width, hidden, gated, bias) for _ in range(shared))


def test_experts() -> None:
    rng = random.Random(2)
    for _ in range(rounds(60)):
        count, hidden, shared = rng.randint(1, 5), rng.randint(1, 5), rng.randint(0, 2)
        top, gated, bias = rng.randint(1, 6), rng.random() < 0.5, rng.random() < 0.5
        shape = (rng.randint(1, 2), rng.randint(1, 4), rng.randint(1, 5))
        settings = {
            "num_experts": count,
            "hidden_dim": hidden,
            "top_k": top,
            "shared_experts": shared,
            "gated": gated,
            "bias": bias,
        }
        if top > count:
            with pytest.raises(ShapeError) as caught:
                infer("mixtureofexperts", shape, **settings)
            assert caught.value.argument == "top_k"
            continue
        report = infer("mixtureofexperts", shape, **settings)
        module = Experts(shape[-1], count, hidden, shared, gated, bias)
        assert report.tensors == {name: tuple(p.shape) for name, p in module.named_parameters()}
        one = sum(p.numel() for p in module.experts[0].parameters() if p.dim() == 2)
        rows = shape[0] * shape[1]
        assert report.macs == rows * (module.router.weight.numel() + (top + shared) * one)
        assert report.outputs == (shape, (*shape[:-1], count))


def test_a_gate() -> None:
    report = infer("SwiGLU(4, 6, bias=True)", (2, 3, 4))
    module = Expert(4, 6, gated=True, bias=True)
    assert report.tensors == {name: tuple(p.shape) for name, p in module.named_parameters()}
    assert report.output == (2, 3, 4)


@pytest.mark.parametrize(
    ("name", "call"),
    [("add", lambda a, b: a + b), ("mul", lambda a, b: a * b), ("matmul", torch.matmul)],
)
def test_arithmetic(name: str, call) -> None:
    rng = random.Random(name)
    for _ in range(rounds(200)):
        first = tuple(rng.randint(1, 3) for _ in range(rng.randint(0, 3)))
        second = tuple(rng.choice([1, n, n, 3]) for n in first[rng.randint(0, 1) :])
        if name == "matmul" and rng.random() < 0.7 and first:
            second = (*second[:-2], first[-1], 2)[-rng.randint(1, 3) :]
        try:
            want = tuple(call(torch.zeros(first), torch.zeros(second)).shape)
        except RuntimeError:
            with pytest.raises(ShapeError):
                infer(name, first, second)
            continue
        assert infer(name, first, second).output == want

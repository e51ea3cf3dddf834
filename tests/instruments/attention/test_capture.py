"""Attention is caught from any way to write it, equals what is written out by hand, and nothing is left behind."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import DltuiError, UsageError
from dltui.instruments.attention import catch
from dltui.instruments.attention.capture import weights_of
from dltui.models import build

W, H, T = 12, 2, 7


def by_hand(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores + mask).softmax(-1)


class Written(nn.Module):
    """Attention written out, with a softmax of the user's choice."""

    def __init__(self, softmax: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.qkv, self.softmax = nn.Linear(W, 3 * W), softmax

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.unflatten(-1, (H, -1)).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        return (self.softmax(q @ k.transpose(-1, -2) / math.sqrt(W // H)) @ v).transpose(1, 2).flatten(2)


SOFTMAXES: list[Callable[[Tensor], Tensor]] = [
    lambda s: s.softmax(-1),
    lambda s: functional.softmax(s, dim=-1),
    lambda s: torch.softmax(s, 3),
    nn.Softmax(dim=-1),
]


@pytest.mark.parametrize("softmax", SOFTMAXES)
def test_attention_that_is_written_out(softmax: Callable[[Tensor], Tensor]) -> None:
    module, x = Written(softmax), torch.randn(1, T, W)
    q, k, _ = (part.unflatten(-1, (H, -1)).transpose(1, 2) for part in module.qkv(x).chunk(3, -1))
    (site,) = catch(module, x)
    torch.testing.assert_close(site.weights, by_hand(q, k)[0].detach())


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_torchs_multi_head_attention(wanted: bool, averaged: bool) -> None:
    class Asking(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.MultiheadAttention(W, H, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            y, weights = self.inner(x, x, x, need_weights=wanted, average_attn_weights=averaged)
            self.shape = None if weights is None else tuple(weights.shape)
            return y

    module, x = Asking().eval(), torch.randn(1, T, W)
    expected, shape = module(x), (module.shape)
    (site,) = catch(module, x)
    assert (site.name, module.shape) == ("inner", shape)  # the caller gets what it asked for
    truth = module.inner(x, x, x, average_attn_weights=False)[1][0]
    torch.testing.assert_close(site.weights, truth.detach())
    torch.testing.assert_close(module(x), expected)


def test_torchs_encoder_though_its_fast_path_hides_it() -> None:
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(W, H, 16, batch_first=True), 2).eval()
    x = torch.randn(1, T, W)
    sites = catch(encoder, x)
    assert [site.name for site in sites] == ["layers.0.self_attn", "layers.1.self_attn"]
    h = encoder.layers[0](x)
    truth = encoder.layers[1].self_attn(h, h, h, average_attn_weights=False)[1][0]
    torch.testing.assert_close(sites[1].weights, truth.detach(), rtol=1e-4, atol=1e-5)


def test_attention_over_other_keys_than_queries() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.both = nn.Transformer(W, H, 1, 1, 16, batch_first=True)

        def forward(self, x: Tensor) -> Tensor:
            return self.both(x, x[:, :3])

    shapes = {site.name: tuple(site.weights.shape) for site in catch(Two().eval(), torch.randn(1, T, W))}
    assert shapes == {
        "both.encoder.layers.0.self_attn": (H, T, T),
        "both.decoder.layers.0.self_attn": (H, 3, 3),
        "both.decoder.layers.0.multihead_attn": (H, 3, T),
    }


MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "added": {"attn_mask": torch.randn(T, T)},
    "told": {"attn_mask": torch.rand(T, T) > 0.4},
    "scaled": {"scale": 0.7},
}


@pytest.mark.parametrize("mask", MASKS)
def test_the_weights_are_those_that_torch_uses(mask: str) -> None:
    q, k = torch.randn(1, H, T, 5), torch.randn(1, H, T, 5)
    values = torch.eye(T).expand(1, H, T, T)  # what comes out are the weights themselves
    truth = functional.scaled_dot_product_attention(q, k, values, **MASKS[mask])
    torch.testing.assert_close(weights_of(q, k, values, **MASKS[mask]), truth.nan_to_num())


def test_queries_that_share_keys_in_groups() -> None:
    q, k = torch.randn(1, 6, T, 5), torch.randn(1, 2, T, 5)
    values = torch.eye(T).expand(1, 2, T, T)
    truth = functional.scaled_dot_product_attention(q, k, values, enable_gqa=True)
    torch.testing.assert_close(weights_of(q, k, values, enable_gqa=True), truth)


def test_a_query_that_sees_nothing_takes_nothing() -> None:
    q = torch.randn(1, 1, 2, 4)
    seen = torch.tensor([[True, True], [False, False]])
    assert weights_of(q, q, q, seen)[0, 0, 1].tolist() == [0.0, 0.0]
    broken = weights_of(torch.full((1, 1, 2, 4), torch.nan), q, q)
    assert broken.isnan().all()  # what is no number stays visible


@pytest.mark.parametrize("spec", ["gpt:layers=2,heads=2,width=8", "llama:layers=2,heads=2,groups=2,width=8"])
def test_our_own_models_and_nothing_left_on_them(spec: str) -> None:
    torch.manual_seed(0)
    module, x = build(spec, (T,), 11).eval(), torch.randint(11, (1, T))
    before = module(x)
    sites = catch(module, x)
    assert len(sites) == 2
    for site in sites:
        torch.testing.assert_close(site.weights.sum(-1), torch.ones(2, T))
        assert not site.weights.triu(1).any()
    assert torch.equal(module(x), before)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_hooks_are_gone_after_a_failure() -> None:
    module = build("gpt:layers=1,heads=2,width=8", (T,), 11).eval()
    with pytest.raises(UsageError, match="can't take an input of shape"):
        catch(module, torch.randint(11, (1, T + 1)))
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())
    assert torch.overrides._get_current_function_mode() is None


def test_a_network_without_attention_is_refused() -> None:
    with pytest.raises(
        DltuiError, match="Sequential has no attention: expected scaled_dot_product_attention"
    ):
        catch(nn.Sequential(nn.Linear(4, 4), nn.Softmax(dim=-1)), torch.randn(1, 4))

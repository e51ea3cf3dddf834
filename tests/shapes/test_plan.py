"""Memory plans against the notes' numbers, published sizes, papers' formulas, and tensors that PyTorch saves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from dltui.errors import DltuiError
from dltui.shapes import ShapeError
from dltui.shapes.config import decoder_of, read_config, weights_in
from dltui.shapes.cost import attention_cost, seen_pairs, turning_point
from dltui.shapes.decoder import Decoder, counted, named_decoders, read_decoder
from dltui.shapes.planned import Layout, Precision, Work, bytes_a_parameter, plan, stages_of
from dltui.shapes.units import binary_text, bytes_text

# Parameters as Hugging Face counts the published weights.
PUBLISHED = {
    "gpt2": 124_439_808,
    "gpt2-xl": 1_557_611_200,
    "gpt3-175b": 174_604_259_328,
    "llama2-7b": 6_738_415_616,
    "llama2-70b": 68_976_648_192,
    "llama3-8b": 8_030_261_248,
    "llama3-70b": 70_553_706_496,
    "llama3-405b": 405_853_388_800,
    "mistral-7b": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "qwen2.5-7b": 7_615_616_512,
}


def test_every_language_model_has_its_published_parameters() -> None:
    assert {name: read_decoder(name).parameters for name in named_decoders()} == PUBLISHED
    assert read_decoder("mixtral-8x7b").active == 12_879_925_248


def test_the_notes_bytes_a_parameter() -> None:
    # notes 002b, d-memcalc: weights BF16 2 + gradients 2 + Adam 4 + 4 = 12; the slide's variant 8
    assert sum(bytes_a_parameter().values()) == 12
    assert sum(bytes_a_parameter(precision=Precision(states="bfloat16")).values()) == 8
    assert sum(bytes_a_parameter(precision=Precision(master=True)).values()) == 16  # ZeRO's count
    assert sum(bytes_a_parameter("sgd").values()) == 4
    assert sum(bytes_a_parameter("adam8bit").values()) == 4 + 2 * (1 + 4 / 256)
    assert plan(10 * 10**9).total == 120e9
    assert plan(10 * 10**9, precision=Precision(states="bfloat16")).total == 80e9
    assert plan(405 * 10**9).total == 4.86e12
    assert 60 < plan(405 * 10**9).total / 80e9 < 61


@pytest.mark.parametrize(("devices", "gigabytes"), [(2, 60), (4, 30), (8, 15), (16, 7.5)])
def test_the_notes_sharding(devices: int, gigabytes: float) -> None:
    assert plan(10 * 10**9, layout=Layout(fsdp=devices)).total == gigabytes * 1e9  # notes 002b, W7


def test_zero_stages() -> None:
    # Rajbhandari et al. 2020, figure 1: 7.5 B parameters, 64 devices, 16 B a parameter: 120, 31.4, 16.6, 1.9 GB
    mixed = Precision(master=True)
    found = [plan(7_500_000_000, precision=mixed).total]
    found += [plan(7_500_000_000, precision=mixed, layout=Layout(fsdp=64, zero=z)).total for z in (1, 2, 3)]
    assert [round(total / 1e9, 1) for total in found] == [120.0, 31.4, 16.6, 1.9]


def test_the_notes_activations() -> None:
    # notes 002b, d-actmem: 2 · 126 · (4 · 16384) · 4096 = 67,645,734,912 B = 63 GiB, the hidden numbers alone
    model = read_decoder("layers=126 hidden=16384 heads=128")
    inside = plan(model, work=Work(tokens=4096)).inside
    hidden = next(part for part in inside if part.name == "hidden after the activation")
    assert 126 * hidden.bytes == 67_645_734_912 == 63 * 2**30


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("name", ["gpt2", "gpt3-175b"])
def test_activations_of_a_layer_as_korthikanti_counts(name: str, scores: bool) -> None:
    model, s = read_decoder(name), 1024
    bytes_a_token = sum(kept.numbers * (kept.size or 2) for kept in model.kept(s, scores=scores))
    h, a = model.hidden, model.heads
    assert bytes_a_token == (34 * h + 5 * a * s if scores else 34 * h + 4 * a)


def test_tensor_parallelism_as_korthikanti_counts() -> None:
    model, s, t = read_decoder("gpt3-175b"), 2048, 8
    h, a = model.hidden, model.heads
    for sequence, wanted in ((False, h * (10 + 24 / t)), (True, 34 * h / t)):
        layout = Layout(tp=t, sequence_parallel=sequence)
        inside = plan(model, layout=layout, work=Work(tokens=s, attention="math")).inside
        assert sum(part.bytes for part in inside) == s * (wanted + 5 * a * s / t)


def test_pipeline_stages() -> None:
    assert stages_of(126, 4) == (32, 32, 32, 30)  # notes 002b, d-pp
    assert sum(stages_of(126, 16)) == 126
    assert len(stages_of(7, 5)) == 5
    found = plan(
        read_decoder("llama3-8b"), layout=Layout(pp=4, microbatches=8), work=Work(batch=8, tokens=1024)
    )
    assert found.stages == (8, 8, 8, 8)
    flying = next(part for part in found.parts if part.name == "activations")
    alone = plan(read_decoder("llama3-8b"), work=Work(tokens=1024))
    layer = sum(part.bytes for part in alone.inside)
    assert flying.bytes == 8 * (4 - (found.stage - 1)) * layer


def test_every_cut_multiplies_back_to_the_whole() -> None:
    model = read_decoder("llama3-8b")
    whole = plan(model, work=Work(tokens=4096, batch=8))
    for layout in (Layout(tp=8), Layout(cp=4), Layout(fsdp=8)):
        cut = plan(model, layout=layout, work=Work(tokens=4096, batch=8 // layout.fsdp))
        for part, other in zip(
            whole.parts, (one for one in cut.parts if "gathered" not in one.name), strict=True
        ):
            over = (
                layout.devices if part.name in {"activations", "log-probabilities"} or layout.cp == 1 else 1
            )
            assert part.bytes == pytest.approx(over * other.bytes)


def test_serving() -> None:
    found = plan(read_decoder("llama3-8b"), work=Work(tokens=8192, serving=True, batch=2))
    assert [part.name for part in found.parts] == ["weights", "KV cache"]
    assert found.parts[1].bytes == 2 * 131_072 * 8192  # 128 KiB a token in bfloat16
    halved = plan(
        read_decoder("llama3-8b"), layout=Layout(tp=2), work=Work(tokens=8192, serving=True, batch=2)
    )
    assert halved.parts[1].bytes == found.parts[1].bytes / 2
    copied = plan(
        read_decoder("llama3-8b"), layout=Layout(tp=32), work=Work(tokens=8192, serving=True, batch=2)
    )
    assert copied.parts[1].bytes == found.parts[1].bytes / 8  # eight key heads don't split any further


class Block(nn.Module):
    """A decoder layer as people write it: FlashAttention's kernel, GELU, no dropout."""

    def __init__(self, h: int, a: int, f: int) -> None:
        super().__init__()
        self.heads = a
        self.first, self.second = nn.LayerNorm(h), nn.LayerNorm(h)
        self.qkv, self.out = nn.Linear(h, 3 * h), nn.Linear(h, h)
        self.up, self.down, self.act = nn.Linear(h, f), nn.Linear(f, h), nn.GELU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, s, h = x.shape
        q, k, v = self.qkv(self.first(x)).view(n, s, 3, self.heads, h // self.heads).permute(2, 0, 3, 1, 4)
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(n, s, h))
        return x + self.down(self.act(self.up(self.second(x))))


def test_activations_are_what_torch_saves() -> None:
    h, a, f, s, n = 64, 4, 256, 32, 2
    layer, x = Block(h, a, f), torch.zeros(n, s, h, requires_grad=True)
    weights = {p.untyped_storage().data_ptr() for p in layer.parameters()}
    saved: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and tensor.dim() > 0:
            saved[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        _ = layer(x)
    model = Decoder(layers=1, hidden=h, heads=a, ffn=f, bias=True)
    ours = sum(kept.numbers * 4 for kept in model.kept(s)) * n * s
    norms = 2 * 2 * 4 * n * s  # mean and 1/std of both norms, a float32 a token each
    small = 16 * 2  # seed and offset of a kernel without dropout
    assert ours + norms <= sum(saved.values()) <= ours + norms + small


def test_attention_cost_of_the_notes() -> None:
    # notes 000b, quad-cost: one head in float32: 512 → 1 MiB, 4096 → 64 MiB, 16384 → 1 GiB, 65536 → 16 GiB
    one = Decoder(layers=1, hidden=64, heads=1)
    for tokens, told in ((512, "1 MiB"), (4096, "64 MiB"), (16384, "1 GiB"), (65536, "16 GiB")):
        cost = attention_cost(one, tokens, dtype="float32")
        assert binary_text(cost.plain_bytes) == told
        assert cost.flash_bytes == 4 * tokens
        assert cost.score_macs == 2 * tokens**2 * 64
    assert turning_point(Decoder(layers=1, hidden=512, heads=8)) == 2 * 512


def test_seen_pairs_by_counting() -> None:
    for tokens in (1, 2, 7, 12):
        for window in (None, 1, 3, 20):
            seen = sum(1 for i in range(tokens) for j in range(i + 1) if window is None or i - j < window)
            assert seen_pairs(tokens, causal=True, window=window) == seen
        assert seen_pairs(tokens, causal=False) == tokens**2


def test_configurations(tmp_path: Path) -> None:
    config = {
        "model_type": "llama",
        "num_hidden_layers": 32,
        "hidden_size": 4096,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "vocab_size": 128256,
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert read_config(tmp_path / "config.json") == read_decoder("llama3-8b")
    gpt = {"model_type": "gpt2", "n_layer": 12, "n_embd": 768, "n_head": 12, "n_inner": None}
    assert decoder_of(gpt | {"vocab_size": 50257, "n_positions": 1024}) == read_decoder("gpt2")
    with pytest.raises(ShapeError, match="hidden_size"):
        decoder_of({"model_type": "llama", "num_hidden_layers": 2})
    with pytest.raises(ShapeError, match="kind of language model 'mamba'"):
        decoder_of({"model_type": "mamba"})
    (tmp_path / "config.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(DltuiError, match="no JSON object"):
        read_config(tmp_path / "config.json")


def test_a_qwen3_has_norms_of_heads() -> None:
    # Qwen3-0.6B, arXiv:2505.09388: 596,049,920 parameters with its table tied
    qwen = {
        "model_type": "qwen3",
        "num_hidden_layers": 28,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "intermediate_size": 3072,
        "vocab_size": 151936,
        "tie_word_embeddings": True,
    }
    assert decoder_of(qwen).parameters == 596_049_920


def test_weights_files(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5)}, tmp_path / "w.safetensors", {"made": "here"})
    assert weights_in(tmp_path / "w.safetensors") == 17
    (tmp_path / "x.safetensors").write_bytes(b'\x08\0\0\0\0\0\0\0{"a":1}')
    with pytest.raises(DltuiError, match=r"expected a \.safetensors file"):
        weights_in(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("text", "count"),
    [("7e9", 7 * 10**9), ("7b", 7 * 10**9), ("1.5B", 15 * 10**8), ("8k", 8000), ("7_000", 7000), ("0", 0)],
)
def test_counts(text: str, count: int) -> None:
    assert counted("params", text) == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("llama9", "unknown language model"),
        ("layers=2 hidden=64", "needs heads"),
        ("layers=2 hidden=64 heads=3", "does not split into 3 heads"),
        ("layers=2 hidden=64 heads=4 kv_heads=3", "don't split over 3 key heads"),
        ("layers=two hidden=64 heads=4", "no number"),
        ("layers=0 hidden=64 heads=4", "at least 1"),
        ("depth=2", "unknown size of a language model"),
    ],
)
def test_language_models_that_mean_nothing(text: str, told: str) -> None:
    with pytest.raises(ShapeError, match=told):
        read_decoder(text)


def test_plans_that_mean_nothing() -> None:
    model = read_decoder("llama3-8b")
    with pytest.raises(ShapeError, match="don't split over tp 3"):
        plan(model, layout=Layout(tp=3))
    with pytest.raises(ShapeError, match="don't fill 64"):
        plan(model, layout=Layout(pp=64))
    with pytest.raises(ShapeError, match="unknown optimizer 'adamm'"):
        plan(model, optimizer="adamm")
    with pytest.raises(ShapeError, match="unknown dtype 'half'"):
        Precision(weights="half")
    with pytest.raises(ShapeError, match="tp must be at least 1"):
        Layout(tp=0)
    with pytest.raises(ShapeError, match="a chain or a network is split by dp and fsdp"):
        plan(100, activations=10, layout=Layout(tp=2))


def test_units() -> None:
    assert [bytes_text(n) for n in (0, 999, 1000, 120e9, 4.86e12)] == [
        "0 B",
        "999 B",
        "1 kB",
        "120 GB",
        "4.86 TB",
    ]
    assert [binary_text(n) for n in (1023, 1024, 67_645_734_912)] == ["1023 B", "1 KiB", "63 GiB"]

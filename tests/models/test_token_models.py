"""Networks that read tokens: sizes, what they may see, and each against another way to compute it."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from dltui.data import load
from dltui.errors import UsageError
from dltui.models import MODELS, build
from dltui.models._names import NAMES
from dltui.models.gpt import GPT, Block

LANGUAGE = [name for name, entry in NAMES.items() if entry.family == "language"]
SMALL = {
    "gpt": "gpt:layers=2,heads=2,width=8",
    "llama": "llama:layers=2,heads=2,groups=2,width=8",
    "lstm": "lstm:width=8,layers=2",
    "makemore": "makemore:width=9",
}
CONTEXT, VOCABULARY = 6, 11


def small(name: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return build(SMALL[name], (CONTEXT,), VOCABULARY)


def tokens(count: int = 4) -> Tensor:
    return torch.randint(VOCABULARY, (count, CONTEXT), generator=torch.Generator().manual_seed(1))


PARAMETERS = [
    ("gpt", 64, 65, 65 * 128 + 64 * 128 + 4 * (12 * 128**2 + 13 * 128) + 2 * 128),
    ("gpt:tied=no", 64, 65, 809_856 + 65 * 128),
    (
        "gpt:layers=6,heads=6,width=384",
        256,
        65,
        65 * 384 + 256 * 384 + 6 * (12 * 384**2 + 13 * 384) + 2 * 384,
    ),
    ("lstm", 64, 65, 148_801),
    ("lstm:width=32,layers=2", 9, 5, 2 * 5 * 32 + 5 + 2 * 8 * (32**2 + 32)),
    ("makemore", 3, 27, 11_897),
    ("makemore:embedding=2,width=50", 8, 27, 54 + 17 * 50 + 51 * 27),
]


@pytest.mark.parametrize(("spec", "context", "vocabulary", "parameters"), PARAMETERS)
def test_parameter_count(spec: str, context: int, vocabulary: int, parameters: int) -> None:
    assert sum(p.numel() for p in build(spec, (context,), vocabulary).parameters()) == parameters


@pytest.mark.parametrize("name", LANGUAGE)
def test_the_docstring_tells_the_count_on_its_data(name: str) -> None:
    data = load(NAMES[name].suits)
    count = sum(p.numel() for p in build(name, data.input_shape, data.outputs).parameters())
    doc = MODELS.load(name).__doc__ or ""
    assert f"{count:,}" in doc
    assert doc.splitlines()[0] == NAMES[name].summary


@pytest.mark.parametrize("name", LANGUAGE)
def test_forward_and_backward(name: str) -> None:
    module = small(name)
    outputs = module(tokens())
    assert outputs.shape == ((4, VOCABULARY) if name == "makemore" else (4, CONTEXT, VOCABULARY))
    outputs.square().mean().backward()
    for parameter_name, parameter in module.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_no_position_sees_what_comes_after_it(name: str) -> None:
    module, x = small(name).eval(), tokens(1)
    changed = x.clone()
    changed[0, 3] = (x[0, 3] + 1) % VOCABULARY
    before, after = module(x), module(changed)
    assert torch.equal(before[0, :3], after[0, :3])
    assert not torch.isclose(before[0, 3:], after[0, 3:]).all(-1).any()


@pytest.mark.parametrize("name", ["gpt", "lstm"])
def test_a_shorter_row_is_the_start_of_a_longer_one(name: str) -> None:
    module, x = small(name).eval(), tokens()
    torch.testing.assert_close(module(x[:, :4]), module(x)[:, :4])


def test_a_fresh_gpt_knows_nothing() -> None:
    data = load("hamlet")
    torch.manual_seed(0)
    module = build("gpt", data.input_shape, data.outputs).eval()
    x, y = torch.tensor(data.x_test[:16]), torch.tensor(data.y_test[:16])
    with torch.no_grad():
        loss = nn.functional.cross_entropy(module(x).flatten(0, 1), y.flatten())
    assert float(loss) == pytest.approx(math.log(65), abs=0.1)


def test_what_is_added_to_the_stream_is_drawn_smaller_in_deeper_networks() -> None:
    torch.manual_seed(0)
    for layers in (2, 8):
        module = build(f"gpt:layers={layers},width=128", (8,), 65)
        assert isinstance(module, GPT)
        down = torch.cat([block.down.weight.flatten() for block in module.blocks])  # type: ignore[union-attr, operator]
        assert float(down.detach().std()) == pytest.approx(0.02 / (2 * layers) ** 0.5, rel=0.02)


def test_a_block_is_torchs_own_pre_norm_layer() -> None:
    torch.manual_seed(0)
    mine = Block(12, 3, 0.0).eval()
    theirs = nn.TransformerEncoderLayer(
        12, 3, dim_feedforward=48, dropout=0.0, activation="gelu", norm_first=True, batch_first=True
    )
    for name, parameter in mine.named_parameters():
        nn.init.normal_(parameter, std=0.5)
        told = {
            "attention.qkv.weight": "self_attn.in_proj_weight",
            "attention.qkv.bias": "self_attn.in_proj_bias",
        }.get(name, name)
        for own, other in (("attention.proj", "self_attn.out_proj"), ("up", "linear1"), ("down", "linear2")):
            told = told.replace(own, other) if told.startswith(own) else told
        theirs.get_parameter(told).data.copy_(parameter.data)
    x = torch.randn(2, 5, 12)
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    torch.testing.assert_close(
        mine(x), theirs.train()(x, src_mask=mask, is_causal=True), rtol=1e-5, atol=1e-5
    )


def test_tied_scores_are_products_with_the_embeddings() -> None:
    module = small("gpt")
    assert isinstance(module, GPT)
    assert module.head.weight is module.token_embedding.weight
    untied = build("gpt:layers=2,heads=2,width=8,tied=false", (CONTEXT,), VOCABULARY)
    assert untied.head.weight is not untied.token_embedding.weight  # type: ignore[union-attr]


def test_an_lstm_is_its_cells_one_after_the_other() -> None:
    torch.manual_seed(0)
    module, x = build("lstm:width=8", (CONTEXT,), VOCABULARY).eval(), tokens()
    cell = nn.LSTMCell(8, 8)
    for name, parameter in cell.named_parameters():
        parameter.data.copy_(module.lstm.get_parameter(f"{name}_l0").data)  # type: ignore[union-attr, operator]
    state = (torch.zeros(4, 8), torch.zeros(4, 8))
    outputs = []
    for place in range(CONTEXT):
        state = cell(module.embedding(x[:, place]), state)  # type: ignore[operator]
        outputs.append(module.head(state[0]))  # type: ignore[operator]
    torch.testing.assert_close(module(x), torch.stack(outputs, 1))


def test_makemore_by_hand() -> None:
    module, x = small("makemore"), tokens()
    parts = {name: p.detach() for name, p in module.named_parameters()}
    seen = torch.cat([parts["embedding.weight"][x[:, place]] for place in range(CONTEXT)], 1)
    hidden = torch.tanh(seen @ parts["hidden.weight"].T + parts["hidden.bias"])
    torch.testing.assert_close(module(x), hidden @ parts["head.weight"].T + parts["head.bias"])


def test_dropout_draws_in_training_only() -> None:
    torch.manual_seed(0)
    for spec in ("gpt:layers=1,heads=2,width=8,dropout=0.5", "lstm:width=8,dropout=0.5"):
        module, x = build(spec, (CONTEXT,), VOCABULARY), tokens()
        assert not torch.equal(module(x), module(x))
        module.eval()
        assert torch.equal(module(x), module(x))


REFUSALS = [
    (
        "gpt",
        (1, 8, 8),
        "gpt reads rows of tokens (T,), but each sample here has shape (1, 8, 8): try --data hamlet",
    ),
    (
        "lstm",
        (3, 4),
        "lstm reads rows of tokens (T,), but each sample here has shape (3, 4): try --data hamlet",
    ),
    ("makemore", (1, 8, 8), "makemore reads rows of tokens (T,)"),
    ("gpt:width=130", (8,), "width of gpt must be a multiple of its 4 heads, not 130: try 128"),
    ("gpt:heads=200", (8,), "heads of gpt must be within 1 … 128, not 200"),
    ("gpt:layers=0", (8,), "layers of gpt must be within 1 … 1000, not 0"),
    ("gpt:tied=maybe", (8,), "tied of gpt must be true or false, not 'maybe'"),
    ("lstm:dropout=1", (8,), "dropout of lstm must be within 0 … 0.99, not 1"),
]


@pytest.mark.parametrize(("spec", "shape", "sentence"), REFUSALS)
def test_refusals(spec: str, shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        build(spec, shape, 10)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", LANGUAGE)
def test_measurements_are_refused(name: str) -> None:
    with pytest.raises(
        UsageError, match=f"{name} reads tokens \\(int64\\), but these inputs are float32: try --data"
    ):
        small(name)(torch.rand(2, CONTEXT))


def test_a_gpt_compiles_as_one_graph_and_runs_in_half_precision() -> None:
    module, x = small("gpt"), tokens()
    compiled = torch.compile(module, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), module(x))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = module(x)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), module(x), rtol=0.05, atol=0.02)

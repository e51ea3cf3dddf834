"""Folders of Hugging Face's libraries and files of llama.cpp, opened without either."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dltui.checkpoints.gguf import open_gguf
from dltui.checkpoints.huggingface import open_folder
from dltui.checkpoints.live import open_live
from dltui.data.inputs import read_input
from dltui.errors import DltuiError, UsageError

sys.path.insert(0, str(Path(__file__).parent))
from pretrained_folders import (
    BERT,
    GPT2_,
    LLAMA,
    VIT,
    bert,
    drawn,
    gpt2,
    llama,
    write,
    write_bert_words,
    write_gguf,
)

TOKENS = torch.randint(12, (1, 9), generator=torch.Generator().manual_seed(1))


def same(one: torch.nn.Module, other: torch.nn.Module, x: torch.Tensor = TOKENS) -> None:
    with torch.no_grad():
        torch.testing.assert_close(one(x), other(x), rtol=1e-5, atol=1e-5)


def test_a_llama_folder(tmp_path: Path) -> None:
    model = llama()
    opened = open_folder(write(tmp_path / "tiny", LLAMA, model.state_dict()))
    assert (opened.title, opened.takes.kind, opened.takes.shape) == ("tiny", "tokens", (16,))
    assert not opened.module.training
    same(opened.module, model)


def test_tied_scores_are_one_matrix_with_the_embeddings(tmp_path: Path) -> None:
    state = llama().state_dict()
    del state["lm_head.weight"]
    opened = open_folder(write(tmp_path, LLAMA | {"tie_word_embeddings": True}, state)).module
    assert opened.lm_head.weight is opened.model.embed_tokens.weight
    assert sum(p.numel() for p in opened.parameters()) == sum(t.numel() for t in state.values())


def test_weights_in_sixteen_bits_are_read_as_float32(tmp_path: Path) -> None:
    model = llama()
    halves = {name: tensor.bfloat16() for name, tensor in model.state_dict().items()}
    opened = open_folder(write(tmp_path, LLAMA, halves)).module
    model.load_state_dict({name: tensor.float() for name, tensor in halves.items()})
    same(opened, model)


def test_shards_with_an_index(tmp_path: Path) -> None:
    model = llama()
    state = model.state_dict()
    parts = {"model-1.safetensors": list(state)[:9], "model-2.safetensors": list(state)[9:]}
    for file, names in parts.items():
        save_file({name: state[name].clone() for name in names}, tmp_path / file)
    where = {name: file for file, names in parts.items() for name in names}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    same(open_folder(tmp_path).module, model)
    (tmp_path / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": {"a": "../secret.safetensors"}})
    )
    with pytest.raises(DltuiError, match=r"points to \.\./secret\.safetensors: expected a file beside it"):
        open_folder(tmp_path)


def test_gpt2_keeps_its_matrices_the_other_way_round(tmp_path: Path) -> None:
    model, turned = gpt2(), ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    state = {f"transformer.{name}": tensor.T if name.endswith(turned) else tensor
             for name, tensor in model.state_dict().items() if not name.startswith("lm_head")}  # fmt: skip
    state["transformer.h.0.attn.bias"] = torch.ones(1, 1, 16, 16)
    same(open_folder(write(tmp_path, GPT2_, state)).module, model)


HEADS = {
    "none": ({}, {"pooler.dense.weight": torch.zeros(24, 24), "pooler.dense.bias": torch.zeros(24)}, {}),
    "classes": ({"head": "classes", "num_labels": 5}, {}, {}),
    "words": ({"head": "words"}, {}, {
        "words.dense.": "cls.predictions.transform.dense.",
        "words.LayerNorm.weight": "cls.predictions.transform.LayerNorm.gamma",
        "words.LayerNorm.bias": "cls.predictions.transform.LayerNorm.beta",
        "words.decoder.bias": "cls.predictions.bias",
    }),
}  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_bert_with_what_stands_on_top(tmp_path: Path, head: str) -> None:
    options, extra, names = HEADS[head]
    model = bert(**options)
    state = dict(extra)
    for name, tensor in model.state_dict().items():
        if name == "words.decoder.weight":
            continue
        for ours, theirs in names.items():
            name = name.replace(ours, theirs)
        state[name if name.startswith(("cls", "classifier")) else f"bert.{name}"] = tensor
    found = open_folder(write(tmp_path, BERT | {"id2label": {str(i): "abcde"[i] for i in range(5)}}, state))
    assert found.module.config.head == head
    same(found.module, model)
    states = tuple(f"state {i}" for i in range(24))  # the last states are no scores of words
    assert found.takes.classes == {"none": states, "classes": tuple("abcde"), "words": ()}[head]


def test_vit_with_three_matrices_for_one(tmp_path: Path) -> None:
    from dltui.models.vit import ViT, ViTConfig

    model = drawn(ViT(ViTConfig((8, 8), (4, 4), 3, 24, 2, 4, 32, num_labels=3, layer_norm_eps=1e-12)))
    state = {}
    for name, tensor in model.state_dict().items():
        if ".qkv." in name:
            layer, end = name.split(".")[1], name.rpartition(".")[2]
            for part, piece in zip(("query", "key", "value"), tensor.chunk(3), strict=True):
                state[f"vit.encoder.layer.{layer}.attention.attention.{part}.{end}"] = piece
            continue
        for ours, theirs in (
            ("cls_token", "vit.embeddings.cls_token"), ("pos_embed", "vit.embeddings.position_embeddings"),
            ("patch_embed.proj.", "vit.embeddings.patch_embeddings.projection."), ("blocks.", "vit.encoder.layer."),
            ("attn.proj.", "attention.output.dense."), ("mlp.fc1.", "intermediate.dense."),
            ("mlp.fc2.", "output.dense."),
            ("norm1.", "layernorm_before."), ("norm2.", "layernorm_after."), ("head.", "classifier."),
        ):  # fmt: skip
            name = name.replace(ours, theirs) if name.startswith(ours) or f".{ours}" in name else name
        state["vit.layernorm." + name[5:] if name.startswith("norm.") else name] = tensor
    folder = write(tmp_path, VIT | {"layer_norm_eps": 1e-12}, state)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"image_mean": [0.1, 0.2, 0.3], "image_std": [1, 2, 3]})
    )
    opened = open_folder(folder)
    same(opened.module, model, torch.randn(2, 3, 8, 8))
    takes = opened.takes
    assert (takes.kind, takes.shape, takes.classes) == ("image", (3, 8, 8), ("cat", "dog", "emu"))
    assert (takes.mean, takes.std) == ((0.1, 0.2, 0.3), (1.0, 2.0, 3.0))
    assert read_input("chelsea", takes).tensor.shape == (1, 3, 8, 8)


def test_text_goes_through_the_tokenizer_of_the_folder(tmp_path: Path) -> None:
    folder = write(tmp_path, BERT, {f"bert.{name}": tensor for name, tensor in bert().state_dict().items()})
    live = open_live(str(folder))
    with pytest.raises(UsageError, match="no tokenizer is known for this model"):
        read_input("the cat", live.takes)
    write_bert_words(folder)
    live = open_live(str(folder))
    # longer than the tokenizer would cut it off, shorter than it would fill it up
    given = read_input("The cats sat on the mat.", live.takes)
    assert given.pieces == ("[CLS]", "the", "cat", "##s", "sat", "on", "the", "mat", ".", "[SEP]")
    assert live.takes.tokenizer.decode(list(given.ids)) == "the cats sat on the mat."
    assert live.module(given.tensor).shape == (1, 10, 24)


def test_a_vocabulary_of_words_alone_is_a_tokenizer(tmp_path: Path) -> None:
    from pretrained_folders import WORDS

    folder = write(tmp_path, BERT, {f"bert.{name}": tensor for name, tensor in bert().state_dict().items()})
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    given = read_input("The cats", open_live(str(folder)).takes)
    assert given.pieces == ("[CLS]", "the", "cat", "##s", "[SEP]")


@pytest.mark.parametrize(("kind", "near"), [("F32", 1e-5), ("Q8_0", 0.3)])
def test_a_gguf_file_is_the_folder_it_was_made_of(tmp_path: Path, kind: str, near: float) -> None:
    model = llama()
    opened = open_gguf(write_gguf(tmp_path / "tiny.gguf", model, kind=kind))
    with torch.no_grad():
        far = (opened.module(TOKENS) - model(TOKENS)).abs().max()
    assert far <= near * model(TOKENS).std()
    assert (opened.title, opened.takes.shape) == ("tiny", (16,))


def test_a_gguf_vocabulary_merges_pairs_and_keeps_digits_apart(tmp_path: Path) -> None:
    live = open_live(str(write_gguf(tmp_path / "tiny.bin", llama())))  # told by its bytes, whatever its name
    given = read_input("cat a 12 <s>", live.takes)
    assert given.pieces == ("c", "at", " a", " ", "1", "2", " ", "<s>")
    assert live.takes.tokenizer.decode(list(given.ids)) == "cat a 12 "


def test_a_gguf_text_begins_and_takes_words_whole_where_the_file_says_so(tmp_path: Path) -> None:
    live = open_live(str(write_gguf(tmp_path / "tiny.gguf", llama(), cut="llama-bpe", begins=True)))
    assert read_input("at a", live.takes).pieces == ("<s>", "at", " a")
    assert live.takes.tokenizer.decode(list(read_input("at a", live.takes).ids)) == "at a"


def test_a_gguf_file_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", llama())
    whole = path.read_bytes()
    for size in (30, 2000, len(whole) - 100):
        path.write_bytes(whole[:size])
        with pytest.raises(DltuiError) as caught:
            open_live(str(path))
        assert "tiny.gguf" in str(caught.value)
        assert "\n" not in str(caught.value)


REFUSALS = [
    ({"model_type": "t5"}, "holds a model of the type 't5': expected bert, roberta, gpt2, llama"),
    ({"num_attention_heads": 5}, "the configuration says 5 heads for a width of 32, which they can't share"),
    ({"hidden_size": "wide"}, "the configuration says hidden_size = 'wide': expected a whole number"),
    ({"intermediate_size": None}, "the configuration says intermediate_size = None: expected a whole number"),
    ({"vocab_size": 10**12}, "the configuration says vocab_size = 1000000000000: expected 0 to 10000000"),
    ({"num_hidden_layers": 9_000_000}, "the configuration says 9000000 layers, but there are 21 tensors"),
    ({"num_hidden_layers": 3}, "model.layers.2.input_layernorm.weight [32] is missing in the file"),
    ({"vocab_size": 41}, "model.embed_tokens.weight is [40, 32] in the file, [41, 32] in the model"),
    ({"hidden_act": "gelo"}, "unknown activation 'gelo'"),
    ({"rope_scaling": {"rope_type": "yarn"}}, "this model stretches its context by 'yarn': expected default"),
]


@pytest.mark.parametrize(("change", "sentence"), REFUSALS)
def test_folders_that_are_refused(tmp_path: Path, change: dict[str, object], sentence: str) -> None:
    write(tmp_path, LLAMA | change, llama().state_dict())
    with pytest.raises(DltuiError) as caught:
        open_folder(tmp_path)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_model_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"is a folder: expected a file of weights such as .*, or config.json in it"
    ):
        open_live(str(tmp_path))
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(DltuiError, match="holds a list: expected settings by name"):
        open_live(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    with pytest.raises(
        DltuiError, match=r"holds no weights: expected model.safetensors or pytorch_model.bin"
    ):
        open_live(str(tmp_path))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(20))
    with pytest.raises(DltuiError, match=r"broken.gguf is GGUF of version 0; 1, 2 and 3 can be read"):
        open_live(str(broken))
    with pytest.raises(UsageError, match="tells itself what it takes: leave out --data digits"):
        open_live(str(broken), data="digits")


def test_a_tokenizer_that_is_none_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, BERT, {f"bert.{name}": tensor for name, tensor in bert().state_dict().items()})
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(
        DltuiError, match=r"can't read the tokenizer .*tokenizer.json: .*; expected what tokenizers writes"
    ):
        open_folder(folder)

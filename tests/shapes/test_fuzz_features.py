"""Linear layers, tables, norms, activations, dropout and reshaping against PyTorch."""

from __future__ import annotations

import random

import pytest
import torch
from fuzz import Case, agree, as_module, some, tensors


def anything(rng: random.Random, least: int = 0, most: int = 4, high: int = 5) -> tuple[int, ...]:
    low = 0 if rng.random() < 0.04 else 1
    return tuple(rng.randint(low, high) for _ in range(rng.randint(least, most)))


def yes(rng: random.Random) -> bool:
    return rng.random() < 0.5


def test_linear() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng)
        features = shape[-1] if shape and rng.random() < 0.9 else 3
        settings = {
            "in_features": features,
            "out_features": rng.randint(1, 5),
            **some(rng, bias=lambda: yes(rng)),
        }
        return {"inputs": [shape], "settings": settings}

    assert min(agree("Linear", draw).values()) > 0


def test_bilinear() -> None:
    def draw(rng: random.Random) -> Case:
        front = anything(rng, 0, 2)
        other = front if rng.random() < 0.9 else anything(rng, 0, 2)
        one, two = rng.randint(1, 4), rng.randint(1, 4)
        settings = {
            "in1_features": one if rng.random() < 0.9 else 0,
            "in2_features": two if rng.random() < 0.9 else two + 1,
            "out_features": rng.randint(1, 3),
            **some(rng, bias=lambda: yes(rng)),
        }
        return {"inputs": [(*front, one), (*other, two)], "settings": settings}

    assert min(agree("Bilinear", draw).values()) > 0


def test_embedding() -> None:
    def draw(rng: random.Random) -> Case:
        rows = rng.randint(0, 4)
        settings = {
            "num_embeddings": rows,
            "embedding_dim": rng.randint(1, 4),
            **some(rng, padding_idx=lambda: rng.choice([None, rng.randint(-6, 6)]), sparse=lambda: yes(rng)),
        }
        return {"inputs": [anything(rng)], "settings": settings}

    assert min(agree("Embedding", draw, as_module("Embedding", whole=(0,))).values()) > 0


def test_embedding_bag() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 1, 3)
        # one offset with include_last_offset leaves no bag, and PyTorch 2.13 then dies of a segmentation fault
        offsets = (
            (rng.randint(2, 3),) if len(shape) == 1 and rng.random() < 0.9 else rng.choice([None, None, (2,)])
        )
        weights = rng.choice([None, None, shape, (2,)])
        settings = {
            "num_embeddings": rng.randint(1, 4),
            "embedding_dim": rng.randint(1, 4),
            **some(
                rng,
                mode=lambda: rng.choice(["mean", "sum", "sum", "max", "min"]),
                include_last_offset=lambda: yes(rng),
                padding_idx=lambda: rng.choice([None, rng.randint(-5, 5)]),
            ),
        }
        return {"inputs": [shape, offsets, weights], "settings": settings}

    assert min(agree("EmbeddingBag", draw, as_module("EmbeddingBag", whole=(0, 1))).values()) > 0


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Batch", "Instance"])
def test_channel_norms(kind: str, axes: int) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, axes, axes + 3, 2)
        near = list(shape[max(len(shape) - axes - 1, 0) :][:1]) if rng.random() < 0.5 else list(shape[1:2])
        settings = {
            "num_features": near[0] if near and rng.random() < 0.9 else 3,
            **some(
                rng,
                affine=lambda: yes(rng),
                track_running_stats=lambda: yes(rng),
                momentum=lambda: 0.2,
                bias=lambda: yes(rng),
                training=lambda: yes(rng),
            ),
        }
        return {"inputs": [shape], "settings": settings}

    def call(case: Case):
        settings = dict(case["settings"])
        training = settings.pop("training", True)
        module = getattr(torch.nn, f"{kind}Norm{axes}d")(**settings).train(training)
        return module(*tensors(case["inputs"])), module

    assert min(agree(f"{kind}Norm{axes}d", draw, call, usual=160).values()) > 0


def test_group_norm() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 1, 4, 4)
        channels = shape[1] if len(shape) > 1 and rng.random() < 0.9 else 4
        settings = {
            "num_groups": rng.randint(0 if rng.random() < 0.1 else 1, 4),
            "num_channels": channels,
            **some(rng, affine=lambda: yes(rng), bias=lambda: yes(rng)),
        }
        return {"inputs": [shape], "settings": settings}

    assert min(agree("GroupNorm", draw).values()) > 0


@pytest.mark.parametrize("name", ["LayerNorm", "RMSNorm"])
def test_last_norms(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng)
        last = (
            shape[len(shape) - rng.randint(0, len(shape)) :] if rng.random() < 0.8 else (rng.randint(1, 5),)
        )
        if len(last) == 1 and yes(rng):
            last = last[0]
        settings = {"normalized_shape": last, **some(rng, elementwise_affine=lambda: yes(rng))}
        if name == "LayerNorm":
            settings.update(some(rng, bias=lambda: yes(rng)))
        return {"inputs": [shape], "settings": settings}

    assert min(agree(name, draw).values()) > 0


def test_local_response() -> None:
    def draw(rng: random.Random) -> Case:
        return {
            "inputs": [anything(rng, 0, 5)],
            "settings": {"size": rng.randint(0, 6), **some(rng, k=lambda: 2.0)},
        }

    assert min(agree("LocalResponseNorm", draw).values()) > 0


PLAIN = ["Sigmoid", "Tanh", "LogSigmoid", "Softsign", "Tanhshrink", "Softmax2d", "Identity"]
INPLACE = ["ReLU", "ReLU6", "SELU", "SiLU", "Mish", "Hardsigmoid", "Hardswish"]
OPTIONS = {
    **{key: {} for key in PLAIN},
    **{key: {"inplace": [True, False]} for key in INPLACE},
    **{key: {"alpha": [0.5, 0, -1.0, 2]} for key in ["ELU", "CELU"]},
    "LeakyReLU": {"negative_slope": [0.1, -1]},
    "RReLU": {"lower": [0.1, 0.5], "upper": [0.2, 0.6]},
    "Hardtanh": {"min_val": [-1, 0, 1], "max_val": [-2, 0, 2]},
    "Hardshrink": {"lambd": [0.5, -0.5]},
    "Softshrink": {"lambd": [0.5, -0.5, 0]},
    "GELU": {"approximate": ["none", "tanh", "erf"]},
    "Softplus": {"beta": [1, 2.5], "threshold": [10, 20]},
    "PReLU": {"num_parameters": [1, 2, 3, 4], "init": [0.1]},
    "GLU": {"dim": [-5, -3, -2, -1, 0, 1, 2, 3]},
    **{key: {"dim": [None, -4, -2, -1, 0, 1, 3]} for key in ["Softmax", "Softmin", "LogSoftmax"]},
    **{
        key: {"p": [0, 0.3, 1, 1.5, -0.1], "inplace": [True, False]}
        for key in ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
    },
    "Flatten": {"start_dim": [-6, -3, -1, 0, 1, 2], "end_dim": [-3, -1, 0, 2, 5]},
}


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_functions_of_numbers(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        settings = some(
            rng, **{key: (lambda v=values: rng.choice(v)) for key, values in OPTIONS[name].items()}
        )
        return {"inputs": [anything(rng, 0, 5, 4)], "settings": settings}

    assert agree(name, draw)["legal"] > 10


def test_threshold() -> None:
    def draw(rng: random.Random) -> Case:
        return {
            "inputs": [anything(rng)],
            "settings": {"threshold": 0.1, "value": 20, **some(rng, inplace=lambda: yes(rng))},
        }

    count = agree("Threshold", draw, usual=40)
    assert count["legal"] >= 40
    assert count["refused"] == 0


def factors(rng: random.Random, total: int) -> list[int]:
    parts = []
    for n in (2, 3, 2):
        if total % n == 0 and yes(rng):
            parts.append(n)
            total //= n
    return rng.sample([*parts, total], len(parts) + 1)


def test_unflatten() -> None:
    def draw(rng: random.Random) -> Case:
        shape = tuple(rng.choice([2, 4, 6, 12, 3]) for _ in range(rng.randint(1, 3)))
        dim = rng.randint(-len(shape) - 1, len(shape))
        parts = factors(rng, shape[dim % len(shape)])
        if yes(rng):
            parts[rng.randrange(len(parts))] = rng.choice([-1, 5, 0, -1])
        return {"inputs": [shape], "settings": {"dim": dim, "unflattened_size": tuple(parts)}}

    assert min(agree("Unflatten", draw).values()) > 0


def test_reshape() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0, 4, 4)
        total = 1
        for n in shape:
            total *= n
        parts = factors(rng, total)
        for _ in range(rng.randint(0, 2)):
            parts[rng.randrange(len(parts))] = rng.choice([-1, -1, 5, 0, -2])
        return {"inputs": [shape], "settings": {"shape": tuple(parts)}}

    def call(case: Case):
        return torch.zeros(case["inputs"][0]).reshape(case["settings"]["shape"]), None

    assert min(agree("reshape", draw, call).values()) > 0


def function(name: str):
    def call(case: Case):
        return getattr(torch, name)(*tensors(case["inputs"]), **case["settings"]), None

    return call


def listed(name: str):
    def call(case: Case):
        return getattr(torch, name)(tensors(case["inputs"]), **case["settings"]), None

    return call


MOVES = {
    "permute": lambda rng, n: {
        "dims": tuple(
            rng.sample(range(n), n) if rng.random() < 0.8 else [rng.randint(-n - 1, n) for _ in range(n)]
        )
    },
    "transpose": lambda rng, n: {"dim0": rng.randint(-n - 1, n), "dim1": rng.randint(-n - 1, n)},
    "squeeze": lambda rng, n: rng.choice([
        {},
        {"dim": rng.randint(-n - 1, n)},
        {"dim": (0, rng.randint(-n, n))},
    ]),
    "unsqueeze": lambda rng, n: {"dim": rng.randint(-n - 2, n + 1)},
    "split": lambda rng, n: {
        "split_size_or_sections": rng.choice([rng.randint(-1, 4), rng.randint(1, 4), [1, 2], [2, 2, 0]]),
        "dim": rng.randint(-n - 1, n),
    },
    "mean": lambda rng, n: {
        "dim": rng.choice([None, rng.randint(-n - 1, n), tuple(rng.randint(-n, n) for _ in range(2))]),
        "keepdim": yes(rng),
    },
    "select": lambda rng, n: {"dim": rng.randint(-n - 1, n), "index": rng.randint(-4, 4)},
    "narrow": lambda rng, n: {
        "dim": rng.randint(-n - 1, n),
        "start": rng.randint(-4, 4),
        "length": rng.randint(-1, 3),
    },
    "chunk": lambda rng, n: {"chunks": rng.randint(-1, 5), "dim": rng.randint(-n - 1, n)},
}


@pytest.mark.parametrize("name", sorted(MOVES))
def test_moves(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0, 4, 4)
        return {"inputs": [shape], "settings": MOVES[name](rng, len(shape))}

    assert min(agree(name, draw, function(name)).values()) > 0


@pytest.mark.parametrize("name", ["cat", "stack"])
def test_together(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0, 3, 3)
        dim = rng.randint(-len(shape) - 1, len(shape))
        shapes = [shape]
        for _ in range(rng.randint(0, 2)):
            other = list(shape)
            if shape and yes(rng):
                other[(dim if yes(rng) else rng.randrange(len(shape))) % len(shape)] = rng.randint(1, 3)
            shapes.append(tuple(other) if rng.random() < 0.9 else (0,))
        return {"inputs": shapes, "settings": {"dim": dim}}

    assert min(agree(name, draw, listed(name)).values()) > 0


def test_batch_norm_across_devices() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 1, 5, 3)
        channels = shape[1] if len(shape) > 1 and yes(rng) else rng.randint(1, 3)
        options = ("affine", "track_running_stats", "bias")
        settings = some(rng, **{key: (lambda: yes(rng)) for key in options})
        return {"inputs": [shape], "settings": {"num_features": channels, **settings}}

    assert min(agree("SyncBatchNorm", draw).values()) > 0


def test_local_response_across_channels() -> None:
    def draw(rng: random.Random) -> Case:
        return {"inputs": [anything(rng, 3, 5, 4)], "settings": {"size": rng.randint(-1, 5)}}

    assert min(agree("CrossMapLRN2d", draw).values()) > 0


def test_pad_function() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 1, 5, 4)
        sides = tuple(rng.randint(-1, 2) for _ in range(rng.randint(0, 2 * len(shape) + 1)))
        if yes(rng):
            sides = sides[: 2 * max(len(shape) - 2, 1)]
        options = {"mode": lambda: rng.choice(["constant", "reflect", "replicate", "circular", "wrap"])}
        return {"inputs": [shape], "settings": {"pad": sides, **some(rng, **options)}}

    def call(case: Case):
        return torch.nn.functional.pad(*tensors(case["inputs"]), **case["settings"]), None

    assert min(agree("pad", draw, call).values()) > 0


def test_expand() -> None:
    def draw(rng: random.Random) -> Case:
        shape = tuple(rng.choice([1, 1, 2, 3]) for _ in range(rng.randint(0, 3)))
        sizes = [rng.choice([n, -1, 4 if n == 1 else n]) for n in shape]
        front = [rng.randint(-1 if rng.random() < 0.1 else 1, 3) for _ in range(rng.randint(0, 2))]
        if shape and rng.random() < 0.2:
            sizes[rng.randrange(len(sizes))] = rng.randint(-2, 5)
        return {"inputs": [shape], "settings": {"sizes": tuple(front + sizes[rng.random() < 0.05 :])}}

    def call(case: Case):
        return torch.zeros(case["inputs"][0]).expand(case["settings"]["sizes"]), None

    assert min(agree("expand", draw, call).values()) > 0


@pytest.mark.parametrize("name", ["add", "mul", "matmul"])
def test_arithmetic(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0, 4, 4)
        other = tuple(1 if rng.random() < 0.2 else n + (rng.random() < 0.05) for n in shape)
        other = other[rng.randint(0, len(other)) :] if yes(rng) else other
        if name == "matmul" and len(other) > 1 and len(shape) > 0:
            other = (*other[:-2], shape[-1] if rng.random() < 0.9 else 2, other[-1])
        return {"inputs": [shape, other], "settings": {}}

    assert min(agree(name, draw, function(name)).values()) > 0


def test_interpolate_as_a_function() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 2, 5, 5)
        mode = rng.choice(["nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"])
        settings = {"mode": mode} | (
            {"size": rng.randint(1, 6)} if yes(rng) else {"scale_factor": rng.choice([0.5, 1.5, 2, 0.1])}
        )
        return {"inputs": [shape], "settings": settings | some(rng, align_corners=lambda: yes(rng))}

    def call(case: Case):
        return torch.nn.functional.interpolate(*tensors(case["inputs"]), **case["settings"]), None

    assert min(agree("interpolate", draw, call).values()) > 0

"""Losses and distances against PyTorch."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from fuzz import Case, agree, some


def yes(rng: random.Random, share: float = 0.5) -> bool:
    return rng.random() < share


def anything(rng: random.Random, least: int = 0, most: int = 3) -> tuple[int, ...]:
    low = 0 if rng.random() < 0.04 else 1
    return tuple(rng.randint(low, 3) for _ in range(rng.randint(least, most)))


def near(rng: random.Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    if yes(rng, 0.1):
        return shape[1:]
    return tuple(1 if yes(rng, 0.1) else n + yes(rng, 0.04) for n in shape)


def reduction(rng: random.Random) -> str:
    return rng.choice(
        ["mean", "sum", "none", "none", "max"] if yes(rng, 0.2) else ["mean", "sum", "none", "none"]
    )


def call_loss(name: str, whole: tuple[int, ...] = ()):
    def call(case: Case):
        settings = {
            key: torch.ones(value) if key in {"weight", "pos_weight"} else value
            for key, value in case["settings"].items()
        }
        module = getattr(torch.nn, name)(**settings)
        made = [
            torch.full(s, 0.5) if i not in whole else torch.zeros(s, dtype=torch.long)
            for i, s in enumerate(case["inputs"])
        ]
        return module(*made), module

    return call


ELEMENTWISE: dict[str, Any] = {
    "L1Loss": {},
    "MSELoss": {},
    "SoftMarginLoss": {},
    "HuberLoss": {"delta": [0.5, 0, -1, 2.0]},
    "SmoothL1Loss": {"beta": [0.5, 0, -1.0]},
    "KLDivLoss": {"log_target": [True, False], "reduction": ["batchmean", "mean", "none"]},
    "BCELoss": {},
    "BCEWithLogitsLoss": {},
    "PoissonNLLLoss": {"log_input": [True, False], "full": [True, False]},
    "HingeEmbeddingLoss": {"margin": [0.5, -1.0]},
}


@pytest.mark.parametrize("name", sorted(ELEMENTWISE))
def test_losses_of_numbers(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng)
        settings: dict[str, Any] = {"reduction": reduction(rng)} if yes(rng) else {}
        settings |= some(
            rng, **{key: (lambda v=values: rng.choice(v)) for key, values in ELEMENTWISE[name].items()}
        )
        if name.startswith("BCE") and yes(rng, 0.4):
            settings["weight"] = near(rng, shape)
        if name == "BCEWithLogitsLoss" and yes(rng, 0.4):
            settings["pos_weight"] = near(rng, shape)
        return {"inputs": [shape, near(rng, shape)], "settings": settings}

    assert min(agree(name, draw, call_loss(name), usual=80).values()) > 0


def test_gaussian() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng)
        variance = rng.choice([shape, shape[:-1], (*shape[:-1], 1) if shape else (), near(rng, shape)])
        return {
            "inputs": [shape, near(rng, shape), variance],
            "settings": some(rng, reduction=lambda: reduction(rng), full=lambda: yes(rng)),
        }

    assert min(agree("GaussianNLLLoss", draw, call_loss("GaussianNLLLoss")).values()) > 0


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
def test_classes(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0, 4)
        classes = shape[1:2] if len(shape) > 1 else shape
        each = () if len(shape) < 2 else (shape[0], *shape[2:])
        target = each if yes(rng, 0.85) else near(rng, each)
        if len(shape) == 1 and yes(rng, 0.3):
            target = (rng.randint(1, 2),)
        if name == "CrossEntropyLoss" and yes(rng, 0.2):
            target = shape
        settings = some(rng, reduction=lambda: reduction(rng))
        if yes(rng, 0.3):
            settings["weight"] = classes if yes(rng, 0.8) else (4,)
        if name == "CrossEntropyLoss" and yes(rng, 0.3):
            settings["label_smoothing"] = rng.choice([0.1, 1.0, 1.5, -0.1])
        return {"inputs": [shape, target], "settings": settings}

    def call(case: Case):
        whole = () if case["inputs"][0] == case["inputs"][1] and name == "CrossEntropyLoss" else (1,)
        return call_loss(name, whole)(case)

    assert min(agree(name, draw, call, usual=160).values()) > 0


@pytest.mark.parametrize("name", ["MultiMarginLoss", "MultiLabelMarginLoss", "MultiLabelSoftMarginLoss"])
def test_margins(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0 if name == "MultiLabelSoftMarginLoss" else 1, 3)
        target = shape[:-1] if name == "MultiMarginLoss" else shape
        target = target if yes(rng, 0.9) else near(rng, target)
        settings: dict[str, Any] = some(rng, reduction=lambda: reduction(rng))
        if name == "MultiMarginLoss":
            settings |= some(rng, p=lambda: rng.choice([1, 2, 2, 3]), margin=lambda: 0.5)
        if name != "MultiLabelMarginLoss" and yes(rng, 0.3):
            settings["weight"] = shape[-1:] if yes(rng, 0.8) else (4,)
        return {"inputs": [shape, target], "settings": settings}

    whole = () if name == "MultiLabelSoftMarginLoss" else (1,)
    assert min(agree(name, draw, call_loss(name, whole), usual=120).values()) > 0


@pytest.mark.parametrize("name", ["CosineEmbeddingLoss", "MarginRankingLoss", "TripletMarginLoss"])
def test_pairs(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 1, 3 if name != "CosineEmbeddingLoss" or yes(rng, 0.1) else 2)
        third = shape[:-1] if name == "CosineEmbeddingLoss" else shape
        inputs = [shape, near(rng, shape) if yes(rng) else shape, near(rng, third) if yes(rng) else third]
        settings: dict[str, Any] = some(
            rng, reduction=lambda: reduction(rng), margin=lambda: rng.choice([0.5, 1.0])
        )
        if name == "TripletMarginLoss":
            settings |= some(rng, swap=lambda: yes(rng), margin=lambda: rng.choice([0, -1, 1, 2]))
        return {"inputs": inputs, "settings": settings}

    assert min(agree(name, draw, call_loss(name), usual=120).values()) > 0


@pytest.mark.parametrize("name", ["CosineSimilarity", "PairwiseDistance"])
def test_distances(name: str) -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng, 0 if name == "CosineSimilarity" else 1, 3)
        settings: dict[str, Any] = (
            some(rng, dim=lambda: rng.randint(-4, 3))
            if name == "CosineSimilarity"
            else some(rng, keepdim=lambda: yes(rng), p=lambda: 1.0)
        )
        return {"inputs": [shape, near(rng, shape)], "settings": settings}

    assert min(agree(name, draw, call_loss(name)).values()) > 0


def test_ctc() -> None:
    def draw(rng: random.Random) -> Case:
        steps, batch, classes, length = (
            rng.randint(2, 4),
            rng.randint(1, 3),
            rng.randint(2, 4),
            rng.randint(1, 2),
        )
        batched = yes(rng, 0.8)
        front = (batch,) if batched else ()
        shape = (steps, *front, classes)
        targets = (batch, length) if batched and yes(rng) else (length * (batch if batched else 1),)
        lengths = front if yes(rng, 0.9) else (batch + 1,)
        settings = some(
            rng,
            blank=lambda: rng.randint(-1, 4),
            reduction=lambda: reduction(rng),
            zero_infinity=lambda: yes(rng),
        )
        return {"inputs": [shape, targets, lengths, front], "settings": settings}

    def call(case: Case):
        shape, targets, lengths, ends = case["inputs"]
        count = ends[0] if ends else 1
        each = targets[-1] if len(targets) == 2 else targets[0] // count
        module = torch.nn.CTCLoss(**case["settings"])
        # a target of the blank class is no label; PyTorch does not look
        labels = torch.ones(targets, dtype=torch.long)
        steps = torch.full(lengths, shape[0], dtype=torch.long)
        return module(
            torch.full(shape, -1.0), labels, steps, torch.full(ends, each, dtype=torch.long)
        ), module

    assert min(agree("CTCLoss", draw, call).values()) > 0


def test_adaptive_log_softmax() -> None:
    def draw(rng: random.Random) -> Case:
        width, classes = rng.randint(4, 20), rng.randint(3, 12)
        cutoffs = sorted(rng.sample(range(1, classes), rng.randint(1, 2)))
        if yes(rng, 0.2):
            cutoffs = rng.choice([[], [0, 1], [2, 1], [classes], [1, 1]])
        batch = rng.choice([(), (1,), (3,), (2, 2)])
        inputs = [(*batch, width), batch if yes(rng, 0.85) else (4,)]
        settings = {
            "in_features": width if yes(rng, 0.9) else width + 1,
            "n_classes": classes,
            "cutoffs": cutoffs,
            **some(rng, div_value=lambda: rng.choice([2.0, 4.0, 1.5]), head_bias=lambda: yes(rng)),
        }
        return {"inputs": inputs, "settings": settings}

    call = call_loss("AdaptiveLogSoftmaxWithLoss", (1,))
    assert min(agree("AdaptiveLogSoftmaxWithLoss", draw, call).values()) > 0


def test_linear_cross_entropy() -> None:
    def draw(rng: random.Random) -> Case:
        width, classes = rng.randint(1, 4), rng.randint(1, 4)
        places = tuple(rng.randint(1, 3) for _ in range(rng.choice([0, 0, 1, 2])))
        batch = rng.choice([(), (1,), (3,), (2, 2)])
        target = (*batch, *places)
        settings = {
            "in_features": width if yes(rng, 0.9) else width + 1,
            "num_classes": classes,
            **some(
                rng,
                out_features=lambda: places,
                bias=lambda: yes(rng),
                reduction=lambda: reduction(rng),
                label_smoothing=lambda: rng.choice([0.0, 0.1, 1.5]),
            ),
        }
        if yes(rng, 0.3):
            settings["weight"] = (classes,) if yes(rng, 0.8) else (classes + 1,)
        target = (
            (*batch, classes, *places) if yes(rng, 0.2) else target if yes(rng, 0.9) else near(rng, target)
        )
        return {"inputs": [(*batch, width), target], "settings": settings}

    def call(case: Case):
        settings = case["settings"]
        logits = (*case["inputs"][0][:-1], settings["num_classes"], *settings.get("out_features", ()))
        whole = () if case["inputs"][1] == logits else (1,)
        return call_loss("LinearCrossEntropyLoss", whole)(case)

    assert min(agree("LinearCrossEntropyLoss", draw, call).values()) > 0


def test_triplets_of_any_distance() -> None:
    def draw(rng: random.Random) -> Case:
        shape = anything(rng)
        options = {"margin": lambda: rng.choice([1.0, 0, -1.0]), "swap": lambda: yes(rng)}
        settings = some(rng, reduction=lambda: reduction(rng), **options)
        return {"inputs": [shape, near(rng, shape), near(rng, shape)], "settings": settings}

    name = "TripletMarginWithDistanceLoss"
    assert min(agree(name, draw, call_loss(name)).values()) > 0

"""Metrics as torch computes them; those of texts counted once more, without the lines."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from dltui.instruments.byhand.answer import witness

if TYPE_CHECKING:
    from torch import Tensor


@witness("accuracy")
def accuracy(scores: Tensor, target: Tensor, top_k: int) -> Tensor:
    """Return the share of rows whose right class is among the largest."""
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :top_k]
    return (order == target[:, None]).any(dim=1).double().mean()


@witness("precisionrecall")
def precision_recall(prediction: Tensor, target: Tensor, average: str) -> tuple[Tensor, ...]:
    """Return precision, recall and F1 from one-hot rows."""
    from torch.nn import functional

    classes = max(2, int(prediction.max()) + 1, int(target.max()) + 1)
    said, right = (functional.one_hot(one, classes).double() for one in (prediction, target))
    hits, called, actual = (said * right).sum(0), said.sum(0), right.sum(0)
    if average == "micro":
        hits, called, actual = hits.sum(), called.sum(), actual.sum()
    if average == "binary":
        hits, called, actual = hits[1], called[1], actual[1]
    precision, recall = hits / called.clamp(min=1), hits / actual.clamp(min=1)
    both = precision + recall
    score = 2 * precision * recall / both.where(both > 0, both + 1)
    found = precision, recall, score
    return tuple(one.mean() for one in found) if average == "macro" else found


@witness("iou")
def iou(a: Tensor, b: Tensor) -> Tensor:
    """Return the intersection over union of two boxes."""
    import torch

    sides = (torch.minimum(a[2:], b[2:]) - torch.maximum(a[:2], b[:2])).relu()
    both = sides.prod()
    return both / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - both)


@witness("maskiou")
def mask_iou(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return IoU and Dice of two masks."""
    both, either = (prediction & target).sum().double(), (prediction | target).sum().double()
    return both / either, 2 * both / (prediction.sum() + target.sum()).double()


@witness("bleu")
def bleu(candidate: str, reference: str, max_n: int) -> Tensor:
    """Return BLEU: every n-gram of the candidate takes an equal one out of the reference, while there are any."""
    import torch

    words, others = candidate.split(), [one.split() for one in reference.split("|")]
    shares = []
    for n in range(1, max_n + 1):
        found = _cut(words, n)
        most = [
            min(found.count(gram), max(_cut(one, n).count(gram) for one in others)) for gram in set(found)
        ]
        shares.append(sum(most) / len(found))
    length = len(words)
    closest = min((abs(len(one) - length), len(one)) for one in others)[1]
    penalty = torch.tensor(min(0.0, 1 - closest / length), dtype=torch.float64).exp()
    return penalty * torch.tensor(shares, dtype=torch.float64).log().mean().exp()


@witness("rouge")
def rouge(candidate: str, reference: str, kind: str) -> tuple[Tensor, ...]:
    """Return ROUGE by taking equal n-grams out one by one, or by trying all subsequences' lengths in one row."""
    import torch

    said, known = candidate.split(), reference.split()
    if kind == "L":
        row = [0] * (len(known) + 1)
        for word in said:
            before = 0
            for j, other in enumerate(known, start=1):
                before, row[j] = row[j], before + 1 if word == other else max(row[j], row[j - 1])
        shared, sizes = row[-1], (len(said), len(known))
    else:
        found, left = _cut(said, int(kind)), _cut(known, int(kind))
        sizes = len(found), len(left)
        shared = 0
        for gram in found:
            if gram in left:
                left.remove(gram)
                shared += 1
    precision, recall = shared / sizes[0], shared / sizes[1]
    score = 2 * precision * recall / (precision + recall) if shared else 0.0
    return tuple(torch.tensor(one, dtype=torch.float64) for one in (precision, recall, score))


@witness("perplexity")
def perplexity(probability: Tensor) -> Tensor:
    """Return e to the power of the mean surprise."""
    return (-probability.log().mean()).exp()


@witness("chamfer")
def chamfer(x: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared way to the nearest, there and back."""
    d = ((x[:, None] - y[None]) ** 2).sum(-1)
    return d.min(dim=1).values.mean() + d.min(dim=0).values.mean()


@witness("emd")
def emd(x: Tensor, y: Tensor) -> Tensor:
    """Return the mean way of the cheapest pairing."""
    import torch

    ways = [(x - y[list(pairing)]).square().sum(-1).sqrt().mean() for pairing in permutations(range(len(x)))]
    return torch.stack(ways).min(dim=0).values


def _cut(words: list[str], n: int) -> list[tuple[str, ...]]:
    """Return the n-grams of a text."""
    return list(zip(*(words[i:] for i in range(n)), strict=False))

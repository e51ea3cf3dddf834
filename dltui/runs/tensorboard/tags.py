"""From the tags of other people's training to the names that runs use."""

from __future__ import annotations

import re

TRAIN = {"train", "training"}
TEST = {"test", "testing", "val", "valid", "validation", "eval", "evaluation", "dev", "heldout"}
FILLING = {"batch", "step", "iteration", "iterations", "vs", "global", "metrics", "per", "epoch"}
QUANTITIES = {  # the words of a tag, in any order, without those that tell a part of the data
    frozenset({"loss"}): "loss",
    frozenset({"accuracy"}): "accuracy",
    frozenset({"acc"}): "accuracy",
    frozenset({"lr"}): "learning_rate",
    frozenset({"learning", "rate"}): "learning_rate",
    frozenset({"grad", "norm"}): "grad_norm",
    frozenset({"gradient", "norm"}): "grad_norm",
    frozenset({"perplexity"}): "perplexity",
    frozenset({"ppl"}): "perplexity",
    frozenset({"samples", "second"}): "rate",
}
OF_LAYERS = {"grad_norm", "weight_norm", "update_ratio", "dead"}  # tags that begin so name a layer then
OF_STEPS = {"learning_rate", "grad_norm", "rate"}  # whatever part of the data a tag names


def metric_of(tag: str, part: str = "") -> tuple[str, str]:
    """Return which kind of row a tag's value belongs into, and under which name.

    Args:
        tag: As the training called it, such as ``Loss/train`` or ``val_loss``.
        part: A word that its folder adds, such as ``validation``.

    Returns:
        ``step``, ``eval`` or ``layers``, and the name; the tag itself where runs have no name for it.

    >>> metric_of("Loss/train"), metric_of("val_loss"), metric_of("epoch_accuracy", "validation")
    (('step', 'loss'), ('eval', 'test_loss'), ('eval', 'test_accuracy'))
    """
    first, _, layer = tag.partition("/")
    if first in OF_LAYERS and layer:
        return "layers", tag
    words = set(words_of(tag)) | set(words_of(part))
    held_out, trained = bool(words & TEST), bool(words & TRAIN)
    quantity = QUANTITIES.get(frozenset(words - TEST - TRAIN - FILLING))
    if words - TRAIN - TEST == {"epoch"}:
        return ("eval" if held_out else "step"), "epoch"
    if quantity is None:
        return ("eval" if held_out else "step"), f"{part}/{tag}" if part else tag
    if quantity in OF_STEPS:
        return "step", quantity
    if held_out:
        return "eval", f"test_{quantity}"
    if trained and "epoch" in words:  # a mean over a whole epoch
        return "eval", f"train_{quantity}"
    return "step", f"train_{quantity}" if trained and quantity != "loss" else quantity


def words_of(text: str) -> list[str]:
    """Return the words of a tag or a folder's name in lower case.

    >>> words_of("evalLoss_vs-iterations")
    ['eval', 'loss', 'vs', 'iterations']
    """
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text)]


def part_of(folder: str) -> str:
    """Return the word of a folder's name that tells a part of the data; empty where none does.

    >>> part_of("validation"), part_of("Loss_train"), part_of("run3")
    ('validation', 'train', '')
    """
    words = words_of(folder)
    return words[-1] if words and words[-1] in TRAIN | TEST else ""

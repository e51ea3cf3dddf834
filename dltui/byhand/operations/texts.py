"""Metrics of texts: n-grams that two texts share, and how surprised a model is."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from dltui.byhand.functions import exp, least, log, mean, number, total
from dltui.byhand.operation import operation
from dltui.byhand.refusal import refuse
from dltui.byhand.sheet import Sheet
from dltui.byhand.tensor import Tensor

MOST = 200  # words of a text
Gram = tuple[str, ...]


@operation(
    formula="BLEU = BP·e^(Σₙ ln pₙ/N), pₙ = Σ min(count, count in reference)/Σ count, BP = e^(1 − r/c) where c ≤ r",
    examples={
        "d9": {"candidate": "a b b c d", "reference": "a b c d e f", "max_n": 2},
        "clipped": {"candidate": "the the the the", "reference": "the cat sat down", "max_n": 1},
        "same": {"candidate": "the cat sat down", "reference": "the cat sat down"},
    },
    remarks={
        "d9": "p₁ = 4/5, p₂ = 3/4, BLEU 0.634186",
        "clipped": "without clipping p₁ would be 1; clipped it is 1/4",
        "same": "a text has BLEU 1 with itself",
    },
)
def bleu(sheet: Sheet, *, candidate: str, reference: str, max_n: int = 4) -> Tensor:
    """BLEU: which share of a text's n-grams stands in a reference, each counted as often as it stands there.

    A text shorter than the closest reference is punished by BP. Words are parted by blanks, references by |.

    Args:
        sheet: Where it is worked.
        candidate: The text that is judged.
        reference: The text that it is held against; several are parted by |.
        max_n: Longest n-grams N that count.

    Returns:
        One number from 0 to 1.
    """
    words = _words("candidate", candidate)
    references = [_words("reference", one) for one in reference.split("|")]
    if not 1 <= max_n <= len(words):
        refuse("max_n", f"max_n must lie from 1 to the {len(words)} words of the candidate, not {max_n}")
    for n in range(1, max_n + 1):
        sheet.heading(f"{n}-grams that stand in the reference, at most as often as there")
        known = [grams(one, n) for one in references]
        found = grams(words, n)
        clipped = sheet.tensor(f"m{n}", (len(found),))
        for i, (gram, count) in enumerate(found.items()):
            sheet.note(" ".join(gram))
            clipped[i] = least(count, max(one[gram] for one in known))
        sheet.let(f"p{n}", total(clipped.cells) / float(sum(found.values())), symbol=f"p_{n}")
    precisions = [sheet.tensors[f"p{n}"][()] for n in range(1, max_n + 1)]
    sheet.heading("brevity penalty")
    length = float(len(words))
    closest = float(min((abs(len(one) - length), len(one)) for one in references)[1])
    sheet.note(f"c = {length:g} words against r = {closest:g}")
    longer = length > closest
    penalty = sheet.let("BP", number(1) if longer else exp(1 - number(closest, "r") / number(length, "c")))
    sheet.heading("geometric mean of the shares")
    if not all(p.value for p in precisions):
        sheet.note("a share is 0, so its logarithm is −∞ and BLEU is 0")
    sheet.let("BLEU", penalty * exp(mean([log(p) for p in precisions])))
    return sheet.tensors["BLEU"]


@operation(
    formula="P = overlap/words of the candidate, R = overlap/words of the reference, F = 2·P·R/(P + R)",
    examples={
        "cat": {"candidate": "the cat sat on the mat", "reference": "the cat lay on the mat"},
        "longest": {
            "candidate": "police kill the gunman",
            "reference": "police killed the gunman",
            "kind": "L",
        },
    },
    remarks={"longest": "Lin's example: the longest common subsequence is police the gunman"},
)
def rouge(
    sheet: Sheet, *, candidate: str, reference: str, kind: Literal["1", "2", "L"] = "1"
) -> tuple[Tensor, Tensor, Tensor]:
    """ROUGE: how much of a reference a summary holds, by words, pairs of words, or the longest common subsequence.

    Args:
        sheet: Where it is worked.
        candidate: The summary that is judged.
        reference: The summary that it is held against.
        kind: 1 for words, 2 for pairs, L for the longest common subsequence.

    Returns:
        Precision, recall and F₁.
    """
    said, known = _words("candidate", candidate), _words("reference", reference)
    if kind == "L":
        sheet.heading(
            "longest common subsequence: C of one word more is C + 1 where words match, else the larger C"
        )
        table = sheet.tensor("C", (len(said), len(known)))
        for i, j in table.places():
            up = table[i - 1, j].value if i else 0.0
            left = table[i, j - 1].value if j else 0.0
            if said[i] == known[j]:
                sheet.note(f"{said[i]} matches")
                table[i, j] = table[i - 1, j - 1] + 1 if i and j else number(1)
            elif up >= left:
                table[i, j] = table[i - 1, j] if i else number(0)
            else:
                table[i, j] = table[i, j - 1]
        overlap = table[len(said) - 1, len(known) - 1]
        sizes = len(said), len(known)
    else:
        n = int(kind)
        found, wanted = grams(said, n), grams(known, n)
        if not found or not wanted:
            refuse("candidate", f"ROUGE-{n} needs {n} words in each text")
        sheet.heading(f"{n}-grams of the candidate that stand in the reference, at most as often as there")
        shared = sheet.tensor("m", (len(found),))
        for i, (gram, count) in enumerate(found.items()):
            sheet.note(" ".join(gram))
            shared[i] = least(count, wanted[gram])
        overlap = sheet.let("overlap", total(shared.cells), symbol="o")
        sizes = sum(found.values()), sum(wanted.values())
    sheet.heading("shares")
    precision = sheet.let("P", overlap / float(sizes[0]))
    recall = sheet.let("R", overlap / float(sizes[1]))
    both = precision.value + recall.value
    if not both:
        sheet.note("nothing is shared: 0/0 counts as 0")
    sheet.let("F", 2 * precision * recall / (precision + recall) if both else number(0))
    return sheet.tensors["P"], sheet.tensors["R"], sheet.tensors["F"]


@operation(
    formula="PP = e^(−Σₙ ln pₙ/N)",
    examples={"tokens": {"probability": [0.5, 0.25, 0.125, 0.5]}, "guess": {"probability": [0.1, 0.1, 0.1]}},
    remarks={"guess": "among ten tokens, a guess has perplexity 10"},
    symbols={"probability": "p"},
)
def perplexity(sheet: Sheet, probability: Tensor) -> Tensor:
    """Perplexity: among how many equally likely tokens a model would have been as unsure.

    Args:
        sheet: Where it is worked.
        probability: What the model gave each token that came.

    Returns:
        One number from 1 on.
    """
    if any(not 0 <= cell.value <= 1 for cell in probability.cells) or not probability.cells:
        refuse("probability", "probability must be numbers from 0 to 1, one a token that came")
    sheet.heading("surprise of each token")
    surprise = sheet.tensor("h", probability.shape)
    for place in probability.places():
        surprise[place] = -log(probability[place])
    sheet.heading("their mean, and e to the power of it")
    entropy = sheet.let("H", mean(surprise.cells), "cross-entropy of a token")
    sheet.let("PP", exp(entropy))
    return sheet.tensors["PP"]


def grams(words: list[str], n: int) -> Counter[Gram]:
    """Return how often every n-gram stands in a text, in reading order."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def _words(name: str, text: str) -> list[str]:
    """Return the words of a text."""
    found = text.split()
    if not 1 <= len(found) <= MOST:
        refuse(name, f"{name} must be a text of 1 to {MOST} words parted by blanks, not {len(found)} words")
    return found

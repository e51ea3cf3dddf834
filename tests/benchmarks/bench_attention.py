"""Catching every head of a GPT beside running it, and beside torch's own encoder that is asked for its weights.

    python tests/benchmarks/bench_attention.py [--rounds 9]

All take turns in one process on one thread; ratios are medians over the rounds, so that a busy machine slows all of
them alike. Nothing here fails a build.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from table import Goal, head, row, times
from torch import Tensor, nn

from dltui.instruments.attention import catch
from dltui.instruments.attention.measures import measure, rollout
from dltui.models import build

LAYERS, HEADS, WIDTH, TOKENS = 6, 6, 384, 128


def asked(encoder: nn.TransformerEncoder, x: Tensor) -> list[Tensor]:
    """Return the weights as people get them from torch's encoder: every layer's attention is run once more for them."""
    found = []
    for layer in encoder.layers:
        found.append(layer.self_attn(x, x, x, average_attn_weights=False)[1][0])
        x = layer(x)
    return found


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--rounds", type=int, default=9)
    rounds = options.parse_args().rounds
    torch.manual_seed(0)
    gpt = build(f"gpt:layers={LAYERS},heads={HEADS},width={WIDTH}", (TOKENS,), 65).eval()
    ids, x = torch.randint(65, (1, TOKENS)), torch.randn(1, TOKENS, WIDTH)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, batch_first=True)
    encoder = nn.TransformerEncoder(layer, LAYERS).eval()
    attention = torch.stack([site.weights for site in catch(gpt, ids)]).numpy()
    works: dict[str, Callable[[], object]] = {
        "forward": lambda: gpt(ids),
        "catch": lambda: catch(gpt, ids),
        "asked": lambda: asked(encoder, x),
        "caught": lambda: catch(encoder, x),
        "measured": lambda: (measure(attention), rollout(attention)),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    with torch.no_grad():
        for _ in range(rounds + 1):  # the first round warms up
            for name, work in works.items():
                taken[name].append(seconds(work))
    known = {name: statistics.median(values[1:]) for name, values in taken.items()}

    def against(name: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(taken[name][1:], taken[other][1:], strict=True))

    head(f"attention: {LAYERS} layers × {HEADS} heads, width {WIDTH}, {TOKENS} tokens, one thread")
    cost = against("catch", "forward")
    row(
        "7.4",
        "catching all heads, against a forward pass",
        "the same pass",
        f"{cost:.2f} ×",
        Goal(3, 1.5, less=True),
        cost,
    )
    gain = against("asked", "caught")
    row("7.4", "weights of torch's encoder", "each attention run once more", times(gain), Goal(1, 1.2), gain)
    share = against("measured", "forward")
    row(
        "7.4",
        "all measures and the rollout",
        "a forward pass",
        f"{known['measured'] * 1e3:.1f} ms",
        None,
        share,
    )


if __name__ == "__main__":
    main()

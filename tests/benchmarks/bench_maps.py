"""Maps and probes beside scikit-learn and umap-learn, in one run: processor seconds, and how good what comes out is.

Run ``python tests/benchmarks/bench_maps.py [SAMPLES]``; umap-learn is compiled once before it is timed.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE, trustworthiness

from dltui.data import load
from dltui.instruments.maps.affinity import affinities, squared_distances
from dltui.instruments.maps.fuzzy import fuzzy_graph
from dltui.instruments.maps.pca import pca
from dltui.instruments.maps.tsne import Field, tsne
from dltui.instruments.maps.umap import curve, spectral_start, umap
from dltui.instruments.probe.basis import turned
from dltui.instruments.probe.softmax import fit_softmax

STEPS, PERPLEXITY, PENALTY = 1000, 30.0, 0.1


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return processor seconds, and what the work gave."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def our_tsne(x: torch.Tensor) -> torch.Tensor:
    field = Field(affinities(squared_distances(x), PERPLEXITY))
    return tsne(field, pca(x).places.float(), iterations=STEPS)


def our_umap(x: torch.Tensor) -> torch.Tensor:
    graph, generator = fuzzy_graph(squared_distances(x), 15), torch.Generator().manual_seed(0)
    start = spectral_start(graph, pca(x).places.float(), generator)
    return umap(graph, start, curve(0.1), epochs=500, generator=generator)


def maps(x: torch.Tensor) -> None:
    """Print seconds, divergence and trustworthiness of every way to a map."""
    import umap as peer  # type: ignore[import-untyped]

    plain = x.numpy()
    peer.UMAP(random_state=0, n_jobs=1).fit(plain[:200])  # compiles
    field = Field(affinities(squared_distances(x), PERPLEXITY))
    ways: list[tuple[str, Callable[[], Any]]] = [
        ("t-SNE, dltui, exact", lambda: our_tsne(x).numpy()),
        (
            "t-SNE, scikit-learn, Barnes-Hut",
            lambda: TSNE(init="pca", perplexity=PERPLEXITY, n_jobs=1).fit_transform(plain),
        ),
        (
            "t-SNE, scikit-learn, exact",
            lambda: TSNE(init="pca", perplexity=PERPLEXITY, method="exact").fit_transform(plain),
        ),
        ("UMAP, dltui", lambda: our_umap(x).numpy()),
        ("UMAP, umap-learn", lambda: peer.UMAP(random_state=0, n_jobs=1).fit_transform(plain)),
    ]
    for name, way in ways:
        seconds, y = timed(way)
        told = (
            f"KL {field.divergence(torch.from_numpy(np.asarray(y, np.float32))):.4f}"
            if "t-SNE" in name
            else ""
        )
        print(f"{name:<34}{seconds:8.1f} s  trust {trustworthiness(plain, y, n_neighbors=10):.4f}  {told}")


def probes(x: torch.Tensor, y: torch.Tensor) -> None:
    """Print seconds of a softmax probe, and how far the scores are apart."""
    half = len(x) // 2
    learn, held, answers = x[:half].double(), x[half:].double(), y[:half]
    seconds, found = timed(lambda: _probe(learn, held, answers))
    spread = learn.std(0, correction=0).clamp_min(1e-12)
    plain = ((learn - learn.mean(0)) / spread).numpy()
    peer_seconds, peer = timed(
        lambda: LogisticRegression(C=1 / (PENALTY * half), tol=1e-8, max_iter=5000).fit(
            plain, answers.numpy()
        )
    )
    apart = np.abs(found.softmax(1).numpy() - peer.predict_proba(plain)).max()
    print(f"{'softmax probe, dltui':<34}{seconds:8.2f} s  probabilities {apart:.1e} apart")
    print(f"{'softmax probe, scikit-learn':<34}{peer_seconds:8.2f} s")


def _probe(learn: torch.Tensor, held: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
    basis = turned(learn, held)
    return fit_softmax(basis.learn, answers, int(answers.max()) + 1, PENALTY, fine=1e-6).scores(basis.learn)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    data = load("fashion")
    samples = torch.from_numpy(data.x_train[:count].reshape(count, -1))
    maps(samples)
    probes(samples, torch.from_numpy(data.y_train[:count]))

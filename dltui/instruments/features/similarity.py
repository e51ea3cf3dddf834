"""How alike layers are: centred kernel alignment with a linear kernel.

Kornblith, Norouzi, Lee and Hinton, *Similarity of Neural Network Representations Revisited*, 2019: of the outputs X and
Y of two layers for the same n samples, with K = XXᵀ and L = YYᵀ,

    CKA = HSIC(K, L) / √(HSIC(K, K) · HSIC(L, L)).

The usual estimate of HSIC is ⟨HKH, HLH⟩ / (n − 1)², which few samples make too large. The unbiased one (Song, Smola,
Gretton, Bedo and Borgwardt, *Feature Selection via Dependence Maximization*, 2012) is ⟨K̃, L̃⟩ / (n(n − 3)), where K̃ has
no diagonal and is centred as Székely and Rizzo (2014) do it; it can be summed over batches before the ratio is taken
(Nguyen, Raghu and Kornblith, *Do Wide and Deep Networks Learn the Same Things?*, 2021).
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel
from dltui.errors import DltuiError, UsageError
from dltui.figures import Array
from dltui.instruments.features.watch import ROOM, device_of
from dltui.instruments.modelgraph import traced
from dltui.progress import Report
from dltui.progress import silent as unheard
from dltui.results.modeltree import Node
from dltui.results.similarity import Similarity

LEAST = 4  # samples that the unbiased estimate needs
MOST = 512  # samples in a batch: the kernels grow with their square
PLAIN = ("Dropout", "Dropout2d", "Identity", "Flatten")  # layers that give what they get


def similarity(
    live: LiveModel,
    samples: Tensor,
    *,
    other: LiveModel | None = None,
    other_samples: Tensor | None = None,
    layers: Sequence[str] = (),
    batch_size: int | None = None,
    report: Report = unheard,
) -> Similarity:
    """Return how alike every two layers are, of one network or of two.

    Args:
        live: The network.
        samples: Inputs, shape (n, …).
        other: Another network that sees the same samples; None to compare the first with itself.
        other_samples: The same samples made ready for the other one.
        layers: Names of layers, ``*`` stands for anything; all layers of torch.nn when empty.
        batch_size: Samples in a batch; as many as take little memory when None.
        report: Progress.

    Returns:
        Unbiased CKA of every pair, and the usual one where all samples are in one batch.

    Raises:
        UsageError: If there are fewer than 4 samples in a batch, or nothing is named so.
    """
    first = _Kernels(live.module, samples, layers)
    second = None if other is None else _Kernels(other.module, other_samples, layers)
    size = batch_size or _even(len(samples), min(first.fitting, second.fitting if second else first.fitting))
    if min(size, len(samples)) < LEAST:
        raise UsageError(
            f"CKA over {min(size, len(samples))} samples at a time: at least {LEAST} are needed; try --samples 256"
        )
    batches = [(start, min(start + size, len(samples))) for start in range(0, len(samples), size)]
    batches = [(start, stop) for start, stop in batches if stop - start >= LEAST]
    sums: list[Array] = []
    whole: list[Array] | None = None
    for start, stop in batches:
        kernels = first.of(start, stop)
        others = kernels if second is None else second.of(start, stop)
        sums = _added(sums, products(kernels, others, unbiased=True))
        if len(batches) == 1:
            whole = products(kernels, others, unbiased=False)
        report(stop, len(samples))
    used = batches[-1][1]
    return Similarity(
        title=live.title if other is None else f"{live.title} and {other.title}",
        models=[live.title, live.title if other is None else other.title],
        weights=[live.weights_note, live.weights_note if other is None else other.weights_note],
        first=first.names,
        second=first.names if second is None else second.names,
        unbiased=ratio(*sums),
        linear=None if whole is None else ratio(*whole),
        samples=used,
        batch_size=min(size, used),
    )


def _even(count: int, most: int) -> int:
    """Return the size of batches that are as alike as can be, none larger than ``most``."""
    return -(-count // -(-count // most)) if count else most


def products(kernels: Array, others: Array, *, unbiased: bool) -> list[Array]:
    """Return HSIC between every two kernels, and of each with itself, up to a factor that the ratio loses.

    Args:
        kernels: Shape (a, n, n).
        others: Shape (b, n, n).
        unbiased: Which estimate.

    Returns:
        HSIC of pairs, shape (a, b), of the first ones, shape (a,), and of the others, shape (b,).
    """
    centre = u_centred if unbiased else centred
    one = centre(kernels).reshape(len(kernels), -1)
    two = one if others is kernels else centre(others).reshape(len(others), -1)
    return [one @ two.T, (one * one).sum(1), (two * two).sum(1)]


def ratio(pairs: Array, first: Array, second: Array) -> Array:
    """Return CKA from HSIC, NaN where an output doesn't depend on the sample."""
    scale = np.sqrt(np.maximum(first, 0))[:, None] * np.sqrt(np.maximum(second, 0))
    found: Array = np.divide(pairs, scale, out=np.full(pairs.shape, np.nan), where=scale > 0)
    return found


def centred(kernels: Array) -> Array:
    """Return HKH of each kernel, H = I − 11ᵀ / n."""
    rows = kernels.mean(2, keepdims=True)
    found: Array = kernels - rows - rows.transpose(0, 2, 1) + rows.mean(1, keepdims=True)
    return found


def u_centred(kernels: Array) -> Array:
    """Return each kernel without its diagonal and centred so that inner products are unbiased."""
    n = kernels.shape[1]
    bare = kernels * (1 - np.eye(n))
    rows = bare.sum(2, keepdims=True) / (n - 2)
    whole = bare.sum((1, 2), keepdims=True) / ((n - 1) * (n - 2))
    found: Array = (bare - rows - rows.transpose(0, 2, 1) + whole) * (1 - np.eye(n))
    return found


def _added(sums: list[Array], more: list[Array]) -> list[Array]:
    return [a + b for a, b in zip(sums, more, strict=True)] if sums else more


class _Kernels:
    """The kernels of the layers of one network."""

    def __init__(self, module: nn.Module, samples: Tensor | None, layers: Sequence[str]) -> None:
        assert samples is not None, "both networks need samples"
        self._module, self._samples = module, samples
        nodes, _, _ = traced(module, samples[:1].to(device_of(module)))
        self._nodes = nodes
        self._places = _chosen(nodes, layers)
        self.names = [nodes[place].name for place in self._places]
        weight = 4 * sum(int(np.prod(node.shape)) for node in nodes)
        self.fitting = max(LEAST, min(MOST, ROOM // max(1, weight)))

    def of(self, start: int, stop: int) -> Array:
        """Return the kernels of some samples, shape (layers, n, n)."""
        found: dict[int, Array] = {}
        wanted = set(self._places)

        def take(place: int, output: Tensor) -> None:
            if place in wanted:
                found[place] = _kernel(output, stop - start)

        nodes, _, _ = traced(self._module, self._samples[start:stop].to(device_of(self._module)), take)
        if [node.name for node in nodes] != [node.name for node in self._nodes]:
            raise DltuiError("the network calls other layers for other inputs, so they can't be compared")
        return np.stack([found[place] for place in self._places])


def _kernel(output: Tensor, rows: int) -> Array:
    """Return XXᵀ of the centred rows of an output; centring changes no CKA but keeps digits."""
    if output.ndim == 0 or len(output) != rows:
        return np.zeros((rows, rows))
    flat = output.detach().cpu().reshape(rows, -1).double()
    flat = flat - flat.mean(0)
    kernel: Array = (flat @ flat.T).numpy()
    return kernel


def _chosen(nodes: Sequence[Node], layers: Sequence[str]) -> list[int]:
    """Return the places of the layers that are compared."""
    if layers:
        found = [
            place
            for place, node in enumerate(nodes)
            if any(node.name == one or fnmatchcase(node.name, one) for one in layers)
            and node.name != "output"
        ]
    else:
        found = [
            place
            for place, node in enumerate(nodes)
            if not node.block and node.kind[:1].isupper() and node.kind not in PLAIN
        ]
    if not found:
        raise UsageError(
            f"no layer is named {' or '.join(layers) or 'at all'}: `dltui graph MODEL` lists them"
        )
    return found

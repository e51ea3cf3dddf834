"""Maps of layers: PCA, t-SNE and UMAP against scikit-learn, closed forms, and umap-learn's own numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import brentq, curve_fit
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold import trustworthiness as peer_trust
from sklearn.manifold._t_sne import _joint_probabilities
from torch import nn

from dltui.data import load
from dltui.errors import UsageError
from dltui.instruments.maps.affinity import affinities, squared_distances
from dltui.instruments.maps.chart import Wish, chart
from dltui.instruments.maps.fuzzy import fuzzy_graph
from dltui.instruments.maps.neighbours import chance, nearest, purity, trustworthiness
from dltui.instruments.maps.pca import pca
from dltui.instruments.maps.tsne import Field, tsne
from dltui.instruments.maps.umap import crossing, curve, spectral_start, umap
from dltui.results import load as load_result


@pytest.fixture(scope="module")
def digits() -> torch.Tensor:
    x = load("digits").x_train[:250].reshape(250, -1).astype(float)
    return torch.from_numpy(
        x + 1e-4 * np.random.default_rng(0).random(x.shape)
    )  # counts of ink: many are equally far


@pytest.fixture(scope="module")
def classes() -> torch.Tensor:
    return torch.from_numpy(load("digits").y_train[:250])


@pytest.mark.parametrize("shape", [(40, 9), (12, 50)], ids=["tall", "wide"])
def test_principal_components_are_those_of_the_singular_values(shape: tuple[int, int]) -> None:
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1])
    found = pca(torch.from_numpy(x), 3)
    left, sizes, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(found.places.numpy()), np.abs(left[:, :3] * sizes[:3]), atol=1e-9)
    count = len(sizes) - (shape[0] <= shape[1])
    np.testing.assert_allclose(found.variances[:count], sizes[:count] ** 2 / (shape[0] - 1), rtol=1e-9)
    np.testing.assert_allclose(found.shares[:3], PCA(3).fit(x).explained_variance_ratio_, rtol=1e-9)
    far = found.places.abs().argmax(0)
    assert (found.places[far, torch.arange(3)] > 0).all()


def test_distances_and_affinities_are_those_of_scikit_learn(digits: torch.Tensor) -> None:
    distances = squared_distances(digits)
    np.testing.assert_allclose(distances, torch.cdist(digits, digits) ** 2, atol=1e-9)
    ours = affinities(distances, 20.0)
    peer = _joint_probabilities(distances.numpy().astype(np.float32), 20.0, 0)
    condensed = ours.numpy()[np.triu_indices(250, 1)]
    np.testing.assert_allclose(condensed, peer / peer.sum() / 2, atol=3e-7)
    assert float(ours.sum()) == pytest.approx(1)


def test_the_pull_is_the_slope_of_the_divergence(digits: torch.Tensor) -> None:
    affinity = affinities(squared_distances(digits[:60]), 8.0)
    y = torch.randn(60, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    near = 1 / (1 + torch.cdist(y, y, compute_mode="donot_use_mm_for_euclid_dist") ** 2)
    near = near * (1 - torch.eye(60))
    shares = near / near.sum()
    off = ~torch.eye(60, dtype=torch.bool)
    loss = (affinity[off] * (affinity[off].clamp_min(1e-300) / shares[off]).log()).sum()
    loss.backward()
    field = Field(affinity)
    np.testing.assert_allclose(field.pull(y.detach()).gradient, y.grad, atol=1e-9)
    assert field.divergence(y.detach()) == pytest.approx(float(loss.detach()), abs=1e-9)


def test_t_sne_comes_as_low_as_scikit_learn_and_keeps_as_many_neighbours(digits: torch.Tensor) -> None:
    distances = squared_distances(digits)
    field = Field(affinities(distances, 20.0).float())
    told: list[float] = []
    found = tsne(
        field,
        pca(digits).places.float(),
        iterations=500,
        watch=lambda step, y: told.append(field.divergence(y)) if step % 50 == 0 else None,
    )
    peer = TSNE(perplexity=20, init="pca", method="exact", max_iter=500).fit(digits.numpy())
    assert told[-1] < 1.04 * peer.kl_divergence_
    assert told[-1] < told[3] < told[0]
    after = np.array(told[4:])  # no more exaggeration
    assert (np.diff(after) < 0.01).all()
    ours, theirs = (
        peer_trust(digits.numpy(), np.asarray(y), n_neighbors=10) for y in (found, peer.embedding_)
    )
    assert ours > theirs - 0.01


def test_trustworthiness_and_purity(digits: torch.Tensor, classes: torch.Tensor) -> None:
    y = torch.from_numpy(np.random.default_rng(0).normal(size=(250, 2)))
    ours = trustworthiness(squared_distances(digits), squared_distances(y), 7)
    assert ours == pytest.approx(peer_trust(digits.numpy(), y.numpy(), n_neighbors=7))
    assert trustworthiness(squared_distances(digits), squared_distances(digits), 7) == 1
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    line = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
    assert purity(nearest(squared_distances(line), 2), labels)[0] == 1
    assert chance(labels) == pytest.approx(2 / 5)


def test_the_graph_of_umap_holds_its_formulae(digits: torch.Tensor) -> None:
    count, k = 250, 9
    graph = fuzzy_graph(squared_distances(digits), k).numpy()
    lengths = np.sort(np.sqrt(((digits[:, None] - digits[None]) ** 2).sum(-1).numpy()), 1)[:, 1:k]
    directed = np.zeros((count, count))
    order = np.argsort(((digits[:, None] - digits[None]) ** 2).sum(-1).numpy() + 1e9 * np.eye(count), 1)[
        :, : k - 1
    ]
    for i in range(count):
        beyond = lengths[i] - lengths[i, 0]
        scale = brentq(lambda s, b=beyond: np.exp(-b / s).sum() - np.log2(k), 1e-6, 1e3)
        directed[i, order[i]] = np.exp(-beyond / scale)
    np.testing.assert_allclose(graph, directed + directed.T - directed * directed.T, atol=1e-6)


def test_the_graph_of_umap_is_that_of_umap_learn() -> None:
    """Numbers of umap-learn 0.5.12, ``fuzzy_simplicial_set(x, 6, …)`` on the first 60 digits, taken on 2026-11-28."""
    x = torch.from_numpy(load("digits").x_train[:60].reshape(60, -1)).double()
    graph = fuzzy_graph(squared_distances(x), 6)
    assert float(graph.sum()) == pytest.approx(221.57245, abs=2e-3)
    assert int((graph > 0).sum()) == 370
    wanted = {10: 0.5781509, 19: 1.0, 25: 0.95030004, 36: 0.8064022, 41: 0.4294041}
    assert {j: float(graph[0, j]) for j in graph[0].nonzero()[:, 0].tolist()} == pytest.approx(
        wanted, abs=1e-4
    )
    assert float(graph[8, 33]) == pytest.approx(0.38620192, abs=1e-4)


def test_the_curve_of_umap_is_that_of_scipy() -> None:
    for min_dist in (0.0, 0.1, 0.5):
        d = np.linspace(0, 3, 300)
        wanted = np.where(d < min_dist, 1.0, np.exp(-(d - min_dist)))
        (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), d, wanted)
        found = curve(min_dist)
        assert (found.a, found.b) == pytest.approx((a, b), rel=1e-4)


def test_umap_lowers_its_loss_and_parts_the_classes(digits: torch.Tensor, classes: torch.Tensor) -> None:
    distances = squared_distances(digits)
    graph, shape = fuzzy_graph(distances, 12).float(), curve(0.1)
    generator = torch.Generator().manual_seed(0)
    start = spectral_start(graph, pca(digits).places.float(), generator)
    told: list[float] = []
    found = umap(
        graph, start, shape, epochs=150, generator=generator,
        watch=lambda epoch, y: told.append(crossing(graph, y, shape)) if epoch % 30 == 0 else None,
    )  # fmt: skip
    assert told[-1] < 0.6 * crossing(graph, start, shape)
    placed = squared_distances(found)
    assert trustworthiness(distances, placed, 10) > 0.95
    assert purity(nearest(placed), classes)[0] > 0.8


def test_parts_that_hang_together_by_nothing_are_started_from_elsewhere() -> None:
    points = torch.cat([torch.randn(20, 3), torch.randn(20, 3) + 1000]).double()
    graph = fuzzy_graph(squared_distances(points), 5)
    start = spectral_start(graph, pca(points).places, torch.Generator().manual_seed(0))
    assert (start[:20, 0].sign() != start[20:, 0].sign().mean().sign()).all()


class Sorting(nn.Module):
    """The classes lie mixed along the noise, and apart after the second layer."""

    def __init__(self) -> None:
        super().__init__()
        self.mix, self.sort = nn.Linear(4, 4), nn.Linear(4, 3)
        with torch.no_grad():
            self.mix.weight.copy_(torch.diag(torch.tensor([1.0, 1, 1, 1])))
            self.mix.bias.zero_()
            self.sort.weight.copy_(torch.eye(4)[:3] * 20)
            self.sort.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.sort(self.mix(x))


def mixed(rows: int = 150):
    from dltui.data import Dataset

    random = np.random.default_rng(0)
    y = np.arange(rows) % 3
    x = np.concatenate(
        [np.eye(3)[y] + 0.15 * random.normal(size=(rows, 3)), 8 * random.normal(size=(rows, 1))], 1
    )
    x = x.astype(np.float32)
    return Dataset(
        name="mixed", x_train=x, y_train=y, x_test=x[:30], y_test=y[:30], task="classes", classes=("a", "b", "c"),
        split="", source="",
    )  # fmt: skip


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_neighbourhoods_become_pure_where_it_was_planted(method: str) -> None:
    model = Sorting()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    wish = Wish(method=method, layers=("sort", "input"), iterations=120, perplexity=15)  # type: ignore[arg-type]
    found = chart(model, mixed(), wish, title="planted")
    assert found.layers == ["input", "mix", "sort"]
    assert found.mapped == ["sort", "input"]
    assert found.purity[0] < 0.75 < 0.95 < found.purity[2]
    assert found.chance == pytest.approx(49 / 149)
    assert found.map_purity[0] > 0.95 > found.map_purity[1]
    assert (found.trust > 0.8).all()
    assert found.complete
    if method == "pca":
        x = mixed().x_train[found.rows]
        peer = PCA(2).fit(x)
        np.testing.assert_allclose(found.variances[1][:2], peer.explained_variance_ratio_, rtol=1e-5)
    else:
        assert found.loss[0, -1] < found.loss[0, 0]
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


def test_partial_maps_come_as_they_move_and_the_file_is_the_same(tmp_path) -> None:
    told = []
    wish = Wish(method="tsne", layers=("all",), samples=60, iterations=40, perplexity=5)
    found = chart(Sorting(), mixed(), wish, report=lambda *known: told.append(known))
    assert told[-1][0] == told[-1][1] == 3 + 3 * 40
    partial = [known[2] for known in told if len(known) > 2 and known[2] is not None]
    assert partial
    assert not partial[0].complete
    assert all(figure.words() for known in [*partial, found] for figure in known.figures())
    same = chart(Sorting(), mixed(), wish)
    assert np.array_equal(same.places, found.places)
    found.save(tmp_path / "map.safetensors")
    back = load_result(tmp_path / "map.safetensors")
    assert back.document()["maps"] == found.document()["maps"]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (Wish(perplexity=75), "can't use a perplexity of 75 for 150 samples"),
        (Wish(method="umap", neighbours=150), "can't use 150 neighbours"),
        (Wish(layers=("mux",)), "unknown layer 'mux': did you mean mix"),
    ],
)
def test_what_cannot_be_mapped_is_refused(wish: Wish, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        chart(Sorting(), mixed(), wish)

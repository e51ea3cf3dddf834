"""Superpixels, rank correlation and SSIM beside scikit-image and scipy."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from skimage.color import rgb2lab
from skimage.data import astronaut, chelsea
from skimage.measure import label
from skimage.metrics import adapted_rand_error, structural_similarity
from skimage.segmentation import slic as peer
from skimage.transform import resize

from dltui.instruments.attribution import alike
from dltui.instruments.attribution.parts import words
from dltui.instruments.attribution.superpixels import grid, slic, superpixels, to_lab

PHOTOS = {"chelsea": chelsea, "astronaut": astronaut}


def photo(name: str) -> np.ndarray:
    """Return a photo of 96 × 96 pixels, 0 … 1."""
    return resize(PHOTOS[name](), (96, 96), anti_aliasing=True)


def roughness(picture: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean squared distance of the pixels from the mean colour of their piece."""
    lab = rgb2lab(picture).reshape(-1, 3)
    where = labels.ravel()
    count = np.bincount(where)
    mean = np.stack([np.bincount(where, lab[:, i]) / np.maximum(count, 1) for i in range(3)], axis=1)
    return float(((lab - mean[where]) ** 2).sum(axis=1).mean())


def test_colours_are_cielab() -> None:
    picture = np.random.default_rng(0).random((20, 30, 3))
    assert np.allclose(to_lab(picture), rgb2lab(picture), atol=0.02)
    grey = np.random.default_rng(1).random((5, 4, 1))
    assert np.allclose(to_lab(grey)[..., 0], rgb2lab(np.repeat(grey, 3, axis=-1))[..., 0], atol=0.02)


@pytest.mark.parametrize("name", PHOTOS)
def test_superpixels_are_as_even_as_those_of_scikit_image(name: str) -> None:
    picture = photo(name)
    mine = slic(picture, 60)
    theirs = peer(picture, n_segments=60, compactness=20, start_label=0)
    assert 40 <= mine.max() + 1 <= 75
    assert roughness(picture, mine) <= 1.1 * roughness(picture, theirs)
    assert roughness(picture, mine) < 0.7 * roughness(picture, grid(96, 96, 60))
    error, _, _ = adapted_rand_error(theirs, mine)
    assert error < 0.45


@pytest.mark.parametrize("name", PHOTOS)
def test_every_superpixel_hangs_together(name: str) -> None:
    found = slic(photo(name), 60)
    assert np.array_equal(np.unique(found), np.arange(found.max() + 1))
    assert label(found, background=-1, connectivity=1).max() == found.max() + 1


def test_superpixels_keep_to_edges() -> None:
    picture = np.zeros((60, 60, 3))
    picture[:, 31:] = (1.0, 0.2, 0.0)
    picture[37:, :31] = (0.0, 0.3, 1.0)
    found = slic(picture, 36)
    for piece in range(found.max() + 1):
        assert len(np.unique(picture[found == piece], axis=0)) == 1


def test_tiny_pictures_are_cut_into_squares() -> None:
    found = superpixels(np.zeros((8, 8, 1)), 16)
    assert found.tolist() == np.kron(np.arange(16).reshape(4, 4), np.ones((2, 2), int)).tolist()
    assert grid(6, 4, 1).max() == 0
    assert grid(2, 3, 100).tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (list("to be"), [0, 0, 0, 1, 1]),
        (["The", " cat", " s", "at", "."], [0, 1, 2, 2, 2]),
        (["ĠThe", "Ġun", "seen"], [0, 1, 1]),
        (["[CLS]", "play", "##ing", "now"], [0, 1, 1, 2]),
        (list("\n\nab c"), [0, 0, 0, 0, 0, 1]),
        (["a", "b"], [0, 1]),
    ],
)
def test_words(pieces: list[str], expected: list[int]) -> None:
    assert words(pieces).tolist() == expected


def test_rank_correlation() -> None:
    draw = np.random.default_rng(2)
    one = draw.integers(0, 9, (12, 12)).astype(float)  # many ties
    other = one + draw.normal(size=(12, 12)) * 3
    expected = spearmanr(one.ravel(), other.ravel()).statistic
    assert alike.rank_correlation(one, other) == pytest.approx(float(expected), abs=1e-12)
    assert np.isnan(alike.rank_correlation(one, np.ones((12, 12))))


@pytest.mark.parametrize("shape", [(32, 40), (11, 11), (8, 8)])
def test_ssim(shape: tuple[int, int]) -> None:
    draw = np.random.default_rng(3)
    one = draw.random(shape)
    other = np.clip(one + draw.normal(size=shape) * 0.2, 0, 1)
    one, other = ((part - part.min()) / np.ptp(part) for part in (one, other))
    radius = min(5, (min(shape) - 1) // 2)

    def blur(picture: np.ndarray) -> np.ndarray:
        smooth = gaussian_filter(picture, 1.5, radius=radius)
        return smooth[radius : shape[0] - radius, radius : shape[1] - radius]

    x, y = blur(one), blur(other)
    covered = (2 * x * y + 1e-4) * (2 * (blur(one * other) - x * y) + 9e-4)
    spread = blur(one**2) - x**2 + blur(other**2) - y**2 + 9e-4
    expected = (covered / ((x**2 + y**2 + 1e-4) * spread)).mean()
    assert alike.structural_similarity(one * 7 - 2, other) == pytest.approx(float(expected), abs=1e-12)
    assert alike.structural_similarity(one, one) == pytest.approx(1)
    if radius == 5:
        theirs = structural_similarity(
            one, other, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert alike.structural_similarity(one, other) == pytest.approx(float(theirs), abs=1e-6)

"""Meshes, photos, a stereo pair, a laser scan and pairs of phrases: whole, and what they should be."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from dltui.data.shipped import open_asset

MESHES = [("bunny", 1839, 3674), ("teapot", 792, 992)]
PHOTOS = ["chelsea", "coffee", "astronaut", "rocket"]


@pytest.mark.parametrize(("name", "vertices", "triangles"), MESHES)
def test_meshes_are_closed_enough_to_be_looked_at(name: str, vertices: int, triangles: int) -> None:
    with open_asset(f"{name}.npz") as file, np.load(file, allow_pickle=False) as stored:
        positions, corners = stored["positions"], stored["triangles"]
    assert positions.shape == (vertices, 3)
    assert np.isfinite(positions).all()
    assert corners.shape == (triangles, 3)
    assert set(corners.ravel().tolist()) == set(range(vertices))


@pytest.mark.parametrize("name", PHOTOS)
def test_photos_are_squares_in_colour(name: str) -> None:
    with open_asset(f"{name}.jpg") as file:
        pixels = np.asarray(Image.open(file))
    assert pixels.shape == (224, 224, 3)
    assert pixels.std() > 30


def test_the_disparity_leads_from_the_left_picture_to_the_right_one() -> None:
    with open_asset("stereo.npz") as file, np.load(file, allow_pickle=False) as stored:
        left, right, disparity = (stored[name].astype(float) for name in ("left", "right", "disparity"))
        focal, _, _, offset, baseline = stored["calibration"]
    assert left.shape == right.shape == (*disparity.shape, 3)
    known = np.isfinite(disparity)
    assert known.mean() > 0.5
    rows, columns = np.nonzero(known)
    matched = np.round(columns - disparity[known]).astype(int)
    inside = matched >= 0
    rows, columns, matched = rows[inside], columns[inside], matched[inside]
    apart = np.abs(left[rows, columns] - right[rows, matched]).mean()
    assert apart < 0.5 * np.abs(left[rows, columns] - right[rows, columns]).mean()
    depth = baseline * focal / (disparity[known] + offset)
    assert 1000 < depth.min() < depth.max() < 10_000  # a motorcycle in a room, in millimetres


def test_the_laser_scan_is_las_1_2_with_colours() -> None:
    with open_asset("simple.las") as file:
        data = file.read()
    assert data[:4] == b"LASF"
    assert tuple(data[24:26]) == (1, 2)
    assert data[104] == 3
    assert struct.unpack_from("<I", data, 107)[0] == 1065


def test_phrases_come_with_their_french() -> None:
    with open_asset("pairs_en_fr.tsv.gz") as file:
        rows = [line.split("\t") for line in gzip.decompress(file.read()).decode().splitlines()]
    assert len(rows) == 750
    pairs = dict(rows)
    assert len(pairs) == 750
    assert pairs["January"] == "janvier"
    assert pairs["Sunday"] == "dimanche"

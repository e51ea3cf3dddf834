"""PLY files beside other readers, and files that are none."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from dltui.errors import DltuiError
from dltui.scene.fan import fan
from dltui.scene.ply import Ragged, read_ply
from dltui.scene.read import from_ply, read_geometry

HEAD = "ply\nformat {order} 1.0\ncomment made by hand\n"
CUBE = trimesh.creation.box((1, 2, 3))


def written(path: Path, encoding: str) -> Path:
    path.write_bytes(trimesh.exchange.ply.export_ply(CUBE, encoding=encoding))
    return path


@pytest.mark.parametrize("encoding", ["ascii", "binary"])
def test_what_trimesh_writes_is_read_to_the_bit(tmp_path: Path, encoding: str) -> None:
    found = from_ply(written(tmp_path / "cube.ply", encoding))
    np.testing.assert_array_equal(found.vertices, CUBE.vertices.astype(np.float32))
    np.testing.assert_array_equal(found.faces, CUBE.faces)
    assert found.dropped == 0


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("lengths", [[3, 3, 3], [3, 4, 5], [4, 4], [0, 3]])
def test_both_orders_of_bytes_and_polygons_of_any_length(
    tmp_path: Path, order: str, lengths: list[int]
) -> None:
    name = "binary_little_endian" if order == "<" else "binary_big_endian"
    rows = np.arange(18, dtype=order + "f8").reshape(6, 3)
    rows = np.concatenate([rows, np.arange(6).reshape(6, 1)], axis=1).astype(order + "f8")
    faces = b"".join(bytes([n]) + (np.arange(n) % 6).astype(order + "i4").tobytes() for n in lengths)
    head = HEAD.format(order=name) + (
        "element vertex 6\nproperty double x\nproperty double y\nproperty double z\nproperty double heat\n"
        f"element face {len(lengths)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    path = tmp_path / "a.ply"
    path.write_bytes(head.encode() + rows.tobytes() + faces)
    found = from_ply(path)
    np.testing.assert_array_equal(found.vertices, np.arange(18).reshape(6, 3))
    np.testing.assert_array_equal(found.channels["heat"], np.arange(6))
    assert len(found.faces) == sum(max(n - 2, 0) for n in lengths)
    if 5 in lengths:
        assert found.faces[-1].tolist() == [0, 3, 4]


@settings(max_examples=30, deadline=None)
@given(counts=st.lists(st.integers(0, 6), max_size=8))
def test_a_polygon_becomes_two_triangles_fewer_than_corners(counts: list[int]) -> None:
    corners = np.arange(sum(counts))
    found, at = fan(np.array(counts, np.int64), corners), 0
    wanted = []
    for count in counts:
        wanted += [[at, at + k + 1, at + k + 2] for k in range(count - 2)]
        at += count
    assert found.tolist() == wanted


def test_text_with_polygons_of_any_length_colours_and_what_is_not_finite(tmp_path: Path) -> None:
    path = tmp_path / "t.ply"
    path.write_text(
        HEAD.format(order="ascii")
        + "element vertex 5\nproperty float x\nproperty float y\nproperty float z\n"
        "property uchar red\nproperty uchar green\nproperty uchar blue\n"
        "element face 2\nproperty list uchar int vertex_index\nproperty int part\nend_header\n"
        "0 0 0 255 0 0\n1 0 0 0 255 0\n1 1 0 0 0 255\n0 1 0 9 9 9\nnan 0 0 1 1 1\n4 0 1 2 3 7\n3 0 1 4 8\n"
    )
    found = from_ply(path)
    assert found.dropped == 1
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3]]  # the face of the point that went is gone too
    assert found.rgb is not None
    assert found.rgb.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]]
    held = read_ply(path).elements["face"]
    assert isinstance(held["vertex_index"], Ragged)
    assert held["part"].tolist() == [7, 8]  # type: ignore[union-attr]
    assert read_ply(path).comments == ("made by hand",)


@pytest.mark.parametrize("glue", ["\n", "\r\n", " ", "\n\n"])
@pytest.mark.parametrize("faces", ["3 0 1 2{0}3 1 2 3", "3 0 1 2{0}4 0 1 2 3", "3.0 0 1 2{0}3 1 2 3"])
def test_text_is_read_wherever_its_lines_break(tmp_path: Path, glue: str, faces: str) -> None:
    path = tmp_path / "b.ply"
    head = HEAD.format(order="ascii") + (
        "element vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    )
    rows = glue.join(["0 0 0", "1 0 0", "1 1 0", "0 1 0.5", faces.format(glue)])
    path.write_bytes((head + rows + "\n").encode())
    found = from_ply(path)
    assert found.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0.5]]
    wanted = [[0, 1, 2], [0, 1, 2], [0, 2, 3]] if "4 0" in faces else [[0, 1, 2], [1, 2, 3]]
    assert found.faces.tolist() == wanted


def test_splats_are_told_and_coloured_by_their_first_coefficient(tmp_path: Path) -> None:
    names = [
        *("x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2", "opacity"),
        *(f"scale_{i}" for i in range(3)), *(f"rot_{i}" for i in range(4)),
    ]  # fmt: skip
    rows = np.zeros((2, len(names)), "<f4")
    rows[1, 6:9] = 1.7724539
    head = HEAD.format(order="binary_little_endian") + "element vertex 2\n"
    path = tmp_path / "s.ply"
    body = head + "".join(f"property float {name}\n" for name in names) + "end_header\n"
    path.write_bytes(body.encode() + rows.tobytes())
    found = read_geometry(str(path))
    assert found.is_splats
    assert found.rgb is not None
    assert found.rgb.tolist() == [[127, 127, 127], [255, 255, 255]]
    assert found.normals is None  # zeros are none
    assert not read_geometry("lidar").is_splats


WRONG = {
    "no ply": (b"solid cube\n", "is no PLY file"),
    "no end": (b"ply\nformat ascii 1.0\nelement vertex 3\n", "has no end"),
    "no format": (b"ply\nelement vertex 0\nend_header\n", "of format nothing"),
    "strange format": (b"ply\nformat middle_endian 1.0\nend_header\n", "of format middle_endian"),
    "strange type": (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty complex x\nend_header\n", "complex x"),
    "no places": (b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nend_header\n1\n", "no vertices with x"),
    "cut text": (
        b"ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\nproperty float y\nproperty float z\n"
        b"end_header\n1 2 3\n",
        "ends before its 9 elements vertex do",
    ),
    "cut": (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 2147483648\nproperty float x\nproperty float y\n"
        b"property float z\nend_header\n1234",
        "ends before its 2,147,483,648 elements",
    ),
    "a list too long": (
        b"ply\nformat binary_little_endian 1.0\nelement vertex 1\nproperty float x\nproperty float y\n"
        b"property float z\nelement face 1\nproperty list uint int vertex_indices\nend_header\n"
        + bytes(12) + b"\xff\xff\xff\x7f",
        "ends before its 1 elements face",
    ),
    "a face of nothing": (
        b"ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
        b"element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0 1 0 0 0 1 0\n3 0 1 7\n",
        "a face with vertex 7",
    ),
    "nothing finite": (
        b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\nproperty float z\n"
        b"end_header\nnan 0 0\n",
        "no point with finite coordinates",
    ),
    "empty": (
        b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\nproperty float z\nend_header\n",
        "no point with finite coordinates",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_file_is_told_in_one_sentence(name: str, tmp_path: Path) -> None:
    body, told = WRONG[name]
    path = tmp_path / "bad.ply"
    path.write_bytes(body)
    with pytest.raises(DltuiError, match=told) as caught:
        from_ply(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_far_origin_is_taken_off_so_that_float32_keeps_the_digits(tmp_path: Path) -> None:
    path = tmp_path / "far.ply"
    path.write_text(
        HEAD.format(order="ascii")
        + "element vertex 2\nproperty double x\nproperty double y\nproperty double z\nend_header\n"
        "500000.001 4000000.002 7\n500000.003 4000000.004 8\n"
    )
    found = from_ply(path)
    np.testing.assert_allclose(found.bounds[0], [500000.001, 4000000.002, 7], atol=1e-6)
    assert found.vertices[1, 0] - found.vertices[0, 0] == pytest.approx(0.002, rel=1e-3)

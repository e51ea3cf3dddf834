"""Files of points and triangles beside other readers of them."""

from pathlib import Path

import laspy
import numpy as np
import pytest
import trimesh
from PIL import Image

from dltui.scene.hints import Hints, hints
from dltui.scene.mesh import measure
from dltui.scene.read import READERS, read_geometry
from dltui.scene.readers.pcd import unpressed
from dltui.scene.write import write_geometry

BALL = trimesh.creation.icosphere(2)
NUMBERS = np.random.default_rng(0)
POINTS = NUMBERS.normal(size=(500, 3)).astype(np.float32)


@pytest.mark.parametrize("ending", ["obj", "stl", "stl_ascii", "off", "glb", "3mf", "dae", "ply"])
def test_a_mesh_is_the_one_that_trimesh_wrote(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"ball.{ending.partition('_')[0]}"
    path.write_bytes(data if isinstance(data := BALL.export(file_type=ending), bytes) else data.encode())
    found, wanted = read_geometry(str(path)), measure(BALL.vertices, BALL.faces)
    mine = measure(found.vertices, found.faces)
    assert mine.area == pytest.approx(wanted.area, rel=1e-5)
    assert mine.volume == pytest.approx(wanted.volume, rel=1e-5)
    assert (mine.watertight, mine.euler, mine.faces) == (True, 2, len(BALL.faces))
    assert len(found.vertices) == len(BALL.vertices)


@pytest.mark.parametrize("ending", ["ply", "obj", "stl"])
def test_what_is_written_is_read_again_by_us_and_by_trimesh(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"knot.{ending}"
    made = read_geometry("knot:n=600")
    write_geometry(made, path)
    found, theirs = read_geometry(str(path)), trimesh.load(path, force="mesh")
    assert found.faces.shape == made.faces.shape
    np.testing.assert_allclose(found.vertices[found.faces], made.vertices[made.faces], rtol=1e-6, atol=1e-7)
    assert theirs.volume == pytest.approx(measure(found.vertices, found.faces).volume, rel=1e-5)


def test_obj_with_polygons_counts_from_both_ends_colours_and_continued_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.obj"
    path.write_text(
        "# made by hand\nmtllib a.mtl\no part\nv 0 0 0 1 0 0\nv 1 0 0 0 1 0\nv 1 1 0 0 0 1\nv 0 1 0 1 1 1\nvn 0 0 1\n"
        "vt 0 0\ns off\nf 1/1/1 2//1 \\\n3/1 4\nv 0.5 0.5 1 0 0 0\nf -1 -5 -4 # the last, the first, the second\n"
    )
    found = read_geometry(str(path))
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3], [4, 0, 1]]
    assert found.rgb is not None
    assert found.rgb.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]]


def test_stl_keeps_the_colours_of_its_triangles(tmp_path: Path) -> None:
    body = bytearray(BALL.export(file_type="stl"))
    body[84 + 48 : 84 + 50] = (0x8000 | 31 << 10).to_bytes(2, "little")
    (tmp_path / "c.stl").write_bytes(body)
    found = read_geometry(str(tmp_path / "c.stl"))
    assert found.rgb is not None
    assert found.rgb[:4].tolist() == [[255, 0, 0]] * 3 + [[200] * 3]


def test_off_with_colours_comments_and_polygons(tmp_path: Path) -> None:
    (tmp_path / "a.off").write_text(
        "COFF # colours\n4 2 0\n0 0 0 255 0 0 255\n1 0 0 0 255 0 255\n1 1 0 0 0 255 255\n0 1 0 9 9 9 255\n"
        "# faces\n4 0 1 2 3 0.5 0.5 0.5\n3 0 1 2\n"
    )
    found = read_geometry(str(tmp_path / "a.off"))
    assert found.faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    assert found.rgb is not None
    assert found.rgb[3].tolist() == [9, 9, 9]


ROWS = {
    "a.xyz": ("0 0 0\n1 2 3\n", "", []),
    "b.csv": ("X,Y,Z,Intensity,label\n0,0,0,7,1\n1,2,3,,2\n", "", ["intensity", "label"]),
    "c.pts": ("2\n0 0 0 7 255 0 0\n1 2 3 9 0 255 0\n", "intensity,red,green,blue", ["intensity"]),
    "d.txt": ("# x y z nx ny nz\n0 0 0 0 0 1\n1 2 3 0 1 0\n", "", []),
    "e.asc": ("0;0;0;5;6\n1;2;3;7;8\n", "column 4,column 5", ["column 4", "column 5"]),
    "f.xyz": ("0 0 0 0 0 1\n1 2 3 0 1 0\n", "nx,ny,nz", []),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_by_their_names_or_by_a_guess_that_is_told(tmp_path: Path, name: str) -> None:
    text, guess, channels = ROWS[name]
    (tmp_path / name).write_text(text)
    found = read_geometry(str(tmp_path / name))
    assert found.vertices.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert list(found.channels) == channels
    assert bool(found.remarks) == bool(guess)
    assert all(guess in remark for remark in found.remarks)
    assert (found.normals is not None) == (name in {"d.txt", "f.xyz"})
    assert (found.rgb is not None) == (name == "c.pts")


@pytest.mark.parametrize("columns", [(), ("id", "x", "y", "z", "-", "height of it")], ids=["named", "told"])
def test_columns_of_words_are_left_out(tmp_path: Path, columns: tuple[str, ...]) -> None:
    path = tmp_path / "trees.csv"
    rows = [f"{i},{a},{b},{c},tree {i},{7 + i}" for i, (a, b, c) in enumerate(POINTS[:9].tolist())]
    path.write_text("\n".join(["id,x,y,z,name,height of it", *rows]) + "\n")
    found = read_geometry(str(path), hints=Hints(columns=columns))
    np.testing.assert_allclose(found.vertices, POINTS[:9], rtol=1e-6)
    assert list(found.channels) == ["id", "height of it"]
    assert found.channels["height of it"].tolist() == list(range(7, 16))
    assert "hold words" in found.remarks[0]


def test_columns_that_are_told_win(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("9 0 0 0 4\n9 1 2 3 5\n")
    found = read_geometry(str(tmp_path / "a.xyz"), hints=hints("-,x,y,z,heat"))
    assert found.vertices.tolist() == [[0, 0, 0], [1, 2, 3]]
    assert found.channels["heat"].tolist() == [4, 5]
    assert not found.remarks


def pcd(data: str, body: bytes, points: int = 500) -> bytes:
    head = (
        "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb label _\nSIZE 4 4 4 4 2 1\nTYPE F F F F U U\nCOUNT 1 1 1 1 1 2\n"
        f"WIDTH {points}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA {data}\n"
    )
    return head.encode() + body


def lzf(bare: bytes) -> bytes:
    """Press bytes as liblzf does, as far as runs and what repeats the last 40 bytes go."""
    out, plain, at = bytearray(), bytearray(), 0

    def flush() -> None:
        for i in range(0, len(plain), 32):
            part = plain[i : i + 32]
            out.append(len(part) - 1)
            out.extend(part)
        plain.clear()

    while at < len(bare):
        best = (0, 0)
        for back in range(1, min(at, 40) + 1):
            length = 0
            while length < 264 and at + length < len(bare) and bare[at + length] == bare[at - back + length]:
                length += 1
            best = max(best, (length, back))
        length, back = best
        if length < 3:
            plain.append(bare[at])
            at += 1
            continue
        flush()
        code = length - 2
        out.append(min(code, 7) << 5 | (back - 1) >> 8)
        if code >= 7:
            out.append(code - 7)
        out.append((back - 1) & 255)
        at += length
    flush()
    return bytes(out)


@pytest.mark.parametrize("data", ["ascii", "binary", "binary_compressed"])
def test_pcd_in_its_three_ways(tmp_path: Path, data: str) -> None:
    kind = np.dtype([
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("rgb", "<u4"),
        ("label", "<u2"),
        ("_", "u1", (2,)),
    ])
    table = np.zeros(500, kind)
    for i, axis in enumerate("xyz"):
        table[axis] = POINTS[:, i]
    table["rgb"], table["label"] = 0x10FF80, np.arange(500) // 100
    if data == "ascii":
        rows = [f"{r['x']:.9g} {r['y']:.9g} {r['z']:.9g} {r['rgb']} {r['label']} 0 0" for r in table]
        body = "\n".join(rows).encode()
    elif data == "binary":
        body = table.tobytes()
    else:
        bare = b"".join(table[name].tobytes() for name in kind.names)
        small = lzf(bare)
        assert len(small) < len(bare)
        body = np.array([len(small), len(bare)], "<u4").tobytes() + small
    (tmp_path / "a.pcd").write_bytes(pcd(data, body))
    found = read_geometry(str(tmp_path / "a.pcd"))
    np.testing.assert_array_equal(found.vertices, POINTS)
    assert found.rgb is not None
    assert found.rgb[0].tolist() == [0x10, 0xFF, 0x80]
    np.testing.assert_array_equal(found.channels["label"], table["label"])
    assert list(found.channels) == ["label"]


def test_lzf_copies_that_overlap_themselves() -> None:
    bare = b"ab" * 400 + b"xyz"
    assert unpressed(lzf(bare), len(bare)) == bare
    assert unpressed(lzf(bare)[:-2], len(bare)) is None
    assert unpressed(b"\x20\x05", 3) is None


def test_arrays_of_numpy_of_every_kind(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", POINTS)
    np.testing.assert_array_equal(read_geometry(str(tmp_path / "a.npy")).vertices, POINTS)
    np.save(tmp_path / "t.npy", POINTS.T)
    np.testing.assert_array_equal(read_geometry(str(tmp_path / "t.npy")).vertices, POINTS)
    named = np.zeros(500, [("x", "f8"), ("y", "f8"), ("z", "f8"), ("t", "i4")])
    named["x"], named["t"] = POINTS[:, 0], 3
    np.save(tmp_path / "n.npy", named)
    assert read_geometry(str(tmp_path / "n.npy")).channels["t"].tolist() == [3] * 500
    rgb = NUMBERS.integers(0, 255, (len(BALL.vertices), 3)).astype(np.uint8)
    np.savez(
        tmp_path / "m.npz", vertices=BALL.vertices, faces=BALL.faces, colors=rgb, heat=BALL.vertices[:, 0]
    )
    found = read_geometry(str(tmp_path / "m.npz"))
    np.testing.assert_array_equal(found.faces, BALL.faces)
    np.testing.assert_array_equal(found.rgb, rgb)
    assert list(found.channels) == ["heat"]


@pytest.mark.parametrize("wide", [3, 4, 5])
def test_scans_as_bare_floats_are_guessed_with_a_remark(tmp_path: Path, wide: int) -> None:
    table = NUMBERS.normal(0, 20, (960, wide)).astype("<f4")
    if wide > 3:
        table[:, 3] = NUMBERS.random(960)
    if wide > 4:
        table[:, 4] = np.arange(960) % 32
    (tmp_path / "0.bin").write_bytes(table.tobytes())
    found = read_geometry(str(tmp_path / "0.bin"))
    np.testing.assert_array_equal(found.vertices, table[:, :3])
    assert list(found.channels) == ["intensity", "ring"][: wide - 3]
    assert "--columns" in found.remarks[0]
    told = read_geometry(str(tmp_path / "0.bin"), hints=Hints(columns=tuple("xyzab"[:wide])))
    assert not told.remarks


@pytest.mark.parametrize("name", ["d.png", "d.pfm", "d.npy", "d.npz"])
def test_a_depth_map_of_a_wall_lies_in_a_plane(tmp_path: Path, name: str) -> None:
    depth = np.full((6, 8), 2000, np.uint16)
    depth[0, 0], path, camera = 0, tmp_path / name, "4,5,3.5,2.5"
    if name == "d.png":
        Image.fromarray(depth).save(path)
    elif name == "d.npy":
        np.save(path, depth)
    elif name == "d.npz":
        np.savez(path, depth=depth, K=np.array([[4, 0, 3.5], [0, 5, 2.5], [0, 0, 1]]))
        camera = ""
    else:
        path.write_bytes(b"Pf\n8 6\n-1.0\n" + depth[::-1].astype("<f4").tobytes())
    found = read_geometry(str(path), hints=hints("", camera, 1000))
    assert len(found.vertices) == 47
    assert "1 of 48 pixels" in found.remarks[0]
    np.testing.assert_allclose(found.vertices[:, 2], -2)
    np.testing.assert_allclose(
        found.vertices[0], [(1 - 3.5) * 2 / 4, 2.5 * 2 / 5, -2]
    )  # the first row is the upmost


def test_las_files_and_compressed_ones_are_alike(tmp_path: Path) -> None:
    header = laspy.LasHeader(point_format=3, version="1.2")
    header.scales = np.full(3, 0.001)
    theirs = laspy.LasData(header)
    theirs.x, theirs.y, theirs.z = POINTS.T.astype(float)
    theirs.intensity = np.arange(500)
    for name in ("a.las", "a.laz"):
        theirs.write(tmp_path / name)
    plain, packed = (read_geometry(str(tmp_path / name)) for name in ("a.las", "a.laz"))
    np.testing.assert_array_equal(plain.vertices, packed.vertices)
    np.testing.assert_allclose(plain.vertices, POINTS, atol=1e-3)
    np.testing.assert_array_equal(packed.channels["intensity"], np.arange(500))


def test_gltf_puts_parts_where_their_nodes_say_and_keeps_colours(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    box = trimesh.creation.box((1, 1, 1))
    box.visual.vertex_colors = np.tile([255, 0, 0, 255], (8, 1))
    scene.add_geometry(box, transform=trimesh.transformations.translation_matrix([5, 0, 0]))
    scene.add_geometry(BALL)
    (tmp_path / "s.glb").write_bytes(scene.export(file_type="glb"))
    found = read_geometry(str(tmp_path / "s.glb"))
    assert found.up == "y"
    assert found.bounds[1, 0] == pytest.approx(5.5)
    assert found.rgb is not None
    assert found.rgb[found.vertices[:, 0] > 2].tolist() == [[255, 0, 0]] * 8


def test_trimesh_is_imported_for_foreign_files_alone(tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "b.stl").write_bytes(BALL.export(file_type="stl"))
    code = (
        "import sys; from dltui.scene.read import read_geometry; read_geometry(sys.argv[1]); "
        "assert not {'trimesh', 'laspy', 'PIL', 'torch', 'scipy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "b.stl")], check=True)


def test_every_ending_has_a_reader() -> None:
    from importlib import import_module

    for where in READERS.values():
        module, _, name = where.partition(":")
        assert callable(getattr(import_module(module), name))


def test_the_motorcycle_stands_before_the_camera() -> None:
    found = read_geometry("motorcycle")
    assert found.rgb is not None
    assert found.up == "y"
    assert -6 < found.bounds[0, 2] < found.bounds[1, 2] < -1.5  # metres

"""Files that are empty, cut short, full of NaN or of something else: one sentence each, and no traceback."""

from pathlib import Path

import laspy
import numpy as np
import pytest
import trimesh

from dltui.cli import run
from dltui.scene.read import READERS, read_geometry

STL = trimesh.creation.box().export(file_type="stl")
PCD = b"VERSION .7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 9\nHEIGHT 1\nPOINTS 9\nDATA "
WRONG = {
    "words.obj": (b"v 0 0 zero\n", "'zero' where a number"),
    "ragged.obj": (b"v 0 0 0\nv 0 0\n", "2 numbers for its vertex 2"),
    "none.obj": (b"# nothing\nf 1 2 3\n", "has no vertices"),
    "far.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "a face with vertex 9, but its vertices are 1 … 3"),
    "behind.obj": (b"v 0 0 0\nv 1 0 0\nf -1 -2 -9\n", "a face with vertex -9, but its vertices are 1 … 2"),
    "zero.obj": (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 0 1 2\n", "they count from 1"),
    "cut.stl": (STL[:-7], "ends before its 12 triangles"),
    "cut-text.stl": (b"solid a\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\n", "ends within"),
    "nothing.stl": (bytes(80) + b"\1\0\0\0", "ends before its 1 triangles"),
    "empty-text.stl": (b"solid a\nendsolid a\n", "no triangles"),
    "other.off": (b"ON\n1 2 3\n", "begins with something else"),
    "binary.off": (b"OFF BINARY\n", "begins with OFF BINARY"),
    "cut.off": (b"OFF\n8 12 0\n0 0 0\n", "ends before its 8 vertices"),
    "corners.off": (b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n4 0 1 2\n", "fewer corners than it says"),
    "ragged.xyz": (b"0 0 0\n1 2 3\n1 2\n", "2 columns in row 3"),
    "commas.xyz": (b"0,5 0,25 1,0\n1,5 0,25 1,0\n", "write points"),
    "semicolons.csv": (b"x;y;z\n1,5;2,5;3,5\n", "write points"),
    "two.xyz": (b"0 0\n1 2\n", "has 2 columns: expected x, y and z"),
    "words.csv": (b"a,b,c\n1,2,3\n", "'a' in row 1"),
    "half.csv": (b"x,y,z\n1,2,3\n1,two,3\n", "'two' in row 2"),
    "names.csv": (b"x,y,z,i\n1,2,3\n", "names 4 columns and has 3"),
    "nan.xyz": (b"nan nan nan\nnan 0 inf\n", "no point with finite coordinates"),
    "head.pcd": (b"VERSION .7\nFIELDS x y z\n", "no line DATA"),
    "fields.pcd": (PCD.replace(b"SIZE 4 4 4", b"SIZE 4 4") + b"ascii\n", "can't be read"),
    "way.pcd": (PCD + b"morse\n", "as morse"),
    "cut.pcd": (PCD + b"binary\n" + bytes(90), "ends before its 9 points"),
    "cut-text.pcd": (PCD + b"ascii\n1 2 3\n", "ends before its 9 points"),
    "cut-pressed.pcd": (PCD + b"binary_compressed\n" + bytes(4), "ends before its 9 points"),
    "damaged.pcd": (PCD + b"binary_compressed\n" + np.array([2, 108], "<u4").tobytes() + b"\x40\x09", "damaged"),
    "damaged.npy": (b"\x93NUMPY\1\0", "can't read"),
    "damaged.npz": (b"PK\3\4 and no more", "can't read"),
    "odd.bin": (bytes(13), "it was cut short"),
    "count.bin": (np.ones(7, "<f4").tobytes(), "fit no rows of 3 to 6 columns"),
    "nan.bin": (np.full(16, np.nan, "<f4").tobytes(), "no point with finite coordinates"),
    "photo.png": (b"no picture", "--intrinsics"),
    "no.las": (b"LASF" + bytes(10), "no LAS file"),
    "no.glb": (b"glTF\2\0\0\0 broken", "trimesh can't read"),
    "empty.ply": (b"", "is empty: expected points or triangles"),
    "empty.glb": (b"", "is empty"),
    "head.csv": (b"x,y,z\n", "has no rows of numbers"),
    "junk.xyz": (b"\0\xff\xfe" * 40, "has no rows of numbers"),
    "places.csv": (b"x,y,z\n1,2,three\n", "'three' in row 1"),
    "no.ply": (b"plump", "is no PLY file"),
    "what.doc": (b"text", "expected one of"),
}  # fmt: skip


def told(capsys: pytest.CaptureFixture[str], words: list[str], code: tuple[int, ...] = (1, 2)) -> str:
    assert run([*words, "--quiet"]) in code
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    return said


@pytest.mark.parametrize("name", WRONG)
def test_one_sentence_says_what_is_wrong(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body, words = WRONG[name]
    (tmp_path / name).write_bytes(body)
    said = told(capsys, ["cloud", str(tmp_path / name)])
    assert words in said
    assert name in said


@pytest.mark.parametrize("ending", sorted({".ply", *READERS}))
def test_an_empty_file_is_told_whatever_its_kind(
    ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"a{ending}").write_bytes(b"")
    assert f"a{ending}" in told(capsys, ["cloud", str(tmp_path / f"a{ending}")])


def test_an_array_that_was_cut_short_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.ones((500, 3)))
    body = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(body[: len(body) // 2])
    assert "it ends before its numbers do: it was cut short" in told(
        capsys, ["cloud", str(tmp_path / "a.npy")]
    )


def test_a_text_of_whole_triangles_without_its_end_may_have_been_cut(tmp_path: Path) -> None:
    facet = b"facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
    for ending, remarks in (
        (b"", ("it has no line endsolid: it may have been cut short",)),
        (b"endsolid a\n", ()),
    ):
        (tmp_path / "a.stl").write_bytes(b"solid a\n" + facet + ending)
        assert read_geometry(str(tmp_path / "a.stl")).remarks == remarks


def test_objects_in_arrays_are_never_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "o.npy", np.array([{}], object), allow_pickle=True)
    assert "never loaded" in told(capsys, ["cloud", str(tmp_path / "o.npy")])


def test_negative_and_empty_scales(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for scale in ("-1", "0"):
        assert "--scale must be above 0" in told(capsys, ["cloud", "lidar", "--scale", scale])
    for scale in ("nan", "inf"):
        assert f"--scale is {scale}: expected a finite number" in told(
            capsys, ["cloud", "lidar", "--scale", scale]
        )
    theirs = laspy.LasData(laspy.LasHeader(point_format=0, version="1.2"))
    theirs.x = theirs.y = theirs.z = np.arange(3.0)
    theirs.write(tmp_path / "s.las")
    body = bytearray((tmp_path / "s.las").read_bytes())
    body[131:139] = np.array(-0.01).tobytes()
    (tmp_path / "s.las").write_bytes(body)
    assert "scales its coordinates by -0.01" in told(capsys, ["cloud", str(tmp_path / "s.las")])
    assert "--depth-scale must be above 0" in told(capsys, ["cloud", "lidar", "--depth-scale", "-5"])
    for words in (["--columns", "x,y,z"], ["--intrinsics", "9,9"], ["--depth-scale", "10"]):
        assert f"{words[0]} doesn't fit bunny" in told(capsys, ["cloud", "bunny", *words])


def test_no_point_one_point_and_all_at_one_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.xyz").write_text("1 2 3\n")
    (tmp_path / "same.xyz").write_text("1 2 3\n" * 40)
    for name in ("one", "same"):
        assert run(["cloud", str(tmp_path / f"{name}.xyz"), "--quiet"]) == 0
        assert capsys.readouterr().out
    one, same = str(tmp_path / "one.xyz"), str(tmp_path / "same.xyz")
    assert "need 17 points, but" in told(capsys, ["cloud", one, "--normals"])
    assert "expected 3 or more" in told(capsys, ["cloud", one, "--against", "lidar", "--align"])
    for wish in (
        ["--normals"],
        ["--density"],
        ["--outliers", "2"],
        ["--voxel", "1"],
        ["--farthest", "3"],
        ["--sample", "3"],
    ):
        assert run(["cloud", same, "--quiet", *wish]) == 0
    assert run(["cloud", one, "--against", same, "--json", "--quiet"]) == 0


def test_options_that_make_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {
        "--align": "needs --against", "--neighbours=4": "has no use here",
        "--voxel=-1": "above 0", "--voxel=1e-9": "too fine",
        "--farthest=9999": "within 1", "--sample=9999": "within 1", "--ruler=0": "two points",
        "--ruler=0,99999": "expected 0 … 1064",
        "--columns=x,y": "no x, y and z", "--columns=x,y,z,x": "twice", "--intrinsics=a": "fx,fy,cx,cy",
        "--intrinsics=1,2,3": "fx,fy", "--export=a.xls": "must end in",
    }  # fmt: skip
    for option, words in wrong.items():
        assert words in told(capsys, ["cloud", "lidar", option])
    for spec, words in {
        "torus:tub=1": "tube",
        "torus:tube=9": "within",
        "sphere:n=0": "within 1",
        "tours": "torus",
    }.items():
        assert words in told(capsys, ["mesh", spec])


def test_a_mesh_that_is_no_surface_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fins.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nv 0 -1 0\nf 1 2 3\nf 2 1 4\nf 1 2 5\n"
    )
    assert run(["mesh", str(tmp_path / "fins.obj"), "--json"]) == 0
    said = capsys.readouterr()
    assert '"non_manifold_edges": 1' in said.out or '"non_manifold_edges":1' in said.out
    assert "1 edge belongs to more than two triangles (non-manifold)" in said.err

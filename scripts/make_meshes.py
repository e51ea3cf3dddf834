"""Write ``bunny.npz`` and ``teapot.npz``: two meshes that everybody knows, from npm."""

import json
import re
import tarfile

import numpy as np
from shelf import ASSETS, Origin, from_npm, record

BUNNY, BUNNY_SHA256 = "bunny@1.0.1", "381e02c74b98cf18814d7bec794726ef70b9c67e037273e82054d0043f6ae303"
TEAPOT, TEAPOT_SHA256 = "teapot@1.0.0", "ebe7143533ff1a35ea25738b43112d36fd9ae072652bde9b2144057e7218890f"

ORIGINS = {
    "bunny.npz": Origin(
        source=f"npm {BUNNY}, index.js",
        attribution="Stanford Computer Graphics Laboratory: the Stanford Bunny (G. Turk, M. Levoy, 1994)",
        licence="free use with credit to Stanford (the package says: public domain)",
    ),
    "teapot.npz": Origin(
        source=f"npm {TEAPOT}, teapot.js",
        attribution="M. Newell: the Utah teapot, 1975; as triangles by M. Lysenko",
        licence="public domain",
    ),
}


def main() -> None:
    """Write both files; the same numpy and zlib give the same bytes."""
    write("bunny.npz", BUNNY, BUNNY_SHA256, "index.js")
    write("teapot.npz", TEAPOT, TEAPOT_SHA256, "teapot.js")


def write(name: str, package: str, sha256: str, member: str) -> None:
    """Write the vertices and triangles that a package assigns to ``exports.positions`` and ``exports.cells``."""
    with tarfile.open(from_npm(package, sha256)) as archive:
        file = archive.extractfile(f"package/{member}")
        assert file is not None
        code = file.read().decode()
    lists = {
        key: json.loads(text)
        for key, text in re.findall(r"exports\.(\w+)\s*=\s*(\[\[.*?\]\])", code, re.DOTALL)
    }
    np.savez_compressed(
        ASSETS / name,
        positions=np.array(lists["positions"], np.float32),
        triangles=np.array(lists["cells"], np.uint16),
    )
    record(name, ORIGINS[name])


if __name__ == "__main__":
    main()

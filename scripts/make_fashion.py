"""Write ``dltui/assets/fashion.npz``: the first 2000 and 500 pictures of Fashion-MNIST's two parts, from Debian."""

import gzip
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from shelf import Origin, from_debian, pack, record

PACKAGE = "dataset-fashion-mnist=0.0~git20200523.55506a9-1"
SHA256 = "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0"
LEARN, HOLD = 2000, 500

ORIGIN = Origin(
    source=f"Debian {PACKAGE}, the first {LEARN} of train and the first {HOLD} of t10k",
    attribution="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, 2017, arXiv:1708.07747; Copyright 2017 Zalando SE",
    licence="MIT",
)


def main() -> None:
    """Write the file; the same numpy and xz give the same bytes."""
    folder = from_debian(PACKAGE, SHA256) / "usr/share/datasets/fashion-mnist"
    held = io.BytesIO()
    np.savez(
        held,
        x_train=read(folder / "train-images-idx3-ubyte.gz")[:LEARN],
        y_train=read(folder / "train-labels-idx1-ubyte.gz")[:LEARN],
        x_test=read(folder / "t10k-images-idx3-ubyte.gz")[:HOLD],
        y_test=read(folder / "t10k-labels-idx1-ubyte.gz")[:HOLD],
    )
    pack("fashion.npz", held.getvalue())
    record("fashion.npz", ORIGIN)


def read(path: Path) -> NDArray[np.uint8]:
    """Return the array in a compressed file of the IDX format: two zeros, type, rank, sizes, bytes."""
    data = gzip.decompress(path.read_bytes())
    rank = data[3]
    shape = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


if __name__ == "__main__":
    main()

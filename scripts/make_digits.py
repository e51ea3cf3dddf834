"""Write ``dltui/assets/digits.npz`` and its lines of ``assets.toml`` from scikit-learn's copy of the UCI digits."""

import hashlib
from pathlib import Path

import numpy as np
import sklearn
from sklearn.datasets import load_digits

ASSETS = Path(__file__).parent.parent / "dltui" / "assets"

ENTRY = """\
# What dltui ships, and where each file comes from; written by scripts/make_digits.py, checked by `dltui doctor`.

[[asset]]
name = "digits.npz"
bytes = {size}
sha256 = "{sha256}"
source = "scikit-learn {version}, sklearn/datasets/data/digits.csv.gz"
attribution = "E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits (test part), UCI, 1998"
licence = "CC-BY-4.0 (UCI data), BSD-3-Clause (scikit-learn's copy)"
"""


def main() -> None:
    """Write both files; the same scikit-learn and numpy give the same bytes."""
    digits = load_digits()
    path = ASSETS / "digits.npz"
    np.savez_compressed(path, x=digits.images.astype(np.uint8), y=digits.target.astype(np.uint8))
    data = path.read_bytes()
    entry = ENTRY.format(size=len(data), sha256=hashlib.sha256(data).hexdigest(), version=sklearn.__version__)
    (ASSETS / "assets.toml").write_text(entry, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write ``dltui/assets/digits.npz`` from scikit-learn's copy of the UCI digits."""

import numpy as np
import sklearn
from shelf import ASSETS, Origin, record
from sklearn.datasets import load_digits

ORIGIN = Origin(
    source=f"scikit-learn {sklearn.__version__}, sklearn/datasets/data/digits.csv.gz",
    attribution="E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits (test part), UCI, 1998",
    licence="CC-BY-4.0 (UCI data), BSD-3-Clause (scikit-learn's copy)",
)


def main() -> None:
    """Write the file; the same scikit-learn and numpy give the same bytes."""
    digits = load_digits()
    np.savez_compressed(
        ASSETS / "digits.npz", x=digits.images.astype(np.uint8), y=digits.target.astype(np.uint8)
    )
    record("digits.npz", ORIGIN)


if __name__ == "__main__":
    main()

"""Names of ImageNet's thousand classes by number, shipped with dltui."""

from __future__ import annotations

import gzip
from functools import cache

from dltui.data.shipped import open_asset

# Means and standard deviations of the channels over ImageNet's training part, pixels in 0 … 1.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@cache
def imagenet_classes() -> tuple[str, ...]:
    """Return the names of the 1000 classes of ILSVRC 2012, in the order in which networks give them."""
    with open_asset("imagenet.txt.gz") as file:
        return tuple(gzip.decompress(file.read()).decode("utf-8").splitlines())

"""Write ``dltui/assets/imagenet.txt.gz``: names of ImageNet's 1000 classes by number, from the wheel of ``timm``."""

import gzip
import zipfile
from collections import Counter

from shelf import ASSETS, Origin, from_pypi, record

PACKAGE = "timm==1.0.31"
SHA256 = "5bd50f7d0fe6d09bf9285ac2523234a1b7e6bf075c0be3e7aed09139fcb617c7"
FOLDER = "timm/data/_info"
CLASSES = 1000

ORIGIN = Origin(
    source=f"PyPI {PACKAGE}, {FOLDER}/imagenet_synsets.txt with imagenet_synset_to_lemma.txt",
    attribution="ImageNet (ILSVRC 2012): O. Russakovsky et al., 2015; names of WordNet 3.0, Princeton University",
    licence="Apache-2.0 (timm, R. Wightman); WordNet License (the names)",
)


def main() -> None:
    """Write one name a line: the first word for the class, and a second one where two classes share the first."""
    with zipfile.ZipFile(from_pypi(PACKAGE, SHA256)) as wheel:
        order = wheel.read(f"{FOLDER}/imagenet_synsets.txt").decode().split()
        rows = wheel.read(f"{FOLDER}/imagenet_synset_to_lemma.txt").decode().splitlines()
    words = {synset: lemmas.split(", ") for synset, _, lemmas in (row.partition("\t") for row in rows)}
    firsts = Counter(words[synset][0].lower() for synset in order)
    names = [_name(words[synset], shared=firsts[words[synset][0].lower()] > 1) for synset in order]
    names = [
        name if names.count(name) == 1 else f"{name} ({synset})"
        for name, synset in zip(names, order, strict=True)
    ]
    assert len(set(names)) == CLASSES
    (ASSETS / "imagenet.txt.gz").write_bytes(gzip.compress("\n".join(names).encode(), 9, mtime=0))
    record("imagenet.txt.gz", ORIGIN)


def _name(words: list[str], *, shared: bool) -> str:
    """Return what a class is called."""
    return f"{words[0]}, {words[1]}" if shared and len(words) > 1 else words[0]


if __name__ == "__main__":
    main()

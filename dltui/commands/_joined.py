"""Options that may be given several times, as one text: the parser's forms know single values only."""

from __future__ import annotations


def joined(args: list[str], long: str, short: str) -> list[str]:
    """Return the words of a command line with a repeated option made one, its values parted by semicolons.

    Args:
        args: The words.
        long: The option, such as ``--input``.
        short: Its short form, such as ``-i``.

    Returns:
        The same words when the option is given once or not at all.
    """
    values: list[str] = []
    kept: list[str] = []
    place = 0
    words = iter(args)
    for word in words:
        if word == "--":
            kept += [word, *words]
            break
        if word not in {long, short} and not word.startswith(f"{long}="):
            kept.append(word)
            continue
        place = place if values else len(kept)
        values.append(word.partition("=")[2] if "=" in word else next(words, ""))
    return [*kept[:place], long, ";".join(values), *kept[place:]] if len(values) > 1 else args

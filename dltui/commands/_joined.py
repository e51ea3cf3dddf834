"""Options that may be given several times, as one text: the parser's forms know single values only."""

from __future__ import annotations

from typing import Any


def joined(command: Any, args: list[str], long: str, short: str) -> list[str]:
    """Return the words of a command line with a repeated option made one, its values parted by semicolons.

    Args:
        command: The parser's command; it knows which other options take the word after them.
        args: The words.
        long: The option, such as ``--input``.
        short: Its short form, such as ``-i``.

    Returns:
        The same words when the option is given once or not at all.
    """
    valued = {
        name
        for one in command.params
        if not getattr(one, "is_flag", True)
        for name in (*one.opts, *one.secondary_opts)
    }
    values: list[str] = []
    kept: list[str] = []
    place = 0
    words = iter(args)
    for word in words:
        if word == "--":
            kept += [word, *words]
            break
        if word in {long, short} or word.startswith(f"{long}="):
            place = place if values else len(kept)
            values.append(word.partition("=")[2] if "=" in word else next(words, ""))
        else:
            kept.append(word)
            if word in valued:
                kept += [value for value in (next(words, None),) if value is not None]
    return [*kept[:place], long, ";".join(values), *kept[place:]] if len(values) > 1 else args

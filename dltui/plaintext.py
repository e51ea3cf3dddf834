"""Text for serial consoles and logs: every character that ASCII lacks gets a readable stand-in."""

import re
import unicodedata

STAND_INS = str.maketrans(
    {
        "×": "x", "·": "*", "−": "-", "–": "-", "—": "-", "…": "...", "→": "->", "←": "<-", "⇒": "=>",
        "↑": "^", "↓": "v",
        "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "±": "+-", "∝": "~", "∞": "inf", "√": "sqrt", "∑": "sum",
        "∏": "prod",
        "∂": "d", "∇": "grad ", "∫": "int", "∈": "in", "‖": "||", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")",
        "½": "1/2", "¼": "1/4", "¾": "3/4", "°": " deg", "«": "<<", "»": ">>", "“": '"', "”": '"', "‘": "'", "’": "'",
        "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "ζ": "zeta", "η": "eta", "θ": "theta",
        "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau",
        "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda",
        "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "ℓ": "l",
        "│": "|", "┃": "|", "─": "-", "━": "-", "═": "=", "║": "|", "●": "o", "•": "*", "○": "o", "◆": "o", "▲": "^",
        "▼": "v", "✓": "ok", "✗": "x", "█": "#", "▓": "#", "▒": "+", "░": ".", "\u00a0": " ",
    }
)  # fmt: skip


RAISED = re.compile(r"(?<=\S)[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")  # a power: written as one, x^2, for "x2" is another thing


def to_ascii(text: str) -> str:
    """Return ``text`` in ASCII: known symbols by name, accents dropped, box corners as ``+``, the rest as ``?``.

    Args:
        text: Any text of one line.

    Returns:
        The same text in ASCII; it may be longer than before.
    """
    told = RAISED.sub(lambda power: f"^{power.group()}", text)
    plain = unicodedata.normalize("NFKD", told.translate(STAND_INS))
    return "".join(_one(character) for character in plain if not unicodedata.combining(character))


def _one(character: str) -> str:
    """Return the stand-in of one character that no table and no decomposition has."""
    if character.isascii():
        return character
    if "\u2500" <= character <= "\u257f":
        return "+"
    return STAND_INS.get(ord(character), "?") or "?"

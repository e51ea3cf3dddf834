"""Expressions as text: with symbols, with numbers put in, and half worked out; for a terminal, in ASCII, in LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dltui.byhand.value import Label, Value

SUM, SIGN, PRODUCT, POWER, ATOM = range(5)  # how tightly a text holds together
Text = tuple[str, int]
Leaf = Callable[[Value], str | None]  # the text that stands for a node, or None to write out its parts
SUBSCRIPTS = str.maketrans("0123456789,", "₀₁₂₃₄₅₆₇₈₉‚")
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "θ": "theta", "λ": "lambda", "μ": "mu",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "η": "eta", "∂": "partial ", "Σ": "Sigma", "Φ": "Phi",
}  # fmt: skip


class Unicode:
    """How a terminal shows expressions."""

    minus, dot, much, near = "−", "·", "…", "≈"
    calls = {"log": "ln", "sigmoid": "σ", "sqrt": "√"}  # noqa: RUF012 - never changed

    def name(self, label: Label) -> str:
        """Return a symbol with its indices counted from 1."""
        return label.symbol + indices(label).translate(SUBSCRIPTS)

    def number(self, text: str) -> str:
        """Return a number that is spelled in ASCII."""
        return text.replace("-", "−").replace("inf", "∞")

    def power(self, base: str, exponent: str) -> str:
        """Return a power."""
        small = {"2": "²", "3": "³", "4": "⁴"}.get(exponent)
        return base + small if small else f"{base}^{exponent}"

    def exponential(self, exponent: Text) -> str:
        """Return e to the power of something."""
        text, hold = exponent
        return f"e^{text}" if hold == ATOM and text[0] not in "−-" else f"e^({text})"

    def quotient(self, above: Text, below: Text) -> Text:
        """Return a fraction on one line."""
        return f"{within(above, PRODUCT)}/{within(below, POWER)}", PRODUCT

    def call(self, op: str, arguments: Sequence[str]) -> str:
        """Return a function of something."""
        if op == "abs":
            return f"|{arguments[0]}|"
        if op == "floor" and self is not ASCII:
            return f"⌊{arguments[0]}⌋"
        return f"{self.calls.get(op, op)}({', '.join(arguments)})"


class Ascii(Unicode):
    """How a serial console shows expressions."""

    minus, dot, much, near = "-", "*", "...", "~"
    calls = {"log": "ln", "sigmoid": "sigma"}  # noqa: RUF012 - never changed

    def name(self, label: Label) -> str:
        """Return a symbol with its indices counted from 1, in brackets."""
        from dltui.plaintext import to_ascii

        placed = indices(label)
        return to_ascii(label.symbol) + (
            f"[{placed if ',' in placed else ','.join(placed)}]" if placed else ""
        )

    def number(self, text: str) -> str:
        """Return a number as it is."""
        return text

    def power(self, base: str, exponent: str) -> str:
        """Return a power."""
        return f"{base}^{exponent}"


class Latex(Unicode):
    r"""How LaTeX sets expressions."""

    minus, dot, much = "-", r" \cdot ", r"\dots"

    def name(self, label: Label) -> str:
        """Return a symbol with its indices counted from 1."""
        symbol, head, below = label.symbol, "", indices(label)
        if symbol.startswith("∂"):
            one = self.name(Label(symbol[1:].rstrip("′"), label.place))
            return rf"\frac{{\partial L}}{{\partial {one}}}" + "'" * symbol.count("′")
        head, _, tail = symbol.partition("_")
        inner = ",".join(filter(None, (rf"\mathrm{{{tail}}}" if tail else "", below)))
        return symbol_in_latex(head) + (f"_{{{inner}}}" if inner else "")

    def number(self, text: str) -> str:
        """Return a number; powers of ten as such."""
        mantissa, _, power = text.replace("inf", r"\infty").partition("e")
        return rf"{mantissa} \cdot 10^{{{int(power)}}}" if power else mantissa

    def power(self, base: str, exponent: str) -> str:
        """Return a power."""
        return f"{base}^{{{exponent}}}"

    def exponential(self, exponent: Text) -> str:
        """Return e to the power of something."""
        return f"e^{{{exponent[0]}}}"

    def quotient(self, above: Text, below: Text) -> Text:
        """Return a fraction on two lines."""
        return rf"\frac{{{above[0]}}}{{{below[0]}}}", POWER

    def call(self, op: str, arguments: Sequence[str]) -> str:
        """Return a function of something."""
        if op == "sqrt":
            return rf"\sqrt{{{arguments[0]}}}"
        if op == "abs":
            return rf"\left|{arguments[0]}\right|"
        if op == "floor":
            return rf"\left\lfloor {arguments[0]} \right\rfloor"
        known = {
            "log": r"\ln",
            "sigmoid": r"\sigma",
            "sign": r"\operatorname{sign}",
            "erf": r"\operatorname{erf}",
        }
        return rf"{known.get(op, chr(92) + op)}\left({', '.join(arguments)}\right)"


UNICODE, ASCII, LATEX = Unicode(), Ascii(), Latex()


def indices(label: Label) -> str:
    """Return the indices counted from 1, with commas where one of them has two digits."""
    return (",".join if any(i > 8 for i in label.place) else "".join)([str(i + 1) for i in label.place])


def symbol_in_latex(symbol: str) -> str:
    """Return a symbol of one or several letters as LaTeX sets it."""
    marks = symbol.count("′")
    bare = symbol.rstrip("′")
    spelled = (
        rf"\{GREEK[bare].strip()}" if bare in GREEK else bare if len(bare) == 1 else rf"\mathrm{{{bare}}}"
    )
    return spelled + "'" * marks


def write(node: Value, leaf: Leaf, script: Unicode = UNICODE, most: int = 0) -> str:
    """Return an expression as text.

    Args:
        node: The expression.
        leaf: Returns the text that stands for a node, or None to write out its parts.
        script: How symbols are spelled.
        most: Terms of a sum that are shown, the rest folded; 0 for all.

    Returns:
        The text, without needless brackets.
    """
    return _write(node, leaf, script, most)[0]


def symbolic(script: Unicode) -> Leaf:
    """Return what shows an expression with symbols; constants without one stay numbers."""

    def leaf(node: Value) -> str | None:
        if node.label is not None:
            return script.name(node.label)
        return script.number(plain(node.value)) if node.op == "number" else None

    return leaf


def plain(value: float) -> str:
    """Return a number with all its digits, whole ones without a point."""
    return str(int(value)) if value == value and abs(value) < 1e15 and value == int(value) else repr(value)


def within(text: Text, hold: int) -> str:
    """Return a text in brackets unless it holds together at least so tightly."""
    return text[0] if text[1] >= hold else f"({text[0]})"


def _write(node: Value, leaf: Leaf, script: Unicode, most: int) -> Text:
    """Return an expression and how tightly it holds together."""
    known = leaf(node)
    if known is not None:
        return known, SIGN if known[0] in "−-" else PRODUCT if _is_scientific(known) else ATOM
    parts = [_write(part, leaf, script, most) for part in node.parts]
    if node.op in {"sum", "group"}:
        return _sum(parts, script, most), SUM
    if node.op == "neg":
        return script.minus + within(parts[0], PRODUCT), SIGN
    if node.op == "prod":
        return script.dot.join(within(part, PRODUCT) for part in parts), PRODUCT
    if node.op == "div":
        return script.quotient(*parts)
    if node.op == "pow":
        exponent = parts[1] if isinstance(script, Latex) else (within(parts[1], ATOM), ATOM)
        return script.power(within(parts[0], ATOM), exponent[0]), POWER
    if node.op == "exp":
        return script.exponential(parts[0]), POWER
    return script.call(node.op, [text for text, _ in _folded(parts, script, most)]), ATOM


def _is_scientific(text: str) -> bool:
    """Return whether a number is spelled with a power of ten."""
    return text[0].isdigit() and ("e" in text or "10^" in text)


def _folded(parts: list[Text], script: Unicode, most: int) -> list[Text]:
    """Return the parts, the middle replaced where there are too many."""
    if not most or len(parts) <= most:
        return parts
    return [*parts[: most - 1], (script.much, ATOM), parts[-1]]


def _sum(parts: list[Text], script: Unicode, most: int) -> str:
    """Return terms with their signs between them."""
    found = ""
    for text, hold in _folded(parts, script, most):
        term = within((text, hold), SIGN)
        negative = term[0] in "−-"
        if not found:
            found = term
        elif negative:
            found += f" {script.minus} {term[1:]}"
        else:
            found += f" + {term}"
    return found

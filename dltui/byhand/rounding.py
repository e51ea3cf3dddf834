"""How many digits are printed: so many that whoever redoes a line with the printed numbers gets the printed result.

Every number has one printed form on the whole sheet. It starts with four decimals (four significant digits below 1);
where a line redone with printed numbers would not give its printed result, the numbers it reads get one digit more,
until all lines hold. Nothing is computed from rounded numbers: they are only printed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from dltui.byhand.value import EVALUATE, Value

DIGITS, MOST = 4, 17
EPS = 2.0**-52
BLUR = (
    1e6  # digits are shown down to so many times what float64 may be off by: ten of the largest term, about
)
SAME = 1e-9  # numbers that differ by less, in parts of their size, are told to be equal


class Rounding:
    """The printed form of every number in some lines.

    Args:
        targets: Results of the lines, in order; a line of a whole tensor is none.
        digits: Digits to start with.
    """

    def __init__(self, targets: Sequence[Value], digits: int = DIGITS) -> None:
        self.start = digits
        self._targets = [target for target in targets if target.parts]
        self._same = {id(target.parts[0]): target for target in self._targets if target.parts[0].op != "name"}
        self._digits: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        self._numbers: dict[int, float] = {}
        self._noise: dict[int, float] = {}
        self._heights: dict[int, int] = {}
        for _ in range(MOST):
            changed = [self._settle(target) for target in reversed(self._targets)]
            if not any(changed):
                break

    def text(self, node: Value) -> str:
        """Return the printed form of a number in ASCII, as Python reads it."""
        one = self._same.get(id(node), node)
        if one.op == "neg":
            opposite = self.text(one.parts[0])
            return opposite[1:] if opposite[0] == "-" else f"-{opposite}"
        found = self._texts.get(id(one))
        if found is None:
            found = self._shown(one.value, self._of(one), self.noise(one))
            self._texts[id(one)] = found
        return found

    def number(self, node: Value) -> float:
        """Return the number that is printed."""
        one = self._same.get(id(node), node)
        if one.op == "neg":
            return -self.number(one.parts[0])
        found = self._numbers.get(id(one))
        if found is None:
            found = self._numbers[id(one)] = float(self.text(one))
        return found

    def stages(self, target: Value) -> list[list[Value]]:
        """Return the nodes that are printed as numbers in each side of a line: leaves first, then one level more."""
        root = target.parts[0]
        return [self._front(root, height) for height in range(self.height(root) + 1)]

    def running(self, target: Value) -> list[tuple[float, str]]:
        """Return the running sums of a line whose last step adds three terms or more, and their printed forms."""
        root, found = target.parts[0], []
        if root.op in {"sum", "group"} and len(root.parts) > 2:
            so_far = 0.0
            for part in root.parts:
                so_far += part.value
                found.append((so_far, self._shown(so_far, self._of(target), self.noise(target))))
        return found

    def redone(self, node: Value, height: int) -> float:
        """Return what a reader gets for a node whose parts up to a height are printed as numbers."""
        if self.height(node) <= height:
            return self.number(node)
        return EVALUATE[node.op](*[self.redone(part, height) for part in node.parts])

    def holds(self, node: Value, found: float) -> bool:
        """Return whether a redone number rounds to the printed one."""
        value, printed = node.value, self.number(node)
        if not (math.isfinite(value) and math.isfinite(found)):
            return repr(value) == repr(found)
        if found == printed:
            return True
        return abs(found - printed) <= half_unit(self.text(node)) * (1 + 1e-9) + 2 * self.noise(node)

    def same(self, node: Value, found: float) -> bool:
        """Return whether a redone number is the printed one, so that an equals sign may stand between them."""
        printed = self.number(node)
        if not (math.isfinite(printed) and math.isfinite(found)):
            return repr(printed) == repr(found)
        return abs(found - printed) <= SAME * max(abs(printed), 1e-300) + 2 * self.noise(node)

    def height(self, node: Value) -> int:
        """Return how many steps lie between a node and printed numbers."""
        found = self._heights.get(id(node))
        if found is None:
            leaf = node.op in {"name", "number"}
            found = 0 if leaf else max(self.height(part) for part in node.parts) + (node.op != "neg")
            self._heights[id(node)] = found
        return found

    def noise(self, node: Value) -> float:
        """Return about how far a value may be off because float64 rounds."""
        found = self._noise.get(id(node))
        if found is None:
            inner = node.parts[0] if node.op == "name" and node.parts else node
            found = self._noise[id(node)] = _noise(inner, [self.noise(part) for part in inner.parts])
        return found

    def _of(self, node: Value) -> int:
        """Return the digits of a number."""
        return self._digits.get(id(node), self.start)

    def _shown(self, value: float, digits: int, noise: float) -> str:
        """Return the printed form of a number that may be off by some noise, without digits that mean nothing.

        Those that a later line needs are shown all the same, and so are the first four decimals.
        """
        if not math.isfinite(value):
            return str(value)
        blur = min(noise * BLUR, 10.0**-DIGITS) * 10.0 ** (self.start - digits)
        if abs(value) <= blur / 2:
            return "0"
        return shown(value, digits, most=math.floor(-math.log10(blur)) if blur else 99)

    def _front(self, node: Value, height: int) -> list[Value]:
        """Return the nodes that are printed as numbers when everything up to a height is worked out."""
        if self.height(node) <= height:
            return [node]
        return [one for part in node.parts for one in self._front(part, height)]

    def _settle(self, target: Value) -> bool:
        """Give the numbers of a line more digits where it can't be redone, and return whether that was needed."""
        root, changed = target.parts[0], False
        if root.op == "name":
            return self._alike(root, target)
        for node in _inner(root):
            while node.op != "neg" and not self.holds(node, self.redone(node, self.height(node) - 1)):
                if not self._more(node.parts):
                    break
                changed = True
        for height in range(self.height(root)):
            while not self.holds(target, self.redone(root, height)):
                if not self._more(self._front(root, height)):
                    break
                changed = True
        while not self._adds_up(target):
            if not self._more(root.parts):
                break
            changed = True
        return changed

    def _adds_up(self, target: Value) -> bool:
        """Return whether adding the printed terms one by one gives every printed running sum."""
        so_far = 0.0
        for part, (value, text) in zip(target.parts[0].parts, self.running(target), strict=False):
            so_far += self.number(part)
            room = half_unit(text) * (1 + 1e-9) + 2 * self.noise(target)
            if math.isfinite(value) and abs(so_far - float(text)) > room:
                return False
        return True

    def _alike(self, root: Value, target: Value) -> bool:
        """Let a copy show as many digits as its original."""
        most = max(self._of(root), self._of(target))
        changed = False
        for one in (root, target):
            if self._of(one) != most:
                self._print(id(one), most)
                changed = True
        return changed

    def _more(self, nodes: Iterable[Value]) -> bool:
        """Show one more digit of the coarsest of the numbers that are rounded, and return whether there was one."""
        rounded: dict[int, Value] = {}
        for node in nodes:
            one = self._same.get(id(node), node)
            while one.op == "neg":
                one = self._same.get(id(one.parts[0]), one.parts[0])
            if self._of(one) < MOST and self.number(one) != one.value:
                rounded[id(one)] = one
        coarsest = max((half_unit(self.text(one)) for one in rounded.values()), default=0.0)
        for key, one in rounded.items():
            if half_unit(self.text(one)) == coarsest:
                self._print(key, self._of(one) + 1)
        return bool(rounded)

    def _print(self, key: int, digits: int) -> None:
        """Print a number with so many digits from now on."""
        self._digits[key] = digits
        self._texts.pop(key, None)
        self._numbers.pop(key, None)


def shown(value: float, digits: int, *, most: int = 99) -> str:
    """Return a number with so many decimals, or significant digits below 1, in Python's spelling.

    Args:
        value: The number.
        digits: How many; numbers that need hardly more are shown as they are.
        most: Decimals that mean anything.

    Returns:
        Such as ``29.5``, ``0.7311``, ``6.648e-3`` or ``inf``.
    """
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < 1e9:
        return str(int(value))
    if digits >= MOST and most > MOST:
        return repr(value)
    short = f"{value:.12g}"
    if _brief(short, digits + 1, most) and abs(float(short) - value) <= max(
        4 * EPS * abs(value), 10.0 ** -(most + 3)
    ):
        return short
    power = math.floor(math.log10(abs(value)))
    if power < -4 or power >= 9:
        mantissa, _, exponent = f"{value:.{max(0, min(digits - 1, most + power))}e}".partition("e")
        exact = abs(float(f"{mantissa}e{exponent}") - value) <= 4 * EPS * abs(value)
        return (
            f"{mantissa.rstrip('0').rstrip('.') if exact and '.' in mantissa else mantissa}e{int(exponent)}"
        )
    decimals = digits if abs(value) >= 0.1 else digits - 1 - power
    return f"{value:.{max(0, min(decimals, most))}f}"


def half_unit(text: str) -> float:
    """Return half a unit of the last shown place, zeros that were left out counted up to the fourth decimal."""
    mantissa, _, power = text.partition("e")
    places = len(mantissa.partition(".")[2]) - int(power or 0)
    return 0.5 * 10.0 ** -(places if power else max(places, DIGITS))


def _brief(text: str, digits: int, most: int) -> bool:
    """Return whether a spelling has at most so many significant decimals, all of them meant."""
    decimals = text.partition(".")[2]
    return "e" not in text and len(decimals.lstrip("0")) <= digits and len(decimals) <= most


def _inner(root: Value) -> list[Value]:
    """Return the operations of an expression, the last one first."""
    if root.op in {"name", "number"}:
        return []
    return [root, *(node for part in root.parts for node in _inner(part))]


def _noise(node: Value, below: Sequence[float]) -> float:
    """Return about how far an operation's result may be off, from how far its parts may be."""
    value = abs(node.value)
    if not math.isfinite(value) or node.op in {"name", "number"}:
        return 0.0
    sizes = [abs(part.value) for part in node.parts]
    if node.op in {"sum", "group"}:
        return sum(below) + EPS / 2 * sum(sizes)
    if node.op == "prod":
        return sum(noise * _but(sizes, i) for i, noise in enumerate(below)) + EPS / 2 * value
    if node.op == "div" and sizes[1]:
        return below[0] / sizes[1] + below[1] * value / sizes[1] + EPS / 2 * value
    if node.op in {"neg", "abs", "max", "min"}:
        return max(below)
    return EPS / 2 * value


def _but(sizes: Sequence[float], place: int) -> float:
    """Return the product of all sizes but one."""
    found = 1.0
    for i, size in enumerate(sizes):
        if i != place:
            found *= size
    return found

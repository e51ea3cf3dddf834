"""How an explanation is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from dltui.figures import Array, Bars, Cell, Figure, Heatmap, Lines, Overlay, Series, Table, Tokens, number
from dltui.results.explanation import ADDED, SIZES, Explanation

BEYOND = 0.005  # share of the places that are stronger than the ends of the colours: one pixel shall not blot out all
MOST_BARS = 30
MOST_TEXTS = 3
ANSWERS = 6


def figures(found: Explanation) -> list[Figure]:
    """Return the figures of an explanation, the maps first."""
    made: list[Figure] = [*maps(found), answers(found)]
    if found.shares.size:
        made += [curves(found, "deletion"), curves(found, "insertion")]
    if found.sanity_layers:
        made += [sanity(found, "rank correlation", found.rank_correlation)]
        if found.similarity.size:
            made += [sanity(found, "SSIM", found.similarity)]
    return [*made, table(found)]


def alone(found: Explanation, method: str) -> Explanation:
    """Return the explanation by one of its methods alone."""
    place = [found.methods.index(method)]
    changes = {
        "methods": [method],
        "maps": found.maps[place],
        "details": [found.details[place[0]]],
        "skipped": [],
        **{
            name: getattr(found, name)[place] if len(getattr(found, name)) else getattr(found, name)
            for name in ("deletion", "insertion", "rank_correlation", "similarity")
        },
    }
    return replace(found, **changes)


def maps(found: Explanation) -> list[Figure]:
    """Return what the methods found: over the picture, on the text, or as bars."""
    if found.kind == "image" and found.picture.size:
        return [overlay(found)]
    if found.kind == "tokens":
        return texts(found)
    return rows(found)


def overlay(found: Explanation) -> Overlay:
    """Return all maps over the picture."""
    signed = bool((found.maps < 0).any())
    return Overlay(
        title=why(found),
        caption=_caption(found),
        picture=np.asarray(found.picture, float) / 255,
        values=found.maps,
        names=tuple(found.methods),
        value_label=_label(found),
        limits=tuple(_ends(one, signed=signed) for one in found.maps),
        colormap="coolwarm" if signed else "viridis",
    )


def texts(found: Explanation) -> list[Figure]:
    """Return the text in the colours of its weights, and all methods side by side where there are several."""
    made: list[Figure] = []
    pieces = tuple(found.pieces)
    for place, method in enumerate(found.methods[:MOST_TEXTS]):
        tokens = Tokens(
            title=f"{why(found)} · {method}",
            caption=_caption(found) if place == 0 else "",
            tokens=pieces,
            weights=found.maps[place],
            value_label=_label(found),
        )
        made.append(tokens)
    return [*made, beside(found, "token")] if len(found.methods) > 1 else made


def rows(found: Explanation) -> list[Figure]:
    """Return bars of few numbers, or fields of many."""
    if found.maps.ndim == 2 and found.maps.shape[1] <= MOST_BARS and len(found.methods) == 1:
        labels = tuple(f"x{_below(i)}" for i in range(found.maps.shape[1]))
        return [
            Bars(
                title=f"{why(found)} · {found.methods[0]}",
                caption=_caption(found),
                labels=labels,
                values=found.maps[0],
                value_label=_label(found),
            )
        ]
    if found.maps.ndim == 3:
        return [_field(found, place) for place in range(len(found.methods))]
    return [replace(beside(found, "number of the input"), title=why(found), caption=_caption(found))]


def beside(found: Explanation, axis: str) -> Heatmap:
    """Return one row for each method, each as shares of its own largest value."""
    flat = found.maps.reshape(len(found.methods), -1)
    largest = np.abs(flat).max(axis=1, keepdims=True)
    return Heatmap(
        title=f"Methods side by side · {found.title}",
        caption="each row as shares of its own largest value",
        values=flat / np.where(largest > 0, largest, 1),
        x=np.arange(flat.shape[1], dtype=float),
        y=np.arange(len(found.methods), dtype=float),
        x_label=axis,
        y_label="method",
        value_label="share of its largest",
        colormap="coolwarm",
        downwards=True,
        row_names=tuple(found.methods),
        column_names=tuple(piece.strip() or "␣" for piece in found.pieces) if found.kind == "tokens" else (),
    )


def answers(found: Explanation) -> Bars:
    """Return the likeliest answers."""
    shown = found.answers[:ANSWERS]
    likely = all(one["probability"] is not None for one in shown)
    right = f"; right is {found.label}" if found.label else ""
    return Bars(
        title=f"What it answers · {found.title}",
        caption=f"explained: {found.target_name}{right}; weights: {found.weights}",
        labels=tuple(
            f"{one['name']} ◂" if one["number"] == found.target else str(one["name"]) for one in shown
        ),
        values=np.array([one["probability" if likely else "output"] for one in shown]),
        value_label="probability" if likely else "output",
    )


def curves(found: Explanation, which: str) -> Lines:
    """Return deletion or insertion curves, with that of random orders."""
    scores = getattr(found, which)
    chance = getattr(found, f"random_{which}")
    order = np.argsort([found.area(which, method) or 0.0 for method in found.methods])
    order = order if which == "deletion" else order[::-1]
    series = [
        Series(
            name=f"{found.methods[i]} {_area(found, which, found.methods[i])}",
            x=found.shares,
            y=scores[i],
            tint=int(i),
        )
        for i in order
    ]
    random = Series(
        name=f"random {_area(found, which, 'random')}",
        x=found.shares,
        y=chance,
        marks=True,
        tint=len(found.methods),
    )
    better = "lower is better" if which == "deletion" else "higher is better"
    way = (
        f"the most important places are replaced by {found.baseline} first"
        if which == "deletion"
        else f"the most important places are put into {found.baseline} first"
    )
    return Lines(
        title=f"{which.capitalize()} · {found.title}",
        caption=f"{way}; beside each name the area below its curve, {better}",
        series=(*series, random),
        x_label="share of the places deleted" if which == "deletion" else "share of the places inserted",
        y_label=f"probability of {found.target_name}" if len(found.answers) > 1 else "output",
    )


def sanity(found: Explanation, name: str, values: Array) -> Lines:
    """Return how alike the maps stay as layers are forgotten."""
    x = np.arange(len(found.sanity_layers) + 1, dtype=float)
    return Lines(
        title=f"Layers forgotten: {name} · {found.title}",
        caption=(
            "from the output to the input, layers get random weights one after the other: "
            f"{', '.join(found.sanity_layers)}; a map that stays as it was does not show what was learnt"
        ),
        series=tuple(
            Series(name=method, x=x, y=np.concatenate([[1.0], row]))
            for method, row in zip(found.methods, values, strict=True)
        ),
        x_label="layers forgotten, of those named below",
        y_label=f"{name} with the map before",
        levels=((0.0, "nothing in common"),),
    )


def table(found: Explanation) -> Table:
    """Return the methods with their scores."""
    curved = bool(found.shares.size)
    scored = ("deletion ↓", "insertion ↑") if curved else ()
    lines: list[tuple[Cell, ...]] = []
    for method, detail, values in zip(found.methods, found.details, found.maps, strict=True):
        areas: list[Cell] = (
            [found.area("deletion", method), found.area("insertion", method)] if curved else []
        )
        lines.append((
            method,
            float(values.sum()) if method in ADDED else None,
            *areas,
            detail["forwards"],
            round(detail["seconds"], 3),
            told(detail),
        ))
    if curved:
        chance: list[Cell] = [found.area("deletion", "random"), found.area("insertion", "random")]
        lines.append(("random order", None, *chance, None, None, "mean of several"))
    change = found.value - found.baseline_value
    skipped = "".join(f"; no {one['method']}: {one['why']}" for one in found.skipped)
    return Table(
        title=f"Methods · {found.title}",
        caption=(
            f"f(x) {number(found.value)}, f({found.baseline}) {number(found.baseline_value)}, difference "
            f"{number(change)}{skipped}"
        ),
        columns=("method", "sum", *scored, "inputs run", "seconds", "told"),
        rows=tuple(lines),
        spare=("told", "seconds", "inputs run", "sum"),
    )


def told(detail: dict[str, object]) -> str:
    """Return what a method tells of itself."""
    parts = []
    if "gap" in detail:
        parts.append(
            f"{detail['steps']} steps, {float(str(detail['gap'])):.2%} missing from f(x) − f(baseline)"
        )
    if "layer" in detail:
        parts.append(f"layer {detail['layer']}")
    if "exact" in detail:
        parts.append(f"{detail['parts']} parts, {'exact' if detail['exact'] else 'sampled'}")
    if "quality" in detail:
        parts.append(f"R² {number(float(str(detail['quality'])), 3)}")
    if "patch" in detail:
        parts.append(f"patch {detail['patch']}, stride {detail['stride']}")
    if "noise" in detail:
        parts.append(f"{detail['copies']} copies, σ {number(float(str(detail['noise'])), 2)} of the range")
    return "; ".join(parts)


def why(found: Explanation) -> str:
    """Return the title of the maps."""
    return f"Why {found.target_name} · {found.title}"


def _caption(found: Explanation) -> str:
    """Return the answer, what is explained, and how complete integrated gradients are."""
    best = found.answers[0] if found.answers else None
    sure = "" if best is None or best["probability"] is None else f" ({best['probability']:.1%})"
    parts = [] if best is None else [f"it answers {best['name']}{sure}"]
    if found.label and best is not None and found.label != best["name"]:
        parts.append(f"right is {found.label}")
    parts.append(f"explained: {found.score} of {found.target_name}; baseline {found.baseline}")
    for method, detail in zip(found.methods, found.details, strict=True):
        if "gap" in detail:
            parts.append(f"{method}: completeness gap {detail['gap']:.2%} in {detail['steps']} steps")
    return "; ".join(parts)


def _label(found: Explanation) -> str:
    """Return the name of the values: sizes where all methods give such, else attributions."""
    return "size" if set(found.methods) <= SIZES else "attribution"


def _ends(values: Array, *, signed: bool) -> tuple[float, float]:
    """Return the values at the ends of the colours of one map."""
    end = float(np.quantile(np.abs(values), 1 - BEYOND)) or float(np.abs(values).max()) or 1.0
    return (-end if signed else 0.0, end)


def _field(found: Explanation, place: int) -> Heatmap:
    """Return a map over two axes without a picture below it."""
    values = found.maps[place]
    signed = bool((values < 0).any())
    return Heatmap(
        title=f"{why(found)} · {found.methods[place]}",
        caption=_caption(found) if place == 0 else "",
        values=values,
        x=np.arange(values.shape[1], dtype=float),
        y=np.arange(values.shape[0], dtype=float),
        x_label="column",
        y_label="row",
        value_label=_label(found),
        colormap="coolwarm" if signed else "viridis",
        downwards=True,
    )


def _area(found: Explanation, which: str, method: str) -> str:
    area = found.area(which, method)
    return "" if area is None else number(area, 2)


def _below(place: int) -> str:
    """Return a number as an index below the line."""
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(place))

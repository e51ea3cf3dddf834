"""The screen of gradient norms: layers in a list, each as bars, against the weights, or alone; samples and depth."""

from __future__ import annotations

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from dltui.draw.letters import clip_middle
from dltui.figures import Array, Bars, Figure, Table, number
from dltui.results.gradients import GradientNorms
from dltui.tui import actions
from dltui.tui.actions import Action
from dltui.tui.register import screen
from dltui.tui.screens.measured import MeasuredScreen
from dltui.tui.widgets.choices import Choices

MEASURES = ("‖∇L‖", "‖∇L‖ / ‖w‖", "‖w‖", "‖∇L‖ a number")
UPDATE, COSINE = "‖Δw‖ / ‖w‖", "cosine of successive batches"  # where they are known
NAME, BAR = 17, 6  # cells of a name and of a bar in the list
EIGHTHS = " ▏▎▍▌▋▊▉█"
PAGE = "Layer · "  # how the title of a layer's page begins
ONLY_RUNS = (
    "only a run has checkpoints to go along, and this result is of {model}: train one with `dltui train`, and look "
    "at run:latest"
)


class LayerList(Choices, inherit_bindings=False):
    """The parameter tensors, each with a bar of its gradient norm; keys come from the table of actions."""

    BINDINGS = actions.bindings("list")
    DEFAULT_CSS = """
    LayerList {
        width: 27; height: 1fr; border: none; border-right: solid $foreground 15%; padding: 0;
        background: transparent; text-wrap: nowrap;
    }
    LayerList:focus { border: none; border-right: solid $foreground 15%; background: transparent; }
    LayerList > .option-list--option { padding: 0 1; }
    LayerList > .option-list--option-highlighted { background: $foreground 8%; color: $foreground; text-style: none; }
    LayerList:focus > .option-list--option-highlighted {
        background: $primary-muted; color: $foreground; text-style: none;
    }
    """


@screen("result:gradients")
class GradientsScreen(MeasuredScreen):
    """Which layers learn and which starve."""

    BINDINGS = actions.register(
        "These gradients",
        Action(
            "gradients",
            "measure",
            ("m",),
            "measure",
            "Change what the bars show: ‖∇L‖, that against ‖w‖, ‖w‖ alone, ‖∇L‖ a number.",
        ),
        Action("gradients", "order", ("o",), "order", "Order the layers by size, or as the model has them."),
        Action("gradients", "log", ("l",), "log", "Space the bars by powers, or evenly."),
        Action(
            "gradients", "choose", ("tab",), "layers", "Go to the list of layers, and back to the figure."
        ),
        Action("gradients", "along", ("A",), "along run", "Measure every checkpoint of the same run."),
        Action(
            "gradients",
            "fresh",
            ("F",),
            "fresh",
            "Look at signal and gradient of the same model with fresh weights.",
        ),
        Action("gradients", "landscape", ("L",), "landscape", "Scan the loss around the same weights."),
        Action(
            "gradients", "curvature", ("C",), "hessian", "Estimate the Hessian spectrum at the same weights."
        ),
    )

    _found: GradientNorms | None = None
    _measure = 0
    _sorted = False
    _log = True

    def show_result(self, result: GradientNorms, figures: list[Figure]) -> None:
        """Show the figures, the bars as they are wanted."""
        self._found = result
        self._fill(result)
        super().show_result(result, self._with_bars(figures))

    def beside(self) -> ComposeResult:
        """Yield the list of layers."""
        yield LayerList()

    def _fill(self, found: GradientNorms) -> None:
        """Put the layers into the list; the one that was chosen stays so."""
        choices = self.query_one(LayerList)
        chosen = choices.highlighted or 0
        choices.clear_options()
        choices.add_options([Option(line) for line in layer_lines(found)])
        choices.highlighted = min(chosen, len(found.names) - 1) if found.names else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what is done with bars only where bars are seen."""
        if action in {"measure", "order", "log"}:
            return isinstance(self.view.figure, Bars)
        return super().check_action(action, parameters)

    def action_measure(self) -> None:
        """Show the next measure."""
        self._measure += 1
        self._again()

    def action_choose(self) -> None:
        """Move between the list and the figure."""
        choices = self.query_one(LayerList)
        self.set_focus(self.view if choices.has_focus else choices)

    def action_along(self) -> None:
        """Measure every checkpoint of the same run in a job of its own."""
        model = self._model()
        if model.startswith("run:"):
            self.look_on("gradients", along_run=True)
        else:
            self.notify(ONLY_RUNS.format(model=model or "no run"), severity="warning", markup=False)

    def action_fresh(self) -> None:
        """Look at the same model with fresh weights in a job of its own."""
        self.look_on("gradients", init="default", along_run=False)

    def _model(self) -> str:
        """Return how the model of this result is spelled."""
        return next((word for word in self.item.command.split()[2:] if not word.startswith("-")), "")

    @on(OptionList.OptionHighlighted)
    def _chosen(self) -> None:
        """Show what is known of the chosen layer."""
        if self._found is not None and self._figures:
            self._again()

    @on(OptionList.OptionSelected)
    def _entered(self) -> None:
        """Turn to the page of the chosen layer."""
        self._shown = len(self._figures) - 1
        self._again()

    def action_order(self) -> None:
        """Change the order of the layers."""
        self._sorted = not self._sorted
        self._again()

    def action_log(self) -> None:
        """Change how the bars are spaced."""
        self._log = not self._log
        self._again()

    def action_landscape(self) -> None:
        """Scan the loss around the same weights in a job of its own."""
        self.look_on("landscape")

    def action_curvature(self) -> None:
        """Estimate the Hessian spectrum at the same weights in a job of its own."""
        self.look_on("hessian")

    def _again(self) -> None:
        """Show the bars as they are wanted now."""
        self._figures = self._with_bars(self._figures)
        self._show(keep=True)

    def _with_bars(self, figures: list[Figure]) -> list[Figure]:
        """Return the figures with the bars as they are wanted."""
        if self._found is None:
            return figures
        known = measures(self._found)
        wanted = bars(self._found, known[self._measure % len(known)], by_size=self._sorted, log=self._log)
        kept = [wanted if isinstance(one, Bars) else one for one in figures if not one.title.startswith(PAGE)]
        chosen = self.query_one(LayerList).highlighted
        return kept if chosen is None else [*kept, layer_page(self._found, chosen)]


def bars(found: GradientNorms, measure: str, *, by_size: bool, log: bool) -> Bars:
    """Return the bars by layer.

    Args:
        found: The norms.
        measure: One of ``MEASURES``.
        by_size: The largest first, instead of the order of the model.
        log: Spaced by powers.

    Returns:
        One bar a parameter tensor.
    """
    values = measured(found, measure)
    order = np.argsort(-np.nan_to_num(values), kind="stable") if by_size else np.arange(len(values))
    known = values[np.isfinite(values) & (values > 0)]
    spread = f"largest {number(known.max() / known.min(), 3)} × the smallest" if known.size else "all are 0"
    return Bars(
        title=f"{measure} by layer · {found.title}",
        caption=(
            f"{found.loss_name} {number(found.loss)} over {found.samples} samples, total norm "
            f"{number(found.total_norm)}; {spread}; {found.mode} mode"
            + (f"; {found.depth.sentence}" if found.depth else "")
        ),
        labels=tuple(found.names[place] for place in order.tolist()),
        values=values[order],
        value_label=measure,
        scale="log" if log and known.size else "linear",
    )


def measured(found: GradientNorms, measure: str) -> Array:
    """Return a measure of each parameter tensor, shape (t,)."""
    sizes = np.array([max(1, int(np.prod(shape))) for shape in found.shapes], dtype=float)
    named: dict[str, Array] = {
        "‖∇L‖": found.grad_norms,
        "‖∇L‖ / ‖w‖": found.ratios,
        "‖w‖": found.weight_norms,
        "‖∇L‖ a number": found.grad_norms / np.sqrt(sizes),
    }
    if found.update_ratios is not None:
        named[UPDATE] = found.update_ratios
    if found.cosines is not None:
        named[COSINE] = found.cosines[:-1]
    return named[measure]


def measures(found: GradientNorms) -> tuple[str, ...]:
    """Return what bars can show of a result."""
    update = () if found.update_ratios is None else (UPDATE,)
    return (*MEASURES, *update, *(() if found.cosines is None else (COSINE,)))


def layer_lines(found: GradientNorms) -> list[Content]:
    """Return one line a layer: its name, and a bar as long as the power of its gradient norm is high."""
    norms = found.grad_norms
    powers = np.log10(norms, out=np.full(len(norms), np.nan), where=norms > 0)
    low, high = (np.nanmin(powers), np.nanmax(powers)) if np.isfinite(powers).any() else (0.0, 0.0)
    shares = 0.125 + 0.875 * (powers - low) / ((high - low) or 1.0)
    return [
        Content.assemble(
            (f"{clip_middle(name, NAME):<{NAME}} ", "$foreground"), (_bar(float(share)), "$primary")
        )
        for name, share in zip(found.names, shares, strict=True)
    ]


def _bar(share: float) -> str:
    """Return a bar of block characters; nothing where the norm is 0."""
    if not np.isfinite(share):
        return " " * BAR
    whole, rest = divmod(round(share * BAR * 8), 8)
    return f"{EIGHTHS[8] * whole}{EIGHTHS[rest] if rest else ''}"[:BAR].ljust(BAR)


def layer_page(found: GradientNorms, place: int) -> Table:
    """Return all that is known of one layer, with errors.

    Args:
        found: The norms.
        place: Which of the tensors.

    Returns:
        A table of names and values.
    """
    shape = "×".join(map(str, found.shapes[place])) or "1"
    rows: list[tuple[str, str]] = [
        ("shape", shape),
        ("‖∇L‖", number(float(found.grad_norms[place]))),
        ("share of ‖∇L‖²", f"{float(found.grad_norms[place]) ** 2 / max(found.total_norm**2, 1e-300):.1%}"),
        ("‖w‖", number(float(found.weight_norms[place]))),
        ("‖∇L‖ / ‖w‖", number(float(found.ratios[place]))),
    ]
    if found.update_ratios is not None:
        rows.append(("‖Δw‖ / ‖w‖ of a step", number(float(found.update_ratios[place]))))
    if found.cosines is not None and found.cosine_errors is not None:
        error = number(float(found.cosine_errors[place]), 2)
        rows.append((
            f"cosine, batches of {found.batch_size}",
            f"{number(float(found.cosines[place]))} ± {error}",
        ))
    if found.layer_noise is not None:
        noise = found.layer_noise[place]
        rows += [
            ("tr Σ", f"{number(noise.trace)} ± {number(noise.trace_error, 2)}"),
            ("‖G‖²", f"{number(noise.square)} ± {number(noise.square_error, 2)}"),
            ("noise scale (95 %)", noise.words()),
        ]
    return Table(title=f"{PAGE}{found.names[place]}", columns=("what", "value"), rows=tuple(rows))

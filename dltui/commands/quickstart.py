"""``dltui quickstart``: the main job on real data, from a fresh model to pictures."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from dltui.commands._frame import Common, verb, verb_app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dltui.objective import Objective
    from dltui.results import Result
    from dltui.results.gallery import Gallery
    from dltui.results.training import TrainingHistory

app = verb_app()

MODEL, DATA = "lenet", "digits"


@verb(app)
def quickstart(*, common: Common) -> Gallery | None:
    """Train a small CNN on real digits, scan its landscape, spectrum and gradients, and show them."""
    from dltui.checkpoints import open_model
    from dltui.data import load
    from dltui.device import pick_device
    from dltui.objective import Objective

    dataset = load(DATA, seed=common.seed)
    opened = open_model(MODEL, dataset, seed=common.seed)
    device = str(pick_device(common.device))
    common.note(
        f"training {MODEL} on {len(dataset.x_train)} handwritten digits, {len(dataset.x_test)} held out"
    )
    started = time.perf_counter()
    history = _train(opened.module, dataset, device, common)
    seconds = time.perf_counter() - started
    found: list[tuple[str, Result]] = [
        ("training", history.signed(seconds=seconds, command=f"dltui train {MODEL}"))
    ]
    objective = Objective.of(opened.module, dataset, device=device, title=f"{MODEL} (trained)")
    for name, ask in _questions(objective, common).items():
        common.note(f"measuring: {name}")
        started = time.perf_counter()
        result = ask()
        command = f"dltui {name} run:{history.run} --data {DATA} --seed {common.seed}"
        found.append((name, result.signed(seconds=time.perf_counter() - started, command=command)))
    paths = _keep(found, history.run, device, common)
    if (
        sys.stdin.isatty()
        and sys.stdout.isatty()
        and not (common.json or common.plain or common.figure or common.save)
    ):
        from dltui.commands.tui import open_tui

        common.note(f"test accuracy {history.test_accuracy[-1]:.2%}; results are in {paths[0].parent}")
        open_tui(paths[-1])
        return None
    return _gallery(found, paths)


def _train(module: object, dataset: object, device: str, common: Common) -> TrainingHistory:
    """Train with the model's own recipe, and keep the run."""
    from dltui.commands._frame import command_line
    from dltui.runs import new_run
    from dltui.training import fit, recipe_for

    recipe = recipe_for(MODEL, DATA).changed({"seed": common.seed})
    run = new_run(
        model=MODEL,
        data=DATA,
        settings=recipe.flat() | {"device": device, "cpu_threads": 1},
        seed=common.seed,
        command=command_line(),
        recipe=recipe.plain(),
    )
    return fit(
        module,  # type: ignore[arg-type]
        dataset,  # type: ignore[arg-type]
        recipe,
        title=f"{MODEL} on {DATA}",
        device=device,
        run=run,
        report=common.report,
    )


def _questions(objective: Objective, common: Common) -> dict[str, Callable[[], Result]]:
    """Return what is asked of the trained model by the verb that asks the same, the main picture last."""
    from dltui.instruments.curvature.spectrum import spectrum
    from dltui.instruments.gradients import measure
    from dltui.instruments.landscape import scan

    return {
        "gradients": lambda: measure(objective, report=common.report),
        "hessian": lambda: spectrum(objective, top=10, seed=common.seed, report=common.report),
        "landscape": lambda: scan(objective, seed=common.seed, report=common.report),
    }


def _keep(found: list[tuple[str, Result]], run: str, device: str, common: Common) -> list[Path]:
    """Save every result where the TUI lists them, and return their files."""
    from dltui.runs import results_folder

    paths = []
    for name, result in found:
        path = results_folder() / f"{run}-{name}.safetensors"
        result.signed(device=device, seed=common.seed).save(path)
        paths.append(path)
    return paths


def _gallery(found: list[tuple[str, Result]], paths: list[Path]) -> Gallery:
    """Return all pictures in one result, with where each part is kept."""
    from dltui.results.gallery import Gallery

    return Gallery(
        title="quickstart",
        shown=tuple(figure for _, result in found for figure in result.figures()),
        numbers={
            name: {"file": str(path)} | result.summary()
            for (name, result), path in zip(found, paths, strict=True)
        },
    )

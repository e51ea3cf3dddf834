"""``dltui sweep``: train a recipe with many settings and see which are good, and which matter."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltui.commands._cluster import HOUR, On, Partition, TimeLimit, minutes_of, only_there, place_of
from dltui.commands._frame import Common, command_line, verb, verb_app
from dltui.commands._show import Failed, Stopped
from dltui.errors import UsageError

if TYPE_CHECKING:
    from dltui.results.sweep import SweepTable
    from dltui.sweep.search import Sweep

TRIALS = 20
HIGHER = ("accuracy", "precision", "recall", "f1", "auc", "right")  # metrics of which more is better

app = verb_app()


@verb(app, "sweep")
def sweep(
    recipe: Annotated[
        str, typer.Argument(metavar="RECIPE", help="As for dltui train: digits-cnn, my_pkg.recipes:mine.")
    ],
    search: Annotated[
        list[str] | None,
        typer.Option(
            "--search",
            "-S",
            metavar="FIELD=VALUES",
            help="optimizer.lr=log:1e-4..1e-1 or batch_size=16|32|64.",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="The same in every trial, such as epochs=5."),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", "-n", min=1, help=f"How many; {TRIALS}, or the whole grid.")
    ] = None,
    method: Annotated[
        Literal["random", "grid", "tpe"],
        typer.Option("--method", help="How settings are chosen; tpe needs Optuna."),
    ] = "random",
    prune: Annotated[
        bool, typer.Option("--prune", help="Give up trials that are behind (successive halving).")
    ] = False,
    metric: Annotated[
        str, typer.Option("--metric", help="What trials are judged by, such as test_accuracy.")
    ] = "test_loss",
    on: On = "local",
    partition: Partition = "",
    gpus: Annotated[
        int, typer.Option("--gpus", min=0, help="GPUs of the cluster for each trial, a process each.")
    ] = 0,
    time_limit: TimeLimit = HOUR,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Trials at once.")] = 1,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--folder", metavar="DIR", help="Where everything goes; else one of its own in $DLTUI_HOME."
        ),
    ] = None,
    *,
    common: Common,
) -> SweepTable | Failed | Stopped:
    """Train a recipe many times, each time with other settings; the same command goes on from what is done."""
    from dltui.sweep.search import Sweep
    from dltui.sweep.space import grid, read_space
    from dltui.training.recipes import find_recipe

    fixed = tuple(settings or ())
    space = read_space(search or [], find_recipe(recipe).set(*fixed))
    wanted = trials or TRIALS
    if method == "grid":
        whole = len(grid(space))
        if trials is not None and trials < whole:
            raise UsageError(
                f"the grid has {whole} points, more than --trials {trials}: leave --trials out, or take fewer points"
            )
        wanted = whole
    only_there(on, {"--gpus": gpus, "--partition": partition, "--time": time_limit != HOUR})
    processes = ("--devices", str(gpus)) if gpus > 1 else ()
    chosen = Sweep(
        recipe=recipe,
        options=(*(word for text in fixed for word in ("--set", text)), *processes),
        space=space,
        method=method,
        trials=wanted,
        metric=metric,
        lower=not any(word in metric for word in HIGHER),
        prune=prune,
        seed=common.seed,
        device=common.device,
        slurm={"partition": partition, "gpus": gpus, "time": f"{minutes_of(time_limit)}m"},
    )
    return _run(chosen, folder, jobs, on, common)


def _run(
    chosen: Sweep, folder: Path | None, jobs: int, on: str, common: Common
) -> SweepTable | Failed | Stopped:
    """Run the trials, telling how they go, and judge how that ended."""
    from dltui.batch.log import Standings
    from dltui.commands._batch_live import watching
    from dltui.sweep.run import run_sweep, sweep_folder, table_of

    place, where = place_of(on), (folder or sweep_folder(chosen)).resolve()

    def partial(standings: Standings) -> SweepTable:  # noqa: ARG001
        return table_of(chosen, where)

    common.note(f"{chosen.trials} trial{'s' * (chosen.trials > 1)}; everything goes to {where}")
    try:
        with watching(partial, where, common) as tell:
            found = run_sweep(
                chosen, where, place, jobs=jobs, work=Path.cwd(), tell=tell, on=on, command=command_line()
            )
    except KeyboardInterrupt:
        known = table_of(chosen, where)
        return Stopped(
            known,
            f"stopped with {len(known.trials)} of {chosen.trials} trials known; the same command goes on",
        )
    if found.best is None:
        reasons = [one["reason"] for one in found.trials if one["reason"]]
        return Failed(
            found,
            f"no trial was trained to its end: {reasons[-1] if reasons else 'see the folder'}; see {where}",
        )
    common.note(f"the best is {found.best['name']}, run:{found.best['run']}")
    return found

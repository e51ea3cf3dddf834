"""Optuna's tree-structured Parzen estimator, its memory in a journal file (never in SQLite)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dltui.errors import DltuiError
from dltui.sweep.space import Parameter, Values

JOURNAL = "optuna.journal"


class Estimator:
    """Proposes settings after what earlier ones came to.

    Args:
        folder: The folder of the sweep; its journal is gone on with.
        space: What is searched.
        seed: Seed of what is drawn.
        lower: Whether less is better.

    Raises:
        DltuiError: If Optuna is not installed.
    """

    def __init__(self, folder: Path, space: Sequence[Parameter], *, seed: int, lower: bool) -> None:
        try:
            import optuna
        except ImportError as error:
            raise DltuiError(
                "--method tpe needs Optuna: pip install 'dltui[sweep]', or take --method random"
            ) from error
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        folder.mkdir(parents=True, exist_ok=True)
        self._space = space
        self._states = optuna.trial.TrialState
        self._study = optuna.create_study(
            study_name=folder.name,
            storage=JournalStorage(JournalFileBackend(str(folder / JOURNAL))),
            sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True),
            direction="minimize" if lower else "maximize",
            load_if_exists=True,
        )
        self._distributions = {one.name: _distribution(one) for one in space}
        self._open: dict[str, Any] = {}
        for trial in self._study.get_trials(
            deepcopy=False, states=[self._states.RUNNING, self._states.WAITING]
        ):
            self._study.tell(trial.number, state=self._states.FAIL)  # its sweep has died

    def propose(self, name: str) -> Values:
        """Return the settings of a new trial."""
        trial = self._study.ask(self._distributions)
        self._open[name] = trial
        return {
            one.name: trial.params[one.name] if one.choices else one.rounded(trial.params[one.name])
            for one in self._space
        }

    def report(self, name: str, step: int, value: float) -> None:
        """Tell a measurement on the way."""
        self._open[name].report(value, step)

    def close(self, name: str, value: float | None, *, pruned: bool) -> None:
        """Tell what a trial came to.

        Args:
            name: The trial.
            value: What was measured last, or None where it failed.
            pruned: Whether it was given up.
        """
        trial = self._open.pop(name)
        if pruned and value is not None:
            self._study.tell(trial, state=self._states.PRUNED)
        elif value is None:
            self._study.tell(trial, state=self._states.FAIL)
        else:
            self._study.tell(trial, value)


def _distribution(parameter: Parameter) -> Any:
    """Return a parameter as Optuna has it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if parameter.choices:
        return CategoricalDistribution(parameter.choices)
    if parameter.whole:
        return IntDistribution(int(parameter.low), int(parameter.high), log=parameter.log)
    return FloatDistribution(parameter.low, parameter.high, log=parameter.log)

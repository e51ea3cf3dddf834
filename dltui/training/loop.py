"""The training loop: one step after the other, measured, kept, and ended in good order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from torch import Tensor, nn

from dltui.data import Dataset
from dltui.errors import Cancelled, Requeue
from dltui.progress import Report
from dltui.training.ema import Ema
from dltui.training.engine import Engine
from dltui.training.feed import Feed, Part, on_device
from dltui.training.gauges import Gauges, peak_memory
from dltui.training.heed import Listener, spoken
from dltui.training.keeping import Keeping
from dltui.training.losses import judge, make_loss, metrics_of, penalty_of
from dltui.training.measures import Layers, Norms, nonfinite_entries, shorten
from dltui.training.optimizers import make_optimizers
from dltui.training.progress import Progress
from dltui.training.readback import Readback
from dltui.training.recipe import Recipe
from dltui.training.record import Recorder
from dltui.training.samples import keep_sample, make_sample
from dltui.training.schedules import factor_at
from dltui.training.signals import Signals
from dltui.training.swift import stepper
from dltui.training.telling import history_so_far
from dltui.training.trouble import check_outputs, nonfinite, out_of_memory

PAUSE = 0.1  # seconds of sleep while a run is paused
GLANCE = 0.5  # seconds between two looks at the memory

Probe = Callable[[nn.Module, Dataset, int], Mapping[str, Any]]  # (model, data, step) -> values of a row


class Loop:
    """One training.

    Args:
        module: The model; its weights are changed.
        dataset: What is learnt.
        recipe: How.
        engine: Where.
        recorder: Keeps the rows.
        signals: Tells of Ctrl-C and the like.
        report: Called after every step; raises ``Cancelled`` to stop.
        probe: What is measured every ``probe_every`` steps.
    """

    def __init__(
        self,
        module: nn.Module,
        dataset: Dataset,
        recipe: Recipe,
        engine: Engine,
        recorder: Recorder,
        signals: Signals,
        *,
        report: Report,
        probe: Probe | None = None,
    ) -> None:
        self.module, self.dataset, self.recipe = module, dataset, recipe
        self.engine, self.recorder, self._report, self._probe = engine, recorder, report, probe
        self.loss = make_loss(recipe.loss, dataset.task)
        self._penalty = penalty_of(module)
        self.feed = Feed(dataset, recipe, engine)
        self.total = recipe.steps or recipe.epochs * self.feed.per_epoch
        self._x_test, self._y_test = on_device(dataset.x_test, engine), on_device(dataset.y_test, engine)
        fused = recipe.precision != "fp16" and not engine.sharded
        self.forward, self.optimizers = engine.prepare(
            module, lambda m: make_optimizers(m, recipe.optimizer, fused=fused), compiled=recipe.compile
        )
        self._steppers = [stepper(optimizer) for optimizer in self.optimizers]
        self.trained = [p for p in module.parameters() if p.requires_grad]
        self.ema = Ema(module, recipe.ema) if recipe.ema else None
        self.progress = Progress()
        self.keeping = Keeping(self)
        self.listener = Listener(engine, recorder.run, signals)
        self._norms = Norms(self.trained, engine.summed if engine.sharded else None)
        self._layers, self._gauges, self._readback = (
            Layers(module),
            Gauges(engine.device),
            Readback(engine.device),
        )
        self.title = ""
        self.parameters = sum(p.numel() for p in self.trained)
        self._checked = False
        self._words: set[str] = set()
        self._ticked = self._glanced = 0.0
        self._memory = 0

    def run(self) -> None:
        """Make every step that is left.

        Raises:
            Cancelled: If someone asked for a stop; the state is kept.
            Requeue: If the machine asked to make room; the state is kept.
            DltuiError: If the loss stops being finite, memory runs out, or files can't be written.
        """
        try:
            self._run()
        except (Cancelled, Requeue):
            self._readback.settle()
            self.keeping.save(resumable=True)
            self.keeping.close()
            raise
        except KeyboardInterrupt:
            self.keeping.give_up()
            raise
        except (RuntimeError, MemoryError) as error:
            spent = out_of_memory(error, self.recipe, self.engine.device, self.recorder.step)
            if spent is None:
                raise
            raise spent from error
        finally:
            self.keeping.finish()

    def _run(self) -> None:
        """Make every step that is left, and what comes between them."""
        if self.recorder.step == 0:
            self.keeping.save(resumable=False)
        self._norms.begin()
        self._ticked = time.perf_counter()
        while self.recorder.step < self.total and not self._enough():
            self._step()
            self._between()
        self._readback.settle()
        self.keeping.save(resumable=True)
        self.keeping.close()

    def _step(self) -> None:
        """Make one step of the optimiser."""
        step, parts = self.recorder.step, self.feed.parts(self.recorder.step)
        rate = self.recipe.optimizer.lr * factor_at(
            step, self.total, self.recipe.schedule, self.progress.plateau.falls
        )
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        looks = _due(step + 1, self.recipe.layers_every)
        if self.recipe.optimizer.name == "lbfgs":
            loss, norm = self._line_search(parts)
        else:
            loss = self._gradient(parts)
            norm = self._measured_gradient(loss, parts, rate)
            if looks:
                self._layers.before_step(parts[0].x)
            for make in self._steppers:
                make()
        numbers = [loss, norm, *self._norms.moved()]
        if self.engine.world > 1:
            together = self.listener.together(loss)
            numbers = [together[0], *numbers[1:], *together[1:]]
        self.recorder.step += 1
        if self.ema is not None:
            self.ema.follow(self.recorder.step)
        self._readback.push(numbers, partial(self._told, self.recorder.step, rate, parts))
        if looks:
            self._readback.settle()
            self.recorder.row("layers", **self._layers.after_step())

    def _gradient(self, parts: list[Part]) -> Tensor:
        """Put the gradient of a step into the parameters, and return the loss: this process's share of it."""
        for parameter in self.trained:  # zero_grad tells the profiler of itself, which takes longer than this
            parameter.grad = None
        total: Tensor | None = None
        for place, part in enumerate(parts, start=1):
            with self.engine.gathering(self.forward, last=place == len(parts)):
                outputs = self.forward(part.x)
                if not self._checked:
                    self._check(outputs, part)
                loss = self.loss(outputs, part.y)
                if self._penalty is not None:
                    loss = loss + self._penalty()
                if part.weight != 1.0:
                    loss = loss * part.weight
                # Gradients are averaged over the processes, so that each must give its share as often as there are.
                self.engine.backward(loss * self.engine.world if self.engine.world > 1 else loss)
            total = loss.detach() if total is None else total + loss.detach()
        assert total is not None, "a step has at least one part"
        return total

    def _measured_gradient(self, loss: Tensor, parts: list[Part], rate: float) -> Tensor:
        """Return the norm of the gradient before it is clipped, and refuse one that isn't finite."""
        for optimizer in self.optimizers:
            self.engine.unscale(optimizer)
        norm = self._norms.gradient()
        if self.engine.device.type == "cpu" and self.recipe.precision != "fp16":
            self._refuse_nonfinite(float(loss), float(norm), parts, self.recorder.step, rate)
        if self.recipe.clip:
            shorten(self.trained, norm, self.recipe.clip)
        return norm

    def _line_search(self, parts: list[Part]) -> tuple[Tensor, Tensor]:
        """Make a step of an optimiser that asks for the loss as often as it likes; return the first loss and norm."""
        found: list[Tensor] = []

        def closure() -> Tensor:
            loss = self._gradient(parts)
            if not found:
                found.extend((loss, self._norms.gradient()))
            return loss

        for optimizer in self.optimizers:
            optimizer.step(closure)  # type: ignore[arg-type]
        loss, norm = found
        return loss, norm

    def _told(self, step: int, rate: float, parts: list[Part], numbers: list[float]) -> None:
        """Take the numbers of a step when they are there."""
        loss, norm, before, moved, *flags = numbers
        if flags:
            self._words |= spoken(flags)
        if not math.isfinite(loss + norm) and self.recipe.precision != "fp16":
            self._refuse_nonfinite(loss, norm, parts, step - 1, rate)
        now, samples = time.perf_counter(), self.feed.samples(step - 1)
        speed, self._ticked = samples / max(now - self._ticked, 1e-9), now
        if now - self._glanced > GLANCE:
            self._glanced, self._memory = now, peak_memory(self.engine.device)
        self.progress.loss += loss * samples
        self.progress.samples += samples
        self.recorder.row(
            "step",
            step=step,
            epoch=round(step / self.feed.per_epoch, 6),
            loss=loss,
            learning_rate=rate,
            grad_norm=norm,
            nonfinite=0 if math.isfinite(norm) else nonfinite_entries(self.trained),
            weight_norm=before,
            update_ratio=moved / before if before else 0.0,
            rate=round(speed, 1),
            memory=self._memory,
        )

    def _between(self) -> None:
        """Do what is due after a step: look, judge, probe, keep, listen, report."""
        step, recipe = self.recorder.step, self.recipe
        last = step == self.total
        judged = last or _due(step, recipe.eval_every or self.feed.per_epoch)
        if judged:
            self._judge()
        if _due(step, recipe.probe_every) and self._probe is not None:
            self._measure()
        if _due(step, recipe.sample_every) or (last and recipe.sample_every):
            self._sample()
        passed = not recipe.save_every and _due(step, self.feed.per_epoch)
        if last or _due(step, recipe.save_every) or (passed and self.keeping.rested()):
            self.keeping.save(resumable=True)
        elif passed or _due(step, recipe.keep_every):
            self.keeping.save(resumable=False)
        reading = self._gauges.due()
        if reading is not None:
            self.recorder.row("device", **reading)
        self._listen()
        self._report(step, self.total, history_so_far(self) if judged else None)

    def _judge(self) -> None:
        """Judge the model on the held-out part and write it down."""
        self._readback.settle()
        with self._as_kept():
            whole = self.engine.sharded  # every process must take part in every pass
            rows = slice(None) if whole else slice(self.engine.rank, None, self.engine.world)
            sums = judge(
                self.forward if whole else self.module,
                self._x_test[rows],
                self._y_test[rows],
                self.dataset.task,
                loss=self.loss,
                around=self.engine.autocast,
            )
        if not whole:
            sums = self.engine.summed(sums.to(self.engine.device)).cpu()
        told = metrics_of(sums, self.dataset.task)
        step = self.recorder.step
        epoch = step / self.feed.per_epoch
        self.recorder.row(
            "eval",
            epoch=int(epoch) if epoch.is_integer() else round(epoch, 6),
            train_loss=self.progress.mean(),
            **told,
            learning_rate=self.optimizers[0].param_groups[0]["lr"],
        )
        self.progress.judged(told["test_loss"], self.recipe)
        self._ticked = time.perf_counter()

    def _measure(self) -> None:
        """Measure curvature and gradient noise, and write it down."""
        self._readback.settle()
        assert self._probe is not None
        with self._as_kept():
            told = self._probe(self.module, self.dataset, self.recorder.step)
        self.recorder.row("probe", **told)
        self._ticked = time.perf_counter()

    def _sample(self) -> None:
        """Keep a sample of what the model makes."""
        self._readback.settle()
        run = self.recorder.run
        with self._as_kept():
            made = make_sample(
                self.module,
                self.dataset,
                device=self.engine.device,
                seed=self.recipe.seed + self.recorder.step,
            )
        if made is not None and run is not None:
            figure, text = made
            file = keep_sample(run, self.recorder.step, figure)
            self.recorder.row("sample", name=figure.title, file=file, text=text[:200])
        self._ticked = time.perf_counter()

    def _listen(self) -> None:
        """Do what is asked: keep, pause, stop.

        Raises:
            Cancelled: If a stop is asked for.
            Requeue: If the machine wants room.
        """
        words = self._words if self.engine.world > 1 else self.listener.words()
        self._words = set()
        if "checkpoint" in words:
            self.keeping.save(resumable=True)
        if "pause" in words and "go-on" not in words:
            words |= self._rest()
        if "requeue" in words:
            raise Requeue(f"stopped after step {self.recorder.step} to make room{self._how_to_go_on()}")
        if "stop" in words:
            raise Cancelled(f"stopped after step {self.recorder.step}{self._how_to_go_on()}")

    def _rest(self) -> set[str]:
        """Sleep until someone asks to go on, or to stop."""
        self.recorder.say(f"paused after step {self.recorder.step}")
        self.recorder.flush()
        words: set[str] = set()
        while not words & {"go-on", "stop", "requeue"}:
            time.sleep(PAUSE)
            words = self.listener.agreed()
            if "checkpoint" in words:
                self.keeping.save(resumable=True)
        self.recorder.say("going on")
        self._ticked = time.perf_counter()
        return words

    def _enough(self) -> bool:
        """Return whether the held-out loss has stood still for as long as the recipe waits."""
        bad = self.progress.bad
        if not self.recipe.patience or bad < self.recipe.patience:
            return False
        self.recorder.reason = f"no better held-out loss in {bad} evaluations"
        self.recorder.say(f"stopped early at step {self.recorder.step}: {self.recorder.reason}")
        return True

    def _check(self, outputs: Tensor, part: Part) -> None:
        """Refuse a model whose outputs don't fit the answers; asked once."""
        self._checked = True
        if self.recipe.loss == "auto":
            check_outputs(outputs, part.y, self.dataset, type(self.module).__name__)

    def _refuse_nonfinite(self, loss: float, norm: float, parts: list[Part], step: int, rate: float) -> None:
        """Raise where loss or gradient are no longer finite."""
        if math.isfinite(loss) and math.isfinite(norm):
            return
        kept = self.keeping.newest
        raise nonfinite(self.module, parts[0].x, loss, step=step, rate=rate, kept=kept)

    def _as_kept(self) -> AbstractContextManager[None]:
        """Return a context in which the model has the weights that are judged and kept."""
        return nullcontext() if self.ema is None else self.ema.in_place()

    def _how_to_go_on(self) -> str:
        """Return how the run is gone on with, where there is one."""
        run = self.recorder.run
        return f"; go on with: dltui train --resume run:{run.name}" if run else ""


def _due(step: int, every: int) -> bool:
    """Return whether something that comes every so many steps comes now."""
    return bool(every) and step % every == 0

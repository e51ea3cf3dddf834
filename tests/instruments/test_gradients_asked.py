"""What else gradients are asked: steps of an optimiser, hardest samples, several inputs, runs, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.figures import Heatmap, Images, Table
from dltui.instruments.gradients import Origins, Step, measure
from dltui.instruments.gradients.along import Stop, along
from dltui.objective import Objective
from dltui.results import load
from dltui.results.gradients_along import GradientsAlong


class Pair(nn.Module):
    """Takes two inputs: numbers, and words."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.words, self.out = nn.Linear(4, 5), nn.Embedding(6, 5), nn.Linear(5, 3)

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        return self.out(torch.tanh(self.one(x)) * self.words(ids).mean(1))


class Scaled(Pair):
    """The same with a parameter that belongs to no known layer."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x: Tensor, ids: Tensor) -> Tensor:
        return super().forward(x, ids) * self.scale


@pytest.mark.parametrize(
    ("kind", "method"), [(Pair, "ghost norms"), (Scaled, "ghost norms, and vmap for Scaled")]
)
def test_models_of_several_inputs(kind: type[Pair], method: str, bends: Callable[[nn.Module], str]) -> None:
    torch.manual_seed(0)
    model = kind().double()
    x, ids, y = torch.randn(11, 4).double(), torch.randint(0, 6, (11, 3)), torch.randint(0, 3, (11,))
    before = bends(model)
    found = measure(Objective.bind(model, (x, ids), y, block=4))
    assert bends(model) == before
    assert found.method == method
    assert found.sample_norms is not None
    for i in range(11):
        loss = functional.cross_entropy(model(x[i : i + 1], ids[i : i + 1]), y[i : i + 1])
        grads = torch.autograd.grad(loss, list(model.parameters()))
        norm = float(torch.stack([g.square().sum() for g in grads]).sum().sqrt())
        assert found.sample_norms[i] == pytest.approx(norm, rel=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_a_step_is_that_of_torch(optimizer: str) -> None:
    torch.manual_seed(0)
    model = nn.Linear(5, 3).double()
    x, y = torch.randn(9, 5).double(), torch.randint(0, 3, (9,))
    step = Step(0.03, optimizer, weight_decay=0.1)  # type: ignore[arg-type]
    found = measure(Objective.bind(model, x, y), step=step, per_sample=False)
    rules = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    before = [p.detach().clone() for p in model.parameters()]
    rule = rules[optimizer](model.parameters(), lr=0.03, weight_decay=0.1)
    functional.cross_entropy(model(x), y).backward()
    rule.step()
    assert found.update_ratios is not None
    for ratio, old, new in zip(found.update_ratios, before, model.parameters(), strict=True):
        assert ratio == pytest.approx(float((new.detach() - old).norm() / old.norm()), rel=1e-6)
    assert found.summary()["step"]["learning_rate"] == 0.03


def test_the_hardest_samples_are_shown_with_what_the_model_says() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    x, y = torch.rand(40, 1, 4, 4), torch.randint(0, 3, (40,))
    y[7] = (model(x[7:8]).argmin(1).item() + 0) % 3
    with torch.no_grad():
        x[7] *= 50
    rows = np.arange(100, 140)
    found = measure(Objective.bind(model, x, y), origins=Origins(rows, ("a", "b", "c")), clip=1.0)
    assert found.hardest is not None
    assert found.hardest_losses is not None
    assert found.hardest[0] == 107
    assert found.hardest_answers[0] == "abc"[int(y[7])]
    assert found.hardest_guesses[0] == "abc"[int(model(x[7:8]).argmax())]
    assert found.hardest_losses[0] == pytest.approx(
        functional.cross_entropy(model(x[7:8]), y[7:8]).item(), rel=1e-5
    )
    assert found.hardest_pixels is not None
    assert found.hardest_pixels.shape == (20, 4, 4)
    assert isinstance(found.figures()[-1], Images)
    told = found.document()["per_sample"]
    assert told["outliers"]["count"] == 1
    assert told["outliers"]["share_of_square"] > 0.9
    assert found.sample_norms is not None
    assert told["clip"] == {"at": 1.0, "share": float((found.sample_norms > 1).mean())}
    flat = measure(Objective.bind(nn.Linear(3, 2), torch.randn(9, 3), torch.randn(9, 2), task="numbers"))
    assert flat.hardest_pixels is None
    assert isinstance(flat.figures()[-1], Table)


class Nan(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return (x - 1e30).sqrt()


def frozen() -> nn.Module:
    return nn.Linear(3, 2).requires_grad_(False)


def whole() -> nn.Module:
    model = nn.Module()
    model.register_parameter("w", nn.Parameter(torch.ones(3, dtype=torch.long), requires_grad=False))
    model.forward = lambda x: x[:, :2]  # type: ignore[method-assign]
    return model


def holed() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    nn.init.constant_(model[1].bias, float("nan"))
    return model


WRONG = {
    "frozen": (frozen, "every parameter of Linear is frozen"),
    "integers": (whole, "only integer parameters"),
    "nan within": (lambda: nn.Sequential(nn.Linear(3, 4), Nan(), nn.Linear(4, 2)), r"1 \(Nan\) is the first"),
    "nan weights": (holed, "1.bias holds such numbers"),
    "batch statistics": (
        lambda: nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=False), nn.Linear(4, 2)),
        r"1 \(BatchNorm1d\) normalises each sample by the statistics of its whole batch.*--no-per-sample",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_refused_is_told_in_a_sentence(name: str) -> None:
    build, sentence = WRONG[name]
    x, y = torch.randn(6, 3), torch.tensor([0, 1] * 3)
    with pytest.raises(DltuiError, match=sentence) as caught:
        measure(Objective.bind(build(), x, y))
    assert "\n" not in str(caught.value)


def test_other_refusals() -> None:
    x, y = torch.randn(6, 3), torch.tensor([0, 1] * 3)
    with pytest.raises(UsageError, match="0 inputs"):
        Objective.bind(nn.Linear(3, 2), x[:0], y[:0])
    with pytest.raises(UsageError, match="must give one number"):
        measure(Objective.bind(nn.Linear(3, 2), x, y, loss=lambda out, _: out.sum(1)))
    steep = Objective.bind(
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)),
        x,
        torch.zeros(6),
        task="numbers",
        loss=lambda out, _: (0 * out).abs().sqrt().mean(),
    )
    with pytest.raises(DltuiError, match="first stops being so at what 2 gives"):
        measure(steep)


@pytest.mark.parametrize(
    ("part", "told"),
    [(nn.BatchNorm1d(4), "normalises each sample"), (nn.Dropout(0.5), "drops depends on the place")],
)
def test_train_mode_has_layers_but_no_samples(
    part: nn.Module, told: str, bends: Callable[[nn.Module], str]
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), part, nn.Linear(4, 2))
    x, y = torch.randn(12, 3), torch.tensor([0, 1] * 6)
    objective, before = Objective.bind(model, x, y, mode="train"), bends(model)
    with pytest.raises(UsageError, match=told):
        measure(objective)
    assert bends(model) == before
    found = measure(objective, per_sample=False)
    assert found.mode == "train"
    assert bends(model) == before
    if isinstance(part, nn.BatchNorm1d):
        net = nn.Sequential(model[0], nn.BatchNorm1d(4), model[2])
        grads = torch.autograd.grad(functional.cross_entropy(net(x), y), list(net.parameters()))
        assert found.total_norm == pytest.approx(
            float(torch.cat([g.flatten() for g in grads]).norm()), rel=1e-4
        )


def stops(model: nn.Module, count: int) -> list[Stop]:
    """Return checkpoints whose weights shrink step by step."""
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    def at(step: int) -> Callable[[], dict[str, Tensor]]:
        return lambda: {name: tensor / (1 + step) for name, tensor in state.items()}

    return [Stop(step, f"step {step}", at(step)) for step in range(count)]


def test_along_a_run_each_checkpoint_is_as_alone(bends: Callable[[nn.Module], str], tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))
    x, y = torch.randn(20, 5), torch.randint(0, 3, (20,))
    before, objective = bends(model), Objective.bind(model, x, y, block=8)
    known: list[GradientsAlong] = []

    def note(done: int, total: int, partial: object = None) -> None:
        assert total == 80
        if isinstance(partial, GradientsAlong):
            known.append(partial)

    found = along(objective, stops(model, 4), run="toy", report=note)
    assert bends(model) == before
    assert found.steps.tolist() == [0, 1, 2, 3]
    for place, stop in enumerate(stops(model, 4)):
        net = nn.Sequential(nn.Linear(5, 6), nn.ReLU(), nn.Linear(6, 3))
        net.load_state_dict(stop.read())
        alone = measure(Objective.bind(net, x, y, block=8), per_sample=False)
        np.testing.assert_array_equal(found.grad_norms[place], alone.grad_norms)
        np.testing.assert_array_equal(found.back[place], alone.signal[4])
        assert found.loss[place] == alone.loss
        assert found.dead[place, 0] == alone.units[0]["dead_share"]
    np.testing.assert_allclose(found.moved[1], found.weight_norms[0] / 2, rtol=1e-5)
    assert np.isnan(found.moved[0]).all()
    assert [int(partial.known.sum()) for partial in known] == [1, 2, 3, 4]
    assert "2 of 4 checkpoints so far" in known[1].figures()[0].caption
    maps = [figure for figure in found.figures() if isinstance(figure, Heatmap)]
    assert maps[0].row_names == tuple(found.names)
    assert maps[0].values.shape == (4, 4)
    assert any(name in maps[0].words() for name in found.names)
    path = tmp_path / "along.safetensors"
    found.save(path)
    assert load(path).document() == found.document()


def test_along_nothing_and_along_what_does_not_fit() -> None:
    model = nn.Linear(3, 2)
    objective = Objective.bind(model, torch.randn(6, 3), torch.tensor([0, 1] * 3))
    with pytest.raises(DltuiError, match="no checkpoint"):
        along(objective, [])
    with pytest.raises(DltuiError, match="step 3 does not fit"):
        along(objective, [Stop(3, "step 3", lambda: {"weight": torch.ones(2, 3)})])

    def stop(done: int, total: int, partial: object = None) -> None:
        if done > 6:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        along(objective, stops(model, 3), report=stop)

"""Steps of optimisers against torch.optim in float64."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dltui.byhand import load, work
from dltui.byhand.refusal import Refused
from dltui.instruments.byhand import says

from .agree import agree, many  # noqa: TID252 - the tests of this folder share it
from .draws import numbers  # noqa: TID252

DECAY = st.sampled_from([0.0, 0.1])
SHARE = st.sampled_from([0.0, 0.5, 0.9])
SETTINGS = {
    "sgd": {"momentum": SHARE, "dampening": SHARE, "weight_decay": DECAY},
    "adagrad": {"lr_decay": SHARE, "weight_decay": DECAY},
    "rmsprop": {"alpha": SHARE, "weight_decay": DECAY, "momentum": SHARE, "eps": st.just(1e-3)},
    "adadelta": {"rho": SHARE, "weight_decay": DECAY},
    "adam": {"beta1": SHARE, "beta2": st.sampled_from([0.5, 0.999]), "weight_decay": DECAY},
    "adamw": {"beta1": SHARE, "beta2": st.sampled_from([0.5, 0.999]), "weight_decay": DECAY},
}
# gradients near 0 are divided by about 0: what float64 rounds there is no difference of the rule
slope = st.integers(-300, 300).filter(bool).map(lambda n: n / 100)


@pytest.mark.parametrize("name", SETTINGS)
@many
@given(data=st.data())
def test_steps_equal_torch(name: str, data: st.DataObject) -> None:
    steps, count = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 2))
    case = {
        "weight": data.draw(numbers(count)),
        "gradient": data.draw(numbers(steps, count, cell=slope)),
        "lr": data.draw(st.sampled_from([0.001, 0.1, 1.0])),
    }
    case |= {setting: data.draw(draw) for setting, draw in SETTINGS[name].items()}
    if name == "sgd" and case["momentum"] and data.draw(st.booleans()):
        case |= {"nesterov": True, "dampening": 0.0}
    if name == "rmsprop" and case["alpha"]:
        case["centered"] = data.draw(st.booleans())
    agree(name, case, backward=False)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_hundred_steps_stay_with_torch(name: str) -> None:
    from dltui.instruments.byhand import torch_answer

    gradient = [[(-1) ** t * 0.3 + 0.01 * t, 0.5 - 0.02 * t] for t in range(100)]
    worked = work(name, {"weight": [1, -2], "gradient": gradient})
    assert torch_answer(worked).difference < 1e-10


def test_the_first_step_of_adam_is_the_rate_against_the_sign() -> None:
    first = work("adam", {"weight": [0, 0], "gradient": [[3, -0.01]], "lr": 0.5, "eps": 0}).output.numbers()
    assert first == [pytest.approx([-0.5, 0.5])]


def test_decay_of_adamw_is_not_divided_by_the_gradients_size() -> None:
    given_ = {"weight": [10], "gradient": [[100]], "lr": 0.1, "weight_decay": 0.1}
    assert work("adamw", given_).output.numbers()[0][0] == pytest.approx(10 * 0.99 - 0.1, abs=1e-8)
    assert work("adam", given_).output.numbers()[0][0] == pytest.approx(10 - 0.1, abs=1e-8)


def test_one_gradient_is_one_step() -> None:
    assert work("sgd", {"weight": 2, "gradient": 5, "lr": 0.1}).output.numbers() == [[1.5]]


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("sgd", {"lr": -1.0}),
        ("sgd", {"momentum": -0.5}),
        ("sgd", {"nesterov": True}),
        ("adam", {"beta1": 1.0}),
        ("adam", {"beta2": 1.5}),
        ("adam", {"eps": -1.0}),
        ("rmsprop", {"alpha": -1.0}),
        ("adagrad", {"lr_decay": -1.0}),
        ("adadelta", {"rho": -1.0}),
        ("adamw", {"weight_decay": -1.0}),
    ],
)
def test_torch_is_quoted_word_for_word(name: str, settings: dict[str, object]) -> None:
    inputs = {"weight": [1.0], "gradient": [[1.0]]}
    with pytest.raises(Refused) as refusal:
        work(name, inputs | settings)
    assert refusal.value.torch == says(load(name), inputs, **settings)


def test_shapes_that_do_not_fit_are_told() -> None:
    with pytest.raises(Refused, match=r"weight must have shape \(3,\)"):
        work("sgd", {"weight": [1, 2], "gradient": [[1, 2, 3]]})

"""A form says what the parser says: the same arguments, the same refusals, and a command line that reads back."""

from __future__ import annotations

import inspect
import shlex
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dltui.cli import run
from dltui.commands._calls import called, command_of
from dltui.commands._forms import Field, Form, Refused, form, form_names, validate
from dltui.commands._frame import function_below
from dltui.commands._spelled import command_line, spell, words
from dltui.errors import UsageError
from dltui.lab import load

LAYERS = {"conv2d", "interpolate", "lstm", "cat", "multiheadattention"}  # a few of many that are built alike
ALL = [
    name
    for name in form_names()
    if not name.startswith("shapes ") or name.removeprefix("shapes ") in {*LAYERS, "chain", "chains", "solve"}
]
EXHIBIT = "lab run two-weight-saddle"
NAMES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=12)


def test_every_verb_that_computes_or_shows_has_a_form() -> None:
    wanted = {
        "train",
        "landscape",
        "hessian",
        "gradients",
        "explain",
        "shapes conv2d",
        "data show",
        "open",
        "quickstart",
    }
    assert wanted | {EXHIBIT, "lab show", "lab check", "runs show"} <= set(ALL)
    assert "tui" not in ALL
    assert all(form(name).help for name in ALL)


@pytest.mark.parametrize("verb", [name for name in ALL if not name.startswith("lab run")])
def test_the_fields_are_the_parameters_of_the_function(verb: str) -> None:
    command: Any = command_of(verb.partition(" ")[0])
    for word in verb.split()[1:]:
        command = command.commands[word]
    function = function_below(command)
    parameters = {
        name: one for name, one in inspect.signature(function).parameters.items() if name != "common"
    }
    fields = {one.name: one for one in form(verb).fields if not one.common}
    assert list(fields) == list(parameters)
    for name, one in fields.items():
        default = parameters[name].default
        assert one.required is (default is inspect.Parameter.empty)
        assert one.default == (None if one.required else default)
        assert one.help


KINDS = {
    ("landscape", "model"): "model",
    ("train", "data"): "data",
    ("data show", "data"): "data",
    ("hessian", "weights"): "path",
    ("hessian", "at"): "text",
    ("hessian", "normalize"): "choice",
    ("open", "files"): "path",
    ("landscape", "normalize"): "choice",
    ("gradients", "per_sample"): "switch",
    ("landscape", "distance"): "number",
    ("landscape", "steps"): "whole",
    ("shapes conv2d", "padding"): "text",
    (EXHIBIT, "mode"): "choice",
    (EXHIBIT, "lr"): "number",
    (EXHIBIT, "steps"): "whole",
}


@pytest.mark.parametrize(("verb", "name"), KINDS)
def test_the_kind_of_a_field(verb: str, name: str) -> None:
    assert form(verb).field(name).kind == KINDS[verb, name]


def test_choices_and_ranges_are_those_of_the_work() -> None:
    from dltui.instruments.directions import NORMALIZE
    from dltui.training.recipe import RANGES, ScheduleName

    landscape, train = form("landscape"), form("train")
    assert landscape.field("normalize").choices == NORMALIZE
    assert train.field("schedule").choices == get_args(ScheduleName)
    assert train.field("set_fields").kind == "text"
    own = {"learning_rate": "optimizer.lr", "weight_decay": "optimizer.weight_decay"}
    for name in ("epochs", "batch_size", *own):
        assert train.field(name).low == RANGES[own.get(name, name)][0]
    lr = form(EXHIBIT).field("lr")
    assert (lr.low, lr.high, lr.log, lr.default, lr.label) == (0.001, 1, True, 0.1, "lr")


REFUSED = [
    ("landscape", "model", "lenett"),
    ("landscape", "model", "run:latest"),
    ("landscape", "model", "gone.safetensors"),
    ("landscape", "model", "mlp:width"),
    ("landscape", "data", "digitz"),
    ("landscape", "data", "gone.npz"),
    ("landscape", "weights", "gone.safetensors"),
    ("landscape", "steps", "4"),
    ("landscape", "steps", "1"),
    ("landscape", "steps", "many"),
    ("landscape", "distance", "-1"),
    ("landscape", "distance", "nan"),
    ("landscape", "dimensions", "3"),
    ("landscape", "normalize", "filtr"),
    ("landscape", "center", "here"),
    ("landscape", "along", "eigen:0"),
    ("landscape", "samples", "0"),
    ("landscape", "device", "gpu"),
    ("landscape", "seed", "-1"),
    ("hessian", "tolerance", "2"),
    ("hessian", "probes", "0"),
    ("hessian", "at", "0.3;0.2"),
    ("hessian", "normalize", "filtr"),
    ("gradients", "at", "1,2,3"),
    ("gradients", "init", "xavier_unifrom"),
    ("gradients", "clip", "-1"),
    ("train", "epochs", "0"),
    ("train", "momentum", "1"),
    (EXHIBIT, "lr", "99"),
    (EXHIBIT, "mode", "climb"),
    (EXHIBIT, "steps", "1.5"),
]


@pytest.mark.parametrize(("verb", "name", "text"), REFUSED)
def test_a_field_refuses_with_the_sentence_of_the_command_line(
    verb: str, name: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = form(verb).field(name)
    said = validate(asked, text)
    assert isinstance(said, Refused)
    given = [text] if not asked.option else [asked.option, text]
    model = [] if not asked.option or verb == EXHIBIT else ["mlp:width=2"]
    data = [] if name == "data" or verb == EXHIBIT else ["--data", "moons"]
    assert run([*verb.split(), *model, *given, *data]) == 2
    assert capsys.readouterr().err.strip().splitlines()[-1] == f"error: {said.sentence}"


TAKEN = [
    ("landscape", "model", "lenet", "lenet"),
    ("landscape", "model", "mlp:width=3", "mlp:width=3"),
    ("landscape", "model", "nets.mine:build", "nets.mine:build"),
    ("landscape", "steps", "", 25),
    ("landscape", "steps", "51", 51),
    ("landscape", "samples", "", None),
    ("landscape", "weights", "", None),
    ("landscape", "distance", "0.5", 0.5),
    ("landscape", "normalize", "", None),
    ("landscape", "center", "0.3,-0.2", "0.3,-0.2"),
    ("landscape", "along", "", "random"),
    ("hessian", "at", "", None),
    ("hessian", "at", "-0.2", "-0.2"),
    ("hessian", "normalize", "", "filter"),
    ("train", "optimizer", "", None),
    ("gradients", "per_sample", "false", False),
    ("open", "files", "here.safetensors", Path("here.safetensors")),
    (EXHIBIT, "lr", "", 0.1),
    (EXHIBIT, "w1", "−0.5", -0.5),
]


@pytest.mark.parametrize(("verb", "name", "text", "value"), TAKEN)
def test_a_field_takes_what_the_command_line_takes(verb: str, name: str, text: str, value: object) -> None:
    taken = validate(form(verb).field(name), text)
    assert taken == value
    assert type(taken) is type(value)


def test_what_is_required_is_missed() -> None:
    said = validate(form("landscape").field("model"), "")
    assert said == Refused("missing argument 'MODEL'; see `dltui landscape --help`")


def test_names_complete() -> None:
    assert form("landscape").field("model").complete("resnet2") == ["resnet20", "resnet20-noskip"]
    assert form("train").field("data").complete("mo") == ["moons"]
    assert form("landscape").field("along").complete("eigen:-") == ["eigen:-1"]
    assert form("lab show").field("name").complete("two") == ["two-weight-saddle"]


def test_only_what_differs_is_spelled() -> None:
    line = command_line(form("landscape"), {"model": "lenet", "steps": 51, "seed": 0, "data": "digits"})
    assert line == "dltui landscape lenet --steps 51"
    for name in ALL:
        asked = form(name)
        given = {one.name: one.default if one.default is not None else "x" for one in asked.fields}
        spelled = words(asked, {k: v for k, v in given.items() if asked.field(k).required} | _defaults(asked))
        assert [word for word in spelled if word.startswith("--")] == [
            one.option for one in asked.fields if one.required and one.option
        ]


def _defaults(asked: Form) -> dict[str, object]:
    return {one.name: one.default for one in asked.fields if not one.required}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1.0, "1"),
        (1e-05, "1e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (True, "true"),
        (None, ""),
    ],
)
def test_values_are_spelled_shortly(value: object, text: str) -> None:
    assert spell(value) == text


SPELLED = {
    "along": ["random", "eigen:1", "eigen:2,eigen:-1"],
    "method": ["saliency", "grad-cam++,lime", "all"],
    "init": ["default", "kaiming_normal:tanh", "normal:0.01"],
    "unit": ["3", "0-15", "0,4,9", "whole"],
    "cell": ["3,4"],
    "devices": ["cpu", "cpu,cuda:1"],
    "device": ["auto", "cpu", "cuda:1"],
    "processes": ["1", "2", "auto"],
    "optimizer": ["sgd", "muon"],
    "set_fields": ["epochs=3", "schedule.warmup=5", "optimizer.betas=0.9,0.95", "loss=my.own:loss"],
}
# Files that would be written: what can't be is refused with the command line.
WRITTEN = {
    "record": ["a.gif", "new/a.cast"],
    "orbit": ["a.gif", "new/a.cast"],
    "gif": ["a.gif"],
    "export": ["new/a.ply"],
}


def _values(verb: str, asked: Field) -> st.SearchStrategy[Any]:
    """Values that a field takes."""
    if verb.startswith("lab run ") and not asked.common and asked.kind == "text":
        (knob,) = [one for one in load(verb.rsplit(maxsplit=1)[-1]).knobs if one.name == asked.name]
        return st.sampled_from(knob.extremes)
    if asked.kind == "choice":
        return st.sampled_from(asked.choices)
    if asked.kind == "switch":
        return st.booleans()
    if asked.kind == "path" and asked.name in WRITTEN:
        return st.sampled_from(WRITTEN[asked.name]).map(Path)
    if asked.kind == "path":
        return st.just(Path(__file__)) | st.just(Path(__file__).parent / "conftest.py")
    if asked.name in {"at", "center"} and asked.kind == "text":
        steps = st.floats(-10, 10).map(spell)
        return steps | st.tuples(steps, steps).map(",".join)
    if asked.name in SPELLED and asked.kind not in {"whole", "number"}:  # a knob may bear the same name
        return st.sampled_from(SPELLED[asked.name])
    if asked.kind == "whole":
        found: st.SearchStrategy[Any] = st.integers(int(asked.low or 0), int(asked.high or 10**6))
    elif asked.kind == "number":
        found = st.floats(asked.low or 0, 1e6 if asked.high is None else asked.high)
    else:
        return NAMES | st.just("--seed") | st.just("-1")
    return found.filter(lambda value: not isinstance(validate(asked, spell(value)), Refused))


HOW_SHOWN = {"live": False, "record": None}  # what a command line has beside the knobs, and no form asks for


MADE = {
    "byhand backprop",
    "byhand mlp",
}  # what they take follows from their first word: tests/byhand asks them


@pytest.mark.parametrize("verb", [verb for verb in ALL if verb not in MADE])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_the_command_line_reads_back(verb: str, data: st.DataObject) -> None:
    """Through a shell's splitting and the command line's own parser, whatever the values are."""
    asked = form(verb)
    chosen = [one for one in asked.fields if one.required or data.draw(st.booleans(), label=one.name)]
    values = {one.name: data.draw(_values(verb, one), label=one.name) for one in chosen}
    first, *rest = shlex.split(command_line(asked, values))
    assert first == "dltui"
    call = called(rest)
    wanted = {one.name: one.default for one in asked.fields} | values
    read = {one.name: getattr(call.common, one.name) for one in asked.fields if one.common}
    read |= {name: _read(asked, name, value) for name, value in call.arguments.items()}
    shown = HOW_SHOWN if verb.startswith("lab run ") else {}
    assert read == wanted | shown


def _read(asked: Form, name: str, value: object) -> object:
    """What an exhibit makes of the text that its parser hands on."""
    if isinstance(value, list):  # an argument that may be given several times was given once
        return value[0]
    exhibit = asked.verb.startswith("lab run") and name not in HOW_SHOWN
    return validate(asked.field(name), value) if exhibit and isinstance(value, str) else value


def test_what_is_no_work_is_refused() -> None:
    for wrong, said in (
        (["landscpae"], "unknown verb"),
        (["shapes"], "needs a verb after it"),
        (["landscape"], "missing argument 'MODEL'"),
        (["tui", "--help"], "nothing that can run as a job"),
        ([], "unknown verb"),
    ):
        with pytest.raises(UsageError, match=said):
            called(wrong)
    with pytest.raises(UsageError, match="unknown form"):
        form("shapes conv9d")


def test_an_option_that_may_be_given_again_takes_several_words() -> None:
    asked = form("landscape").field("to")
    assert validate(asked, "mlp lenet") == ["mlp", "lenet"]
    assert validate(asked, "") is None
    refused = validate(asked, "mlp lennet")
    assert isinstance(refused, Refused)
    assert "did you mean lenet" in refused.sentence
    told = words(form("landscape"), {"model": "mlp", "to": ["mlp", "lenet"]})
    assert told == ["landscape", "mlp", "--to", "mlp", "--to", "lenet"]

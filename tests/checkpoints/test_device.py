"""Choosing a device, and leaving threads and generators as found."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from dltui.device import describe_devices, pick_device, seeded, threads
from dltui.errors import UsageError

no_cuda = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")


@no_cuda
def test_without_cuda() -> None:
    assert pick_device("auto") == pick_device("cpu") == torch.device("cpu")
    with pytest.raises(
        UsageError, match="no CUDA device here: --device cuda needs one; try --device cpu or auto"
    ):
        pick_device("cuda")
    with pytest.raises(UsageError, match="no CUDA device here: --device cuda:1 needs one"):
        pick_device("cuda:1")


@pytest.mark.parametrize("spec", ["gpu", "cuda:x", "cpu:0", "", "cuda:-1"])
def test_no_devices(spec: str) -> None:
    with pytest.raises(
        UsageError, match=f"unknown device '{spec}': expected auto, cpu, cuda, cuda:0 … or mps"
    ):
        pick_device(spec)


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is a Metal device here")
def test_without_metal() -> None:
    with pytest.raises(UsageError, match="no Metal device here"):
        pick_device("mps")


def test_more_cuda_devices_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert pick_device("auto") == torch.device("cuda:0")
    assert pick_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(UsageError, match="no CUDA device 2 here: --device cuda:2 is beyond cuda:0, cuda:1"):
        pick_device("cuda:2")


def test_described() -> None:
    assert "cpu" in dict(describe_devices())


def test_threads_are_restored() -> None:
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError), threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise RuntimeError
    assert torch.get_num_threads() == before


def test_generators_are_restored() -> None:
    state = torch.random.get_rng_state()
    with seeded(3):
        first = torch.rand(4)
    with seeded(3):
        assert torch.equal(torch.rand(4), first)
    assert torch.equal(torch.random.get_rng_state(), state)


OPTIMISES = """
import sys, torch, dltui.device
net = torch.nn.Linear(2, 1)
rule = torch.optim.Adam(net.parameters())
rule.zero_grad()
rule.load_state_dict(rule.state_dict())
rule.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
assert len(rule.param_groups) == 2
print("torch._dynamo" in sys.modules)
net(torch.ones(1, 2)).sum().backward()
rule.step()
"""


def test_an_optimiser_does_not_load_the_compiler_before_its_first_step() -> None:
    done = subprocess.run([sys.executable, "-c", OPTIMISES], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

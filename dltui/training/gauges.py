"""What the devices are doing: NVML's readings of the GPU, and the memory of this process."""

from __future__ import annotations

import resource
import sys
import time
from contextlib import suppress
from typing import Any

import torch

EVERY = 1.0  # seconds between two readings
UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss


class Gauges:
    """Reads a GPU about once a second; nothing where there is none, or where ``nvidia-ml-py`` isn't installed.

    Args:
        device: Where this process computes.
    """

    def __init__(self, device: torch.device) -> None:
        self._handle: Any = None
        self._next = 0.0
        if device.type == "cuda":
            with suppress(Exception):  # no driver, no library: training goes on without readings
                import pynvml

                pynvml.nvmlInit()
                uuid = f"GPU-{torch.cuda.get_device_properties(device).uuid}"
                self._handle, self._nvml = pynvml.nvmlDeviceGetHandleByUUID(uuid), pynvml

    def due(self) -> dict[str, float] | None:
        """Return a row of readings when it is time for one, else None."""
        if self._handle is None or time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + EVERY
        nvml, handle = self._nvml, self._handle
        try:
            memory = nvml.nvmlDeviceGetMemoryInfo(handle)
            told = {
                "utilisation": nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100,
                "memory_used": int(memory.used),
                "memory_total": int(memory.total),
                "power": nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
                "temperature": nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU),
            }
        except nvml.NVMLError:  # a reading that this card doesn't give: ask no more
            self._handle = None
            return None
        return told


def peak_memory(device: torch.device) -> int:
    """Return the most bytes that were in use: on the GPU where one computes, else of the whole process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT

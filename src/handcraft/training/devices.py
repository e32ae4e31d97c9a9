# SPDX-License-Identifier: Apache-2.0
"""One way to a device, a precision and data parallelism: an ``accelerate.Accelerator`` that leaves others alone."""

from typing import Literal

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, PartialState

from handcraft.errors import HandcraftError

Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16"]
"""``auto`` is bfloat16 where the machine computes in it faster than in float32, else float32."""


def process_index() -> int:
    """This process's place among the data-parallel ones (0 when it is alone)."""
    together = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank() if together else 0


def make_accelerator(device: Device = "auto", precision: Precision = "float32") -> Accelerator:
    """An accelerator for ``device`` (auto: a GPU if there is one) and ``precision`` (bfloat16: autocast).

    accelerate keeps one state for the whole process and refuses a second accelerator that differs from the first.
    Each one made here gets a state of its own, so a refiner in bfloat16 and an estimator in float32 can live side by
    side. Processes started together (``accelerate launch``, ``torchrun``) stay together.

    Raises HandcraftError for a GPU that is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise HandcraftError("Expected `device` to be one this machine has, but got cuda; use --device cpu or auto.")
    in_bfloat16 = precision == "bfloat16" or (precision == "auto" and _has_fast_bfloat16(device))
    AcceleratorState._shared_state, PartialState._shared_state = {}, {}  # older accelerators hold on to their own
    try:
        return Accelerator(cpu=device == "cpu", mixed_precision="bf16" if in_bfloat16 else "no")
    except ValueError as error:
        raise HandcraftError(f"Expected `precision` to be one this device has, but got {precision}: {error}") from error


def matrix_dtype(accelerator: Accelerator) -> torch.dtype:
    """What optimisers compute matrices in: that of the accelerator's precision."""
    return torch.bfloat16 if accelerator.mixed_precision == "bf16" else torch.float32


def _has_fast_bfloat16(device: Device) -> bool:
    """Whether the device multiplies bfloat16 by itself; where it must be emulated it is slower than float32."""
    if device != "cpu" and torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities: dict[str, bool] = getattr(
        torch.cpu, "get_capabilities", dict
    )()  # absent from older releases of torch
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))

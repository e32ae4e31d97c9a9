# SPDX-License-Identifier: Apache-2.0
"""Skinning a MANO-sized hand, forward and backward, beside ``smplx`` on the same file. Prints one JSON object.

    python benchmarks/skinning.py [--batch 64] [--rounds 60] [--device cpu]

Both take the same made-up model file, shapes, orientations and poses (axis-angle, flat mean), and both compute the
gradients of the sum of squared vertices for all of them. They take turns, so that whatever else the machine does meets
both; the figures are medians over the rounds, on the CPU of the process's own computing time on one thread. ``smplx``
has a licence for non-commercial research and is needed here only.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1]))  # the maker of made-up files lives with the tests

from handcraft.hand import MANOFile, MANOLayer
from tests.data.mano.make import right_entries

Skin = Callable[[Tensor, Tensor, Tensor], Tensor]


def ours(path: Path, device: str) -> Skin:
    """Our layer."""
    layer = MANOLayer.from_file(MANOFile.load(path), device)
    return lambda shape, orientation_rad, pose_rad: layer.skin(shape, orientation_rad, pose_rad).vertices_m


def theirs(path: Path, batch: int, device: str) -> Skin:
    """``smplx.MANO``."""
    try:
        import smplx
    except ImportError as error:
        raise SystemExit(f"Expected smplx beside handcraft, but got {error}; run `pip install smplx`.") from error
    model = smplx.MANO(
        str(path), is_rhand=True, use_pca=False, flat_hand_mean=True, batch_size=batch, ext="npz"
    ).to(device)  # fmt: skip
    return lambda shape, orientation_rad, pose_rad: (
        model(betas=shape, global_orient=orientation_rad, hand_pose=pose_rad).vertices
    )


def seconds(skin: Skin, parameters: list[Tensor], *, backward: bool) -> float:
    """How long one batch takes."""
    for parameter in parameters:
        parameter.grad = None
    began = _clock_s(parameters[0])
    with torch.set_grad_enabled(backward):
        total = skin(*parameters).square().sum()
    if backward:
        total.backward()
    return _clock_s(parameters[0]) - began


def _clock_s(tensor: Tensor) -> float:
    if not tensor.is_cuda:
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def main() -> None:
    """Measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    parameters = [
        (scale * torch.randn(arguments.batch, count, generator=generator)).to(arguments.device).requires_grad_()
        for count, scale in ((10, 1.0), (3, 1.0), (45, 0.5))
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "MANO_RIGHT.npz"
        np.savez(path, **right_entries())
        skins = {"ours": ours(path, arguments.device), "smplx": theirs(path, arguments.batch, arguments.device)}
    with torch.no_grad():
        difference_m = float((skins["ours"](*parameters) - skins["smplx"](*parameters)).abs().max())
    figures: dict[str, float] = {}
    for measured, backward in (("forward", False), ("forward_backward", True)):
        times: dict[str, list[float]] = {name: [] for name in skins}
        for _ in range(arguments.rounds):
            for name, skin in skins.items():
                times[name].append(seconds(skin, parameters, backward=backward))
        medians = {name: statistics.median(each[len(each) // 6 :]) for name, each in times.items()}
        figures |= {f"{measured}_{name}_ms": round(1000 * median, 3) for name, median in medians.items()}
        figures |= {f"{measured}_{name}_best_ms": round(1000 * min(each), 3) for name, each in times.items()}
        figures[f"{measured}_times_faster"] = round(medians["smplx"] / medians["ours"], 2)
    about = {
        "batch": arguments.batch, "vertices": 778, "rounds": arguments.rounds, "device": arguments.device,
        "largest_difference_m": difference_m, "platform": platform.platform(),
        "torch": torch.__version__,
    }  # fmt: skip
    print(json.dumps(figures | about))


if __name__ == "__main__":
    main()

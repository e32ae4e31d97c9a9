# SPDX-License-Identifier: Apache-2.0
"""A training step of seed 000's CycleGAN as it is against the plain eager float32 step. Prints one JSON object.

    python benchmarks/refine.py [--steps 30] [--rounds 8] [--threads 2]

Full width: two generators of 5.48 million weights, two patch discriminators, 64 px, batches of 8 from each domain. The
plain step convolves by torch's own layers in float32; the fast one is what ``handcraft refine --precision auto`` does:
bfloat16 where the machine has it, Winograd's way for the residual blocks. Both start from the same weights and see the
same batches in ``--steps`` steps, whose losses are compared; then they take turns, so that whatever else the machine
does meets both, and the shortest of ``--rounds`` counts.
"""

import argparse
import copy
import dataclasses
import json
import platform
import time
from collections.abc import Mapping, Sequence

import accelerate
import torch
from torch import nn

from handcraft.data import PreparedSet
from handcraft.networks import parameter_count
from handcraft.networks.reflected import ReflectedConvolution
from handcraft.randomness import generator_for
from handcraft.refine import CycleGANConfig, CycleGANLearner
from handcraft.training import Precision, make_accelerator

BATCH_SIZE, SIZE_PX, IMAGES = 8, 64, 64


def blobs(source: str, seed: int) -> PreparedSet:
    """Soft coloured spots: something to learn, without a data set."""
    coarse = torch.rand(IMAGES, 3, 5, 5, generator=generator_for(seed))
    images = nn.functional.interpolate(coarse, size=SIZE_PX, mode="bicubic").clamp(0, 1)
    return PreparedSet(
        keys=tuple(f"{source}-{number}" for number in range(IMAGES)), subjects=("nobody",) * IMAGES, source=source,
        is_real=False, images=(255 * images).round().byte(), masks=images[:, 0] > 0.5, keypoints_px=None,
        confidence=None, crops=torch.tensor([[0.0, 0.0, float(SIZE_PX)]]).repeat(IMAGES, 1), skipped=0,
    )  # fmt: skip


def learner(precision: Precision) -> CycleGANLearner:
    """Seed 000's CycleGAN with batches of 8."""
    config = dataclasses.replace(CycleGANConfig(), batch_size=BATCH_SIZE, precision=precision)
    return CycleGANLearner(blobs("spots", 0), blobs("other spots", 1), config, make_accelerator("cpu", precision))


def make_plain(learner: CycleGANLearner) -> None:
    """Undo what makes the step fast; the weights stay the same."""
    networks = learner.networks
    into_photographs = networks.photographed_from_rendered
    networks._photographed_from = lambda *images: tuple(into_photographs(each) for each in images)
    for descent in (learner.generators, learner.discriminators):
        for group in descent.optimiser.param_groups:
            group["fused"] = False
    for module in networks.modules():
        for name, child in module.named_children():
            if isinstance(child, ReflectedConvolution):
                plain = nn.Conv2d(
                    child.in_channels, child.out_channels, child.kernel_size, child.stride, child.padding,
                    bias=child.bias is not None, padding_mode="reflect",
                )  # fmt: skip
                plain.weight, plain.bias = child.weight, child.bias  # the optimisers hold these very weights
                setattr(module, name, plain)


def compared(plain: Sequence[Mapping[str, float]], fast: Sequence[Mapping[str, float]]) -> dict[str, object]:
    """Mean of every loss over the steps, both ways, and how far the means and the curves lie apart."""
    terms = ("adversarial_", "cycle_", "identity_", "discriminator_")  # not what is watched: accuracies and alarms
    names = [name for name in plain[0] if name.startswith(terms) and any(losses[name] for losses in plain)]
    means = {
        way: {name: sum(losses[name] for losses in curve) / len(curve) for name in names}
        for way, curve in (("plain", plain), ("fast", fast))
    }
    apart = {name: abs(means["fast"][name] - means["plain"][name]) / means["plain"][name] for name in names}
    largest = max(abs(b[name] - a[name]) / means["plain"][name] for a, b in zip(plain, fast, strict=True)
                  for name in names)  # fmt: skip
    return {
        "mean_losses_plain": {name: round(value, 5) for name, value in means["plain"].items()},
        "mean_losses_fast": {name: round(value, 5) for name, value in means["fast"].items()},
        "largest_relative_difference_of_means": round(max(apart.values()), 5),
        "largest_relative_difference_of_a_step": round(largest, 5),
    }


def main() -> None:
    """Compare the losses, measure both and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    learners = {"plain": learner("float32"), "fast": learner("auto")}
    make_plain(learners["plain"])
    weights = parameter_count(learners["fast"].networks.photographed_from_rendered)
    curves: dict[str, list[dict[str, float]]] = {name: [] for name in learners}
    times_s: dict[str, list[float]] = {name: [] for name in learners}
    for step in range(arguments.steps + arguments.rounds):
        for name, each in learners.items():
            began_s = time.perf_counter()
            losses = each.step(step)
            times_s[name].append(time.perf_counter() - began_s)
            curves[name].append(copy.copy(losses))
    best_s = {name: min(times[-arguments.rounds :]) for name, times in times_s.items()}
    print(json.dumps({
        "speedup": round(best_s["plain"] / best_s["fast"], 2),
        "plain_pairs_per_s": round(BATCH_SIZE / best_s["plain"], 2),
        "fast_pairs_per_s": round(BATCH_SIZE / best_s["fast"], 2),
        **compared(curves["plain"][: arguments.steps], curves["fast"][: arguments.steps]),
        "steps": arguments.steps, "rounds": arguments.rounds, "threads": arguments.threads,
        "generator_parameters": weights, "size_px": SIZE_PX, "batch_size": BATCH_SIZE,
        "fast_precision": str(learners["fast"].accelerator.mixed_precision),
        "platform": platform.platform(), "python": platform.python_version(), "torch": torch.__version__,
        "accelerate": accelerate.__version__,
    }))  # fmt: skip


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""``handcraft estimate hand``: train the hand network on renders made on the fly."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import torch
from tyro.conf import arg

from handcraft.cli.parse import parse, preset_from, with_defaults
from handcraft.cores import worker_count
from handcraft.errors import expect_at_least
from handcraft.estimate.hand import HAND_LAPTOP, HAND_PAPER, HAND_SHIPPED, HAND_SMOKE, HandNetConfig, train_hand_net

__all__ = ["EstimateHandCommand", "main"]

PRESETS: dict[str, HandNetConfig] = {
    "smoke": HAND_SMOKE,
    "laptop": HAND_LAPTOP,
    "shipped": HAND_SHIPPED,
    "paper": HAND_PAPER,
}

CROPS_A_SECOND = 85
"""Rendered, cut and trained on by one core, about: the shipped network's 704,000 took 1 h 42 min of one core, and half
of another that rendered (docs/model-card.md)."""


@dataclass(frozen=True)
class EstimateHandCommand:
    """How a hand network is trained; its data are rendered meanwhile."""

    out: Path
    """Run folder to write."""
    preset: Literal["smoke", "laptop", "shipped", "paper"] = "shipped"
    """What the other options default to."""
    resume: bool = False
    """Go on with the run in `--out`, if there is one."""
    workers: int = 0
    """Processes that render; 0 takes one per core."""
    config: Annotated[HandNetConfig, arg(name="")] = HAND_SHIPPED

    def __post_init__(self) -> None:
        expect_at_least(0, workers=self.workers)


def main(argv: list[str]) -> int:
    """Train, and say what comes next."""
    command = parse(
        with_defaults(EstimateHandCommand, config=preset_from(argv, PRESETS, "shipped")),
        argv,
        prog="handcraft estimate hand",
        description="Train the network that `handcraft predict` runs: a crop of a hand to keypoints, 3D joints, side, "
        "pose and shape. It sees renders only, which are made meanwhile and never stored.",
    )
    workers = worker_count(command.workers)
    print(_what_it_takes(command.config), file=sys.stderr)
    train_hand_net(command.config, command.out, workers=workers, resume=command.resume)
    print(f"Wrote {command.out}. Make it a file: handcraft export {command.out} hand.onnx")
    return 0


def _what_it_takes(config: HandNetConfig) -> str:
    """One line before a training that may take long."""
    crops = config.loop.steps * config.batch_size
    hours = crops / CROPS_A_SECOND / 3600
    if config.device != "cpu" and torch.cuda.is_available():
        return f"{crops:,} crops on the GPU, rendered meanwhile on the CPU."
    return (
        f"No GPU: {crops:,} crops take some {hours:.1f} hours on one core like the one that the "
        "shipped network was trained on; more cores shorten it, and a killed run goes on with --resume."
    )

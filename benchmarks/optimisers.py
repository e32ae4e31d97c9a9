# SPDX-License-Identifier: Apache-2.0
"""Muon against AdamW: the hand network from the same fresh weights, on the same crops of the same renders. One JSON.

    python benchmarks/optimisers.py [--steps 400] [--renders 4096] [--seed 0] [--threads 1]

Losses are means over every hundred steps; 3D errors are of the averaged network on renders that are in no batch; the
rates are each one's own, and what is drawn (crops, mirrors, colours) is the same for both. Times are of steps alone.
"""

import argparse
import dataclasses
import json
import time
from typing import Any

import torch

from handcraft.data.rendered import RenderedSet
from handcraft.estimate.hand import HAND_SHIPPED, HandNetConfig, StreamConfig
from handcraft.estimate.hand.examples import HandExamples, examples_from, joined
from handcraft.estimate.hand.feeds import PhotographFeed
from handcraft.estimate.hand.learner import WEIGHTS_STREAM, HandLearner, adamw, make_hand_net
from handcraft.randomness import generator_for
from handcraft.training import LoopConfig, make_accelerator

ADAMW_RATE = 2e-3
"""What the hand network was trained at before it was trained by Muon."""
TOLD_EVERY = 100
HELD_OUT = 400


class WithAdamW(HandLearner):
    """As before."""

    def new_optimiser(self) -> torch.optim.Optimizer:
        """AdamW for all weights."""
        return adamw(self.network, self.config)


def rendered(count: int, seed: int) -> HandExamples:
    """Renders of the training stream."""
    scenes = StreamConfig(block=count).scenes()
    sets = [RenderedSet(scene, seed + place, share) for place, (scene, share) in enumerate(scenes)]
    return joined([batch for each in sets for batch in each.map_batches(examples_from)])


def trained(
    kind: type[HandLearner], config: HandNetConfig, renders: HandExamples, held_out: HandExamples
) -> dict[str, Any]:
    """Losses, errors and the time of a step."""
    network = make_hand_net(config, generator=generator_for(config.seed, WEIGHTS_STREAM))
    feed = PhotographFeed(renders, config.batch_size, config.seed)
    accelerator = make_accelerator(config.device, config.precision)
    learner = kind(network, feed, held_out, config, accelerator, held_out=held_out)
    curve, losses, seconds = [], [], 0.0
    for step in range(config.loop.steps):
        begin = time.perf_counter()
        losses.append(learner.step(step)["loss"])
        seconds += time.perf_counter() - begin
        if (step + 1) % TOLD_EVERY == 0 or step + 1 == config.loop.steps:
            curve.append({"step": step + 1, "loss": sum(losses) / len(losses), **learner.validate()})
            losses = []
    return {"rate": config.learning_rate, "seconds_a_step": seconds / config.loop.steps, "curve": curve}


def main() -> None:
    """Train with both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--renders", type=int, default=4096)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    muon = dataclasses.replace(
        HAND_SHIPPED, decay_share=0.0, warm_up_steps=50, seed=arguments.seed, loop=LoopConfig(arguments.steps)
    )
    adamw = dataclasses.replace(muon, learning_rate=ADAMW_RATE)
    renders = rendered(arguments.renders, 10 * arguments.seed)
    held_out = rendered(HELD_OUT, 10 * arguments.seed + 5)
    told = {
        "adamw": trained(WithAdamW, adamw, renders, held_out),
        "muon": trained(HandLearner, muon, renders, held_out),
    }
    scale = {"renders": arguments.renders, "batch_size": muon.batch_size, "seed": arguments.seed}
    print(json.dumps({**scale, "threads": arguments.threads, "optimisers": told}, indent=2))


if __name__ == "__main__":
    main()

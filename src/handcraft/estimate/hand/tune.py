# SPDX-License-Identifier: Apache-2.0
"""Trains a trained hand network on: with the user's labelled photographs, with renders that look like them, or both.

Statistics of batch normalisation stay as they were learned and only its weights move: a few hundred small batches,
half of them one person's photographs, would spoil them, and what an ONNX file has folded away is not there to be moved.
"""

import copy
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.estimate.hand.examples import HandExamples, joined
from handcraft.estimate.hand.export import DATA
from handcraft.estimate.hand.feeds import AS_RENDERED, HandFeed, MixedFeed, PhotographFeed, RenderFeed, RenderLook
from handcraft.estimate.hand.learner import HandLearner, adamw
from handcraft.estimate.hand.photographs import LabelledPhotographs
from handcraft.estimate.hand.start import HandStart
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.estimate.hand.tune_config import HandTuneConfig
from handcraft.estimate.render_blocks import RenderBlocks, leaves_cores_free
from handcraft.training import RunFolder, make_accelerator, train

SHOWN = 12
"""Renders, and as many photographs, in the pictures of a run."""


class HandTuner(HandLearner):
    """Goes on training a network, whose batch statistics stay."""

    def new_optimiser(self) -> torch.optim.Optimizer:
        """AdamW: what fine-tuning buys was measured with it."""
        return adamw(self.network, self.config)

    def set_mode(self) -> None:
        """Evaluation mode: nothing follows the batch."""
        self.network.eval()


@dataclass(frozen=True)
class _Mixture:
    """What the batches are made of."""

    config: HandTuneConfig
    stream: StreamConfig
    photographs: LabelledPhotographs | None
    look: RenderLook

    @property
    def photographs_per_step(self) -> int:
        return self.config.photographs_per_step() if self.photographs else 0

    @property
    def renders_per_step(self) -> int:
        return self.config.batch_size - self.photographs_per_step

    def inputs(self, start: HandStart) -> dict[str, Any]:
        """For ``run.json``: all that made the run and is not in its configuration."""
        shown = self.photographs.described() if self.photographs else {}
        return {
            "start": start.described,
            "photographs": {**shown, "share": self.photographs_per_step / self.config.batch_size} if shown else None,
            "refiner": dict(self.look.described) or None,
            "source": self._words(),
            "is_real": bool(self.photographs_per_step and self.photographs and self.photographs.is_real),
        }

    def told(self, start: HandStart) -> dict[str, Any]:
        """For an exported file."""
        known = {"sha256": start.described["sha256"], "steps": start.described["steps"]}
        return {"data": self._words(), "fine_tuned_from": known}

    def _words(self) -> str:
        words = []
        if self.photographs and self.photographs_per_step:
            kind = "photographs" if self.photographs.is_real else "pictures"
            words.append(f"{len(self.photographs)} labelled {kind} ({', '.join(self.photographs.sources)})")
        if self.renders_per_step:
            words.append(DATA + (f", refined ({self.look.described['kind']})" if self.look.described else ""))
        return " and ".join(words)

    def shown(self) -> HandExamples:
        """What the pictures of the run show."""
        parts = []
        if self.photographs and self.photographs_per_step:
            parts.append(PhotographFeed(self.photographs.examples, SHOWN, self.config.seed).at(0, **_ALONE))
        if self.renders_per_step:
            scene, _ = self.stream.scenes()[0]
            renders = list(RenderedSet(scene, self.config.seed, SHOWN))
            parts.append(self.look.join([self.look.make(renders)]))
        return joined(parts)

    def feed(self, accelerator: Accelerator, context: ExitStack, workers: int) -> HandFeed:
        """Where batches come from; what must be ended is entered into ``context``."""
        config = self.config
        feeds: list[HandFeed] = []
        if self.renders_per_step:
            blocks = RenderBlocks(
                self.stream.scenes(), seed=config.seed, make=self.look.make, join=self.look.join,
                workers=workers, ahead=leaves_cores_free(accelerator.device),
            )  # fmt: skip
            entered = context.enter_context(blocks)
            feeds.append(RenderFeed(entered, self.renders_per_step, self.stream.passes, config.seed))
        if self.photographs and self.photographs_per_step:
            feeds.append(PhotographFeed(self.photographs.examples, self.photographs_per_step, config.seed))
        return MixedFeed(feeds)


_ALONE = {"process_index": 0, "num_processes": 1}


def tune_hand_net(
    start: HandStart,
    config: HandTuneConfig,
    run_path: Path,
    *,
    photographs: LabelledPhotographs | None = None,
    look: RenderLook = AS_RENDERED,
    workers: int = 1,
    resume: bool = False,
    progress: bool = True,
) -> None:
    """Train on from ``start`` into the folder ``run_path``, whose checkpoint is a hand network's like any other.

    Args:
        start: is left as it is.
        config: how.
        run_path: a new folder, or with ``resume`` that of a run that was killed.
        photographs: squares of ``config.stream.render_px``; without any, all of each batch are renders.
        look: what is done to renders.
        workers: processes that render.
        resume: go on from the last checkpoint, and end where the run would have ended.
        progress: show a bar.

    Raises:
        HandcraftError: a folder in use, a resumed run with another start, configuration, set or refiner, photographs
            of another size than the renders, or renders of a hand with another shape than the start's.
    """
    if photographs and (size := photographs.examples.images.shape[-1]) != config.stream.render_px:
        raise HandcraftError(f"Expected photographs of {config.stream.render_px} px, as the renders, but got {size}.")
    is_labelled = photographs is not None and config.photographs_per_step() > 0
    continuing = config.continuing(start.config, is_labelled=is_labelled)
    if continuing.stream.shape_names != start.config.stream.shape_names:
        raise HandcraftError(
            f"Expected renders of the hand that {start.described['name']} knows, but got {continuing.stream.mano}; "
            "leave `--stream.mano` away."
        )
    accelerator = make_accelerator(config.device, config.precision)
    mixture = _Mixture(config, continuing.stream, photographs, look)
    run = RunFolder.create(
        run_path,
        stage="estimate hand",
        config=continuing.without_loop(),
        seed=config.seed,
        inputs=mixture.inputs(start),
        resume=resume,
        is_main_process=accelerator.is_main_process,
    )
    with ExitStack() as context:
        feed = mixture.feed(accelerator, context, workers)
        network = copy.deepcopy(start.network)
        learner = HandTuner(network, feed, mixture.shown(), continuing, accelerator, told=mixture.told(start))
        train(learner, config.loop, run, resume=resume, progress=progress)

# SPDX-License-Identifier: Apache-2.0
"""How a trained hand network is trained on, as one value; the presets are such values."""

from dataclasses import dataclass, field, replace

from handcraft.errors import HandcraftError, expect_at_least
from handcraft.estimate.hand.config import HandNetConfig
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.training import Device, LoopConfig, Precision

DECAY_SHARE = 0.99
"""The rate falls along half a cosine from the first step on, but for what rounding leaves."""


@dataclass(frozen=True)
class HandTuneConfig:
    """Configuration of fine-tuning; crops, losses and the network itself are those of the start.

    Raises:
        HandcraftError: values that cannot be trained with.
    """

    stream: StreamConfig = field(default_factory=lambda: StreamConfig(block=512))
    photograph_share: float = 0.5
    """Of each batch; the rest are renders, so that what photographs do not tell (depth, pose, shape) is kept."""
    batch_size: int = 64
    learning_rate: float = 2e-4
    """Peak, with labelled photographs; reached after ``warm_up_steps``, then it falls to 0."""
    unlabelled_learning_rate: float = 5e-5
    """Peak without any: a gentler one keeps more of what the network reads photographs by."""
    warm_up_steps: int = 30
    ema_decay: float = 0.99
    """Of the average of weights that is used and exported."""
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    """Of training; exported networks compute in float32."""
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(600, 20, 100, 200))

    def __post_init__(self) -> None:
        expect_at_least(2, batch_size=self.batch_size)
        if not 0 <= self.photograph_share <= 1:
            raise HandcraftError(f"Expected `photograph_share` to be from 0 to 1, but got {self.photograph_share}.")
        for is_labelled in (True, False):
            self.continuing(HandNetConfig(), is_labelled=is_labelled)  # checks the rest

    def continuing(self, start: HandNetConfig, *, is_labelled: bool) -> HandNetConfig:
        """What a checkpoint of the run records: the network of ``start``, trained as this says.

        ``is_labelled`` if there are labelled photographs in its batches.

        MANO's hand stays MANO's: its file is the one of the start unless this names another.
        """
        return replace(
            start,
            stream=replace(self.stream, mano=self.stream.mano or start.stream.mano),
            batch_size=self.batch_size,
            learning_rate=self.learning_rate if is_labelled else self.unlabelled_learning_rate,
            warm_up_steps=self.warm_up_steps,
            decay_share=DECAY_SHARE,
            ema_decay=self.ema_decay,
            seed=self.seed,
            device=self.device,
            precision=self.precision,
            loop=self.loop,
        )

    def photographs_per_step(self) -> int:
        """Photographs in each batch, where there are any: one at least, and one render at least, unless 0 or 1."""
        count = round(self.photograph_share * self.batch_size)
        lowest, highest = int(self.photograph_share > 0), self.batch_size - int(self.photograph_share < 1)
        return min(max(count, lowest), highest)


TUNE_SMOKE = HandTuneConfig(
    stream=StreamConfig(render_px=48, block=64, passes=1),
    batch_size=16,
    warm_up_steps=1,
    precision="float32",
    loop=LoopConfig(4, 2, 2, 4),
)
"""Seconds: shows that everything runs, learns nothing."""

TUNE_LAPTOP = HandTuneConfig()
"""38,400 crops."""

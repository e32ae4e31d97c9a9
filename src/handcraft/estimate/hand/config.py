# SPDX-License-Identifier: Apache-2.0
"""What the hand network is and how it is trained, as one value; the presets are such values."""

import math
from dataclasses import dataclass, field, replace

from handcraft.errors import HandcraftError, expect_above, expect_at_least, expect_below_one
from handcraft.estimate.hand.crops import HandCropConfig
from handcraft.estimate.hand.losses import HandLossWeights
from handcraft.estimate.hand.stream import StreamConfig
from handcraft.training import Device, LoopConfig, Precision
from handcraft.training.recorded import Recorded


@dataclass(frozen=True)
class HandNetConfig(Recorded):
    """Configuration of a hand network and its training.

    Raises:
        HandcraftError: values that cannot be trained with.
    """

    image_px: int = 96
    """Side of the crops it sees; a multiple of 16."""
    widths: tuple[int, int, int, int] = (24, 40, 80, 160)
    """Channels at a half, a quarter, an eighth and a sixteenth of the crop's size."""
    blocks: tuple[int, int, int] = (1, 2, 3)
    """Residual blocks at a quarter, an eighth and a sixteenth."""
    stream: StreamConfig = field(default_factory=StreamConfig)
    crops: HandCropConfig = field(default_factory=HandCropConfig)
    weights: HandLossWeights = field(default_factory=HandLossWeights)
    batch_size: int = 64
    learning_rate: float = 6e-3
    """Peak, of Muon; reached after ``warm_up_steps`` and kept until the decay."""
    warm_up_steps: int = 300
    decay_share: float = 0.6
    """Share of all steps, at the end, over which the rate falls to 0 along half a cosine. A finished run can be
    resumed with more steps: the rate is back at its peak, and falls at the new end."""
    weight_decay: float = 0.02
    ema_decay: float = 0.999
    """Of the average of weights that is used and exported."""
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    """Of training; exported networks compute in float32."""
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(11_000, 20, 100, 2_000))

    def __post_init__(self) -> None:
        expect_at_least(1, batch_size=self.batch_size, warm_up_steps=self.warm_up_steps, width=min(self.widths))
        expect_at_least(0, weight_decay=self.weight_decay)
        expect_above(0, learning_rate=self.learning_rate)
        expect_below_one(ema_decay=self.ema_decay, decay_share=self.decay_share)
        if self.image_px % 16 or self.image_px < 32:
            raise HandcraftError(f"Expected `image_px` to be a multiple of 16 from 32 on, but got {self.image_px}.")

    def rate_at(self, step: int) -> float:
        """The learning rate of step number ``step`` (0, 1, ...)."""
        decay = max(1, round(self.decay_share * self.loop.steps))
        left = min(1.0, max(0.0, (self.loop.steps - step) / decay))
        return self.learning_rate * min(1.0, (step + 1) / self.warm_up_steps) * 0.5 * (1 - math.cos(math.pi * left))


HAND_SMOKE = HandNetConfig(
    image_px=32,
    widths=(4, 8, 8, 16),
    blocks=(1, 1, 1),
    stream=StreamConfig(render_px=48, block=64, passes=1),
    batch_size=16,
    warm_up_steps=2,
    precision="float32",
    loop=LoopConfig(4, 2, 2, 4),
)
"""Seconds: shows that everything runs, learns nothing."""

HAND_LAPTOP = HandNetConfig(loop=LoopConfig(3_000, 50, 250, 1_000))
"""192,000 crops."""

HAND_SHIPPED = HandNetConfig()
"""What the network in the package was trained as, but for its rate in a tenth of the steps (docs/model-card.md)."""

HAND_PAPER = replace(
    HAND_SHIPPED, stream=StreamConfig(block=4096), batch_size=256, loop=LoopConfig(200_000, 100, 1_000, 5_000)
)
"""For a GPU: 51 million crops."""

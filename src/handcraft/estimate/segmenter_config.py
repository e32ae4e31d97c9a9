# SPDX-License-Identifier: Apache-2.0
"""What a hand segmenter is and how it is trained, as one value; the presets are such values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.estimate.augment import AugmentConfig
from handcraft.estimate.degrade import DegradeConfig
from handcraft.training import Device, LoopConfig, Precision


@dataclass(frozen=True)
class SegmenterConfig:
    """Configuration of a hand segmenter and its training."""

    image_px: int = 96
    """Side of the square the network works in; pictures of any shape are fitted into it."""
    width: int = 16
    """Channels at half size; they double with each halving."""
    depth: int = 4
    """Halvings from half size on."""
    augment: AugmentConfig = field(default_factory=lambda: AugmentConfig(rotation_deg=180.0, scale=1.6, shift=0.15))
    """How training images are moved: hands of every size, everywhere."""
    degrade: DegradeConfig = field(default_factory=DegradeConfig)
    """How training images are recoloured, blurred and made noisy: what makes renders stand in for photographs."""
    zoom: bool = True
    """Look again at the square around the hand that the first look found; finds the outline of small hands."""
    zoom_scale: float = 2.4
    """Side of that square over the square root of the hand's area; near what the training images show."""
    steps: int = 500
    batch_size: int = 16
    learning_rate: float = 3e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 0.01
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    log_every: int = 20
    checkpoint_every: int = 200
    draw_every: int = 200

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, width=self.width, depth=self.depth, steps=self.steps, batch_size=self.batch_size)
        expect_at_least(0, weight_decay=self.weight_decay)
        expect_above(0, learning_rate=self.learning_rate)
        expect_above(1, zoom_scale=self.zoom_scale)
        if self.image_px % 2 or self.image_px < 2 ** (self.depth + 1):
            raise HandcraftError(
                f"Expected `image_px` to be even and at least {2 ** (self.depth + 1)} for `depth` {self.depth}, "
                f"but got {self.image_px}."
            )

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SegmenterConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            parts = {"augment": AugmentConfig(**data["augment"]), "degrade": DegradeConfig(**data["degrade"])}
            return cls(**{**data, **parts})
        except (TypeError, KeyError) as error:
            raise HandcraftError(f"Expected the configuration of a segmenter, but it does not fit: {error}.") from error


SEGMENTER_SMOKE = SegmenterConfig(
    image_px=32, width=4, depth=2, steps=4, batch_size=8, log_every=2, checkpoint_every=2, draw_every=4,
    precision="float32",
)  # fmt: skip
"""Seconds: shows that everything runs, learns nothing."""

SEGMENTER_LAPTOP = SegmenterConfig()
"""500 steps of 16: 59 s of one CPU core with bfloat16 instructions (AMD EPYC), less on two."""

SEGMENTER_PAPER = SegmenterConfig(image_px=192, width=32, steps=20_000, batch_size=32, precision="float32")
"""For a GPU. Seed 000 takes masks from the data sets' labels, so there is no published figure for this."""

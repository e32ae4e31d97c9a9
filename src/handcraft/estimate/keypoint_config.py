# SPDX-License-Identifier: Apache-2.0
"""What a keypoint estimator is and how it is trained, as one value; the presets are such values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.estimate.augment import AugmentConfig
from handcraft.training import Device, LoopConfig, Precision
from handcraft.training.schedule import Schedule


@dataclass(frozen=True)
class KeypointConfig:
    """Configuration of a keypoint estimator and its training."""

    network: Literal["compact", "posenet"] = "compact"
    """``compact`` learns in seconds of CPU time; ``posenet`` is the 17.5 M parameter network of hand3d."""
    image_px: int = 64
    """Side of the network's input; images of another size are resampled."""
    width: int = 24
    """Channels of the compact network at half size (``posenet`` has its own)."""
    input: Literal["colour", "normalised"] = "colour"
    """``normalised`` passes every image through ``normalise_colour``, when training and when predicting."""
    augment: AugmentConfig = field(default_factory=lambda: AugmentConfig(mirror=False))
    """How training images are moved and recoloured; crops show right hands, so they are not mirrored."""
    steps: int = 500
    """Training steps; the learning rate follows them."""
    batch_size: int = 32
    learning_rate: float = 3e-3
    """Peak learning rate."""
    schedule: Schedule = "one_cycle"
    weight_decay: float = 0.05
    """Decoupled (AdamW); 0 makes it Adam."""
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "auto"
    """Of training; prediction is always float32. On CPUs that have bfloat16 it trains about 1.5 times faster."""
    log_every: int = 20
    checkpoint_every: int = 200
    draw_every: int = 200

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, width=self.width, steps=self.steps, batch_size=self.batch_size)
        expect_at_least(0, weight_decay=self.weight_decay)
        expect_above(0, learning_rate=self.learning_rate)
        if self.image_px % 16 or self.image_px < 32:
            raise HandcraftError(f"Expected `image_px` to be a multiple of 16 from 32 on, but got {self.image_px}.")

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "KeypointConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            return cls(**{**data, "augment": AugmentConfig(**data["augment"])})
        except (TypeError, KeyError) as error:
            raise HandcraftError(
                f"Expected the configuration of a keypoint estimator, but it does not fit: {error}."
            ) from error


KEYPOINTS_SMOKE = KeypointConfig(
    image_px=32, width=8, steps=4, batch_size=8, log_every=2, checkpoint_every=2, draw_every=4, precision="float32"
)
"""Seconds: shows that everything runs, learns nothing."""

KEYPOINTS_LAPTOP = KeypointConfig()
"""800 steps of 32: 53 s of one CPU core with bfloat16 instructions (AMD EPYC), less on two."""

KEYPOINTS_PAPER = KeypointConfig(
    network="posenet",
    image_px=256,
    augment=AugmentConfig(rotation_deg=0.0, scale=1.0, shift=0.0, mirror=False),
    steps=30_000,
    batch_size=8,
    learning_rate=1e-4,
    schedule="thirds",
    weight_decay=0.0,
    precision="float32",
    log_every=100,
    checkpoint_every=1_000,
    draw_every=1_000,
)
"""Seed 000 with hand3d's schedule: 30,000 steps of batch 8. Expected on FreiHAND's crops: mean EPE 16.2 to 16.9 px at
the crop's size, AUC(0..30 px) 0.46 to 0.48 (seed 000, table 4.1). The seed fed ground-truth crops and is silent about
augmentation, so there is none."""

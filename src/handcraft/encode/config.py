# SPDX-License-Identifier: Apache-2.0
"""How the hand encoder is trained, as one value; the presets are such values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.training import Device, LoopConfig, Precision


@dataclass(frozen=True)
class HandEncoderConfig:
    """Configuration of the hand encoder's training; its network is always the same one."""

    image_px: int = 64
    """Side of the crops; the vector of an image of another size is that of the image brought to this one."""
    photographic_count: int = 10_000
    """Rendered hands with the photographic look."""
    plain_count: int = 3_000
    """And with the plain one."""
    parts_weight: float = 1.0
    """Cross-entropy of the part map, read from the maps at a quarter of the size and below."""
    damage_weight: float = 4.0
    """Squared error of the strengths of damage, read from the vector, as the following are."""
    pose_weight: float = 1.0
    """Squared error of angles, each from -1 to 1 over the joint's range."""
    view_weight: float = 1.0
    """Squared error of the hand's axes as the camera sees them."""
    tone_weight: float = 1.0
    """Squared error of the skin tone, from -1 to 1 over the Monk scale; where the look has human skin."""
    look_weight: float = 0.3
    """Cross-entropy of plain against photographic."""
    steps: int = 800
    batch_size: int = 64
    learning_rate: float = 4e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 0.01
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "float32"
    log_every: int = 20
    checkpoint_every: int = 200
    draw_every: int = 400

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, steps=self.steps, photographic_count=self.photographic_count, plain_count=self.plain_count)
        expect_at_least(2, batch_size=self.batch_size)
        expect_above(0, learning_rate=self.learning_rate)
        expect_at_least(
            0, weight_decay=self.weight_decay, parts_weight=self.parts_weight, damage_weight=self.damage_weight,
            pose_weight=self.pose_weight, view_weight=self.view_weight, tone_weight=self.tone_weight,
            look_weight=self.look_weight,
        )  # fmt: skip
        if self.image_px % 16 or self.image_px < 32:
            raise HandcraftError(f"Expected `image_px` to be a multiple of 16 from 32 on, but got {self.image_px}.")

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "HandEncoderConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            return cls(**data)
        except TypeError as error:
            raise HandcraftError(
                f"Expected the configuration of a hand encoder, but it does not fit: {error}."
            ) from error


HAND_ENCODER_SMOKE = HandEncoderConfig(
    image_px=32, photographic_count=16, plain_count=16, steps=4, batch_size=8, log_every=2, checkpoint_every=2,
    draw_every=4,
)  # fmt: skip
"""Seconds: shows that everything runs, learns nothing."""

HAND_ENCODER_SHIPPED = HandEncoderConfig(device="cpu")
"""What the weights in the package were trained with."""

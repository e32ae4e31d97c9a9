# SPDX-License-Identifier: Apache-2.0
"""What a model-based regressor is and how it is trained, as one value; the presets are such values (``presets``)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from handcraft.errors import HandcraftError, expect_above, expect_at_least, expect_below_one
from handcraft.estimate.augment import AugmentConfig
from handcraft.estimate.regressor.camera import CameraConvention
from handcraft.estimate.regressor.losses import ShapeLoss
from handcraft.estimate.regressor.targets import Supervision
from handcraft.training import Device, LoopConfig, Precision
from handcraft.training.schedule import Schedule

EncoderName = Literal["compact", "resnet50", "densenet121", "inception_v3"]


@dataclass(frozen=True)
class RegressorConfig:
    """Configuration of a regressor and its training.

    Raises:
        HandcraftError: what cannot be built or trained.
    """

    encoder: EncoderName = "compact"
    """``compact`` is handcraft's own small trunk; the others are timm's (extra `backbones`)."""
    start: Literal["random", "pretrained"] = "random"
    """``pretrained`` starts the encoder from the file `weights`."""
    weights: Path | None = None
    """Your own file of the encoder's weights, as torchvision or timm name them; nothing is ever downloaded."""
    frozen: bool = False
    """The encoder learns nothing, and its batch normalisation keeps the statistics it came with."""
    hand: Literal["anny", "mano"] = "anny"
    """Whose pose and shape are regressed."""
    mano: Path | None = None
    """Your own `MANO_RIGHT.pkl` or `MANO_LEFT.pkl`, for `hand` mano."""
    image_px: int = 64
    """Side of the crops as the encoder sees them."""
    width: int = 24
    """Channels of the compact trunk at half size (the others have their own)."""
    hidden: int = 256
    """Width of the feedback's two hidden layers."""
    dropout: float = 0.0
    """Share of their values left out in training."""
    iterations: int = 3
    """Steps of iterative error feedback, with shared weights (T)."""
    last_gain: float = 0.01
    """Gain of the last layer's start: how little the first steps leave the mean hand."""
    camera: CameraConvention = "s(X+t)"
    """How scale and shift make places of a hand: ``s(X+t)`` as HMR and seed 001's code, ``sX+t`` as its eq 2.4. X in
    decimetres, places -1 to 1 over the crop; the vector holds the logarithm of s, which stays above zero so."""
    fill: float = 0.75
    """Share of the crop that the mean hand's longer side takes before the first step: the scale's start."""
    roll_deg: float = 0.0
    """How far the mean hand is turned before the first step from fingers up, clockwise."""
    supervision: Supervision = "keypoints"
    """``keypoints`` compares all 21; ``joints`` seed 001's 16, without fingertips."""
    thumb_cmc_certainty: float = 1.0
    """Certainty of the thumb's first joint, where it is labelled; 0.2 for labels of other hands than `hand`."""
    reprojection_weight: float = 100.0
    """w of eq 6.1; counts once."""
    shape_loss: ShapeLoss = "l1"
    augment: AugmentConfig = field(default_factory=lambda: AugmentConfig(mirror=False))
    """How training images are moved and recoloured; crops show right hands, so they are not mirrored."""
    steps: int = 1500
    """Training steps; the learning rate follows them."""
    batch_size: int = 32
    learning_rate: float = 2e-3
    """Peak learning rate (Adam)."""
    schedule: Schedule = "one_cycle"
    weight_decay: float = 1e-4
    """Of Adam: added to the gradient."""
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "float32"
    """Of the encoder in training; the feedback and the hand are always in float32."""
    log_every: int = 20
    validate_every: int = 500
    """Steps between two looks at the whole validation set, in evaluation mode."""
    checkpoint_every: int = 200
    draw_every: int = 500

    def __post_init__(self) -> None:
        """Refuse what cannot be built or trained."""
        expect_at_least(
            1, width=self.width, hidden=self.hidden, iterations=self.iterations, steps=self.steps,
            batch_size=self.batch_size,
        )  # fmt: skip
        expect_at_least(0, weight_decay=self.weight_decay, last_gain=self.last_gain)
        expect_above(
            0, learning_rate=self.learning_rate, reprojection_weight=self.reprojection_weight, fill=self.fill
        )  # fmt: skip
        expect_below_one(dropout=self.dropout)
        if not 0 <= self.thumb_cmc_certainty <= 1:
            raise HandcraftError(
                f"Expected `thumb_cmc_certainty` to be from 0 to 1, but got {self.thumb_cmc_certainty}."
            )
        if self.image_px % 16 or self.image_px < 32:
            if self.encoder == "compact":
                raise HandcraftError(f"Expected `image_px` to be a multiple of 16 from 32 on, but got {self.image_px}.")
            expect_at_least(32, image_px=self.image_px)
        if self.encoder == "compact" and self.start == "pretrained":
            raise HandcraftError(
                "Expected `start` to be random for the compact encoder, but got pretrained; nobody has trained it."
            )

    @property
    def loop(self) -> LoopConfig:
        """The loop's share of the configuration."""
        return LoopConfig(self.steps, self.log_every, self.checkpoint_every, self.draw_every, self.validate_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "RegressorConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            files = {name: None if data[name] is None else Path(data[name]) for name in ("weights", "mano")}
            return cls(**{**data, **files, "augment": AugmentConfig(**data["augment"])})
        except (TypeError, KeyError) as error:
            raise HandcraftError(f"Expected the configuration of a regressor, but it does not fit: {error}.") from error

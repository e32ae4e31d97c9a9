# SPDX-License-Identifier: Apache-2.0
"""What a domain classifier is and how it is trained, as one value; the presets are such values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from handcraft.errors import HandcraftError, expect_above, expect_at_least
from handcraft.training import Device, LoopConfig, Precision
from handcraft.training.schedule import Schedule

PATCH_PX = 8


@dataclass(frozen=True)
class DomainConfig:
    """Configuration of a domain classifier and its training."""

    network: Literal["small", "vit_small", "vit_base"] = "small"
    """``small`` is handcraft's own vision transformer and learns from scratch; the others are timm's, at 224 px, and
    need weights to start from."""
    weights: Path | None = None
    """The file that timm's network starts from, with timm's names; none for ``small``."""
    image_px: int = 64
    """Side of the input of ``small``; images of another size are resampled."""
    width: int = 128
    """Values of a token of ``small``, a multiple of 32."""
    depth: int = 6
    """Blocks of ``small``."""
    turned: bool = True
    """Turn and mirror training images by quarter turns: no pixel is resampled, so nothing of their look is lost, and
    how people hold their hands before a camera gives no domain away."""
    epochs: int = 20
    """Passes over as many images as there are; every batch has as many images of each domain."""
    batch_size: int = 48
    """Rounded down to a multiple of the number of domains."""
    learning_rate: float = 1e-3
    """Peak learning rate of AdamW."""
    schedule: Schedule = "one_cycle"
    weight_decay: float = 0.05
    seed: int = 0
    device: Device = "auto"
    precision: Precision = "float32"
    log_every: int = 20
    checkpoint_every: int = 200
    draw_every: int = 400

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        expect_at_least(1, epochs=self.epochs, depth=self.depth, width=self.width)
        expect_at_least(2, batch_size=self.batch_size)
        expect_at_least(0, weight_decay=self.weight_decay)
        expect_above(0, learning_rate=self.learning_rate)
        if self.network == "small" and self.weights is not None:
            raise HandcraftError(f"Expected no `weights` for `network` small, but got {self.weights}; leave them out.")
        if self.image_px % PATCH_PX or self.image_px < 2 * PATCH_PX:
            raise HandcraftError(f"Expected `image_px` to be a multiple of 8 from 16 on, but got {self.image_px}.")

    def loop_for(self, count: int) -> LoopConfig:
        """The loop's share of the configuration, for ``count`` training images."""
        steps = max(1, round(self.epochs * count / self.batch_size))
        return LoopConfig(steps, self.log_every, self.checkpoint_every, self.draw_every)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DomainConfig":
        """The configuration a run folder or checkpoint remembers."""
        try:
            weights = None if data["weights"] is None else Path(data["weights"])
            return cls(**{**data, "weights": weights})
        except (TypeError, KeyError) as error:
            raise HandcraftError(
                f"Expected the configuration of a domain classifier, but it does not fit: {error}."
            ) from error


DOMAINS_SMOKE = DomainConfig(
    image_px=32, width=32, depth=1, epochs=1, batch_size=6, log_every=2, checkpoint_every=2, draw_every=4
)
"""Seconds: shows that everything runs, learns next to nothing."""

DOMAINS_LAPTOP = DomainConfig()
"""handcraft's own small transformer from scratch."""

DOMAINS_PAPER = DomainConfig(
    network="vit_base",
    turned=False,
    epochs=20,
    batch_size=32,
    learning_rate=1e-5,
    schedule="constant",
    precision="auto",
    log_every=100,
    checkpoint_every=1_000,
    draw_every=1_000,
)
"""Seed 002, section IV-D: 20 epochs at a learning rate of 1e-5, with 10,500 training and 3,500 test images a class. It
does not say which patch size, weights, optimiser and batch; so low a rate is one of fine-tuning: name `weights`."""

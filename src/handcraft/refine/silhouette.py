# SPDX-License-Identifier: Apache-2.0
"""The network that sees a hand's silhouette, and the loss that keeps translated hands in theirs (GeoConGAN).

After Mueller et al. 2018 and seed 002, which calls it SilNet: a U-Net trained on both domains before the generators,
then frozen. In contrast to public re-implementations: the loss reaches the generator (one computed it without
gradients), the target may be the mask a render comes with, and nothing in the network can drift while generators train,
for it normalises in groups and keeps no running statistics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import expect_at_least
from handcraft.networks import UNet, initialise_kaiming
from handcraft.refine.optimising import OptimiserConfig
from handcraft.training import LoopConfig, Precision
from handcraft.training.recorded import Recorded
from handcraft.training.run_files import load_trained

SILHOUETTE_KIND = "silhouette"
"""The kind of its checkpoints."""


@dataclass(frozen=True)
class SilhouetteConfig(Recorded):
    """A silhouette network and how it is trained.

    The defaults have seed 002's channels (64, 128, 256) and batches; the publications tell no number of steps, and
    their RMSprop has given way to the Adam that all refiners here share.

    Raises:
        HandcraftError: a value outside its range.
    """

    width: int = 64
    """Channels at full size; they double with each halving."""
    depth: int = 2
    """Halvings."""
    batch_size: int = 8
    """Images a step, all of one domain, over all processes together."""
    optimiser: OptimiserConfig = field(default_factory=lambda: OptimiserConfig(learning_rate=1e-3, beta1=0.9))
    precision: Precision = "float32"
    seed: int = 0
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(steps=10_000))

    def __post_init__(self) -> None:
        """Refuse values that cannot be trained with."""
        expect_at_least(1, width=self.width, batch_size=self.batch_size)
        expect_at_least(0, depth=self.depth)


SILHOUETTE_SMOKE = SilhouetteConfig(
    width=4, depth=1, batch_size=4, loop=LoopConfig(steps=6, log_every=2, checkpoint_every=3, draw_every=6)
)
"""Seconds, to see that everything runs."""

SILHOUETTE_LAPTOP = SilhouetteConfig(
    width=16,
    batch_size=8,
    precision="auto",
    loop=LoopConfig(steps=300, log_every=10, checkpoint_every=100, draw_every=300),
)
"""About 22 s of one CPU core with bfloat16 instructions at 64 pixels (0.07 s a step), 40 s without them; a quarter of
the published width."""

SILHOUETTE_PAPER = SilhouetteConfig()
"""Seed 002's network."""


class SilhouetteNetwork(nn.Module):
    """Where the hand is in an image of either domain: one logit a pixel, above 0 on the hand.

    Its answer for an image depends on that image only, in training as in evaluation mode.

    Args:
        width: channels at full size; they double with each halving.
        depth: halvings.
        generator: of the fresh weights.
    """

    def __init__(self, *, width: int, depth: int, generator: torch.Generator) -> None:
        super().__init__()
        self.unet = UNet(3, 1, width, depth)
        initialise_kaiming(self, generator=generator)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch height width"]:
        """Logits for images in [-1, 1] of any size, as generators give them."""
        return self.unet(images)[:, 0]

    @classmethod
    def load(cls, path: Path, *, device: str | torch.device = "cpu") -> "SilhouetteNetwork":
        """The network of a run folder or of a checkpoint file, frozen and in evaluation mode.

        Keep it out of the generators' ``nn.Module``: it is neither trained, nor initialised, nor saved with them.

        Raises:
            HandcraftError: no checkpoint there, or one that is damaged or of another kind.
        """
        return load_trained(path, kind=SILHOUETTE_KIND, make=cls._built).to(device).requires_grad_(False).eval()

    @classmethod
    def _built(cls, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> "SilhouetteNetwork":
        recorded = SilhouetteConfig.from_recorded(config)
        network = cls(width=recorded.width, depth=recorded.depth, generator=torch.Generator())
        network.load_state_dict(state)
        return network


def silhouette_loss(
    *, logits: Float[Tensor, "batch height width"], silhouettes: Float[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """GeoConGAN's geometric consistency: mean binary cross-entropy between two silhouettes (seed 002, section III).

    Args:
        logits: of the silhouette network on a fresh, attached translation; in training the network itself, on a crop.
        silhouettes: of the image it was translated from: the mask that came with it (1 on the hand), or what the
            network sees there (``seen_silhouettes``).
    """
    return F.binary_cross_entropy_with_logits(logits, silhouettes)


@torch.no_grad()
def seen_silhouettes(
    network: SilhouetteNetwork, images: Float[Tensor, "batch 3 height width"]
) -> Float[Tensor, "batch height width"]:
    """The probability of the hand at every pixel of images in [-1, 1], as GeoConGAN takes it for the truth."""
    return torch.sigmoid(network(images).float())

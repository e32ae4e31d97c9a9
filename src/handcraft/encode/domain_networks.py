# SPDX-License-Identifier: Apache-2.0
"""The network a domain classifier's configuration asks for."""

from jaxtyping import Float
from torch import Tensor, nn

from handcraft.encode.domain_config import PATCH_PX, DomainConfig
from handcraft.encode.vision_transformer import VisionTransformer
from handcraft.networks import initialise_normal
from handcraft.networks.backbones import Backbone, load_backbone
from handcraft.networks.fitting import fitted
from handcraft.randomness import generator_for

WEIGHTS_STREAM = 0
HEAD_STD = 0.02


class FineTuned(nn.Module):
    """A well-known network, all of it trainable, with a new last layer."""

    def __init__(self, backbone: Backbone, head: nn.Linear) -> None:
        super().__init__()
        self.backbone, self.head = backbone.requires_grad_(True), head

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch class"]:
        """Logits of RGB images in [0, 1]."""
        return self.head(self.backbone(images))


class Resized(nn.Module):
    """A network that wants images of one size."""

    def __init__(self, network: nn.Module, image_px: int) -> None:
        super().__init__()
        self.network, self.image_px = network, image_px

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch class"]:
        """Logits of RGB images in [0, 1]."""
        return self.network(fitted(images, self.image_px))


def make_domain_network(config: DomainConfig, classes: int) -> tuple[nn.Module, str]:
    """The untrained network, or timm's with the weights that ``config`` names, and what to call it.

    Raises:
        HandcraftError: as ``load_backbone``.
    """
    generator = generator_for(config.seed, WEIGHTS_STREAM)
    if config.network == "small":
        own = VisionTransformer(
            image_px=config.image_px, patch_px=PATCH_PX, width=config.width, depth=config.depth, classes=classes,
            generator=generator,
        )  # fmt: skip
        return Resized(own, config.image_px), "small ViT"
    backbone = load_backbone(config.network, config.weights, seed=config.seed)
    head = nn.Linear(backbone.feature_count, classes)
    initialise_normal(head, std=HEAD_STD, generator=generator)
    return FineTuned(backbone, head), backbone.name

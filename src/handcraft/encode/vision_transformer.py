# SPDX-License-Identifier: Apache-2.0
"""A small vision transformer (Dosovitskiy et al. 2021) that learns from scratch on a laptop.

Patches of 8 px at 64 px make 64 tokens; with 6 blocks of width 128 it has 1.2 M parameters, a seventieth of the base
model. Differences: the class is read from the mean of the tokens, not from one of its own, which learns sooner from few
images (Zhai et al. 2022, "Scaling vision transformers", section 3.3).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError

INITIAL_STD = 0.02
MLP_RATIO = 4
HEAD_WIDTH = 32


class Block(nn.Module):
    """Self-attention and a two-layer perceptron, each after a layer normalisation and added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before_attention, self.before_perceptron = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries_keys_values, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width), nn.GELU(), nn.Linear(MLP_RATIO * width, width)
        )

    def forward(self, tokens: Float[Tensor, "batch token width"]) -> Float[Tensor, "batch token width"]:
        """The tokens after they have looked at each other."""
        tokens = tokens + self._attended(self.before_attention(tokens))
        return tokens + self.perceptron(self.before_perceptron(tokens))

    def _attended(self, tokens: Float[Tensor, "batch token width"]) -> Float[Tensor, "batch token width"]:
        parts = self.queries_keys_values(tokens).unflatten(-1, (3, -1, HEAD_WIDTH)).permute(2, 0, 3, 1, 4)
        together = F.scaled_dot_product_attention(*parts.unbind(0))
        return self.mixed(together.transpose(1, 2).flatten(2))


class VisionTransformer(nn.Module):
    """Images in [0, 1] of side ``image_px`` to logits of ``classes``."""

    def __init__(
        self, *, image_px: int, patch_px: int, width: int, depth: int, classes: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        if image_px % patch_px:
            raise HandcraftError(f"Expected `image_px` to be a multiple of {patch_px}, but got {image_px}.")
        if width % HEAD_WIDTH:
            raise HandcraftError(f"Expected `width` to be a multiple of {HEAD_WIDTH}, but got {width}.")
        self.patches = nn.Conv2d(3, width, patch_px, patch_px)
        self.places = nn.Parameter(torch.empty(1, (image_px // patch_px) ** 2, width))
        self.blocks = nn.Sequential(*(Block(width) for _ in range(depth)))
        self.last = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)
        self._initialise(generator)

    def _initialise(self, generator: torch.Generator) -> None:
        nn.init.normal_(self.places, 0.0, INITIAL_STD, generator=generator)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, module.weight[0].numel() ** -0.5, generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.zeros_(self.head.weight)  # the first answer is the prior

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch class"]:
        """Logits."""
        tokens = self.patches(4 * images - 2).flatten(2).mT + self.places
        return self.head(self.last(self.blocks(tokens)).mean(1))

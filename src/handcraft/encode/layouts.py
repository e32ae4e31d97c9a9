# SPDX-License-Identifier: Apache-2.0
"""Classes of hands for the hand encoder: which of a few layouts of keypoints does an image show?

The inception score, and every figure on logits or softmax vectors, needs a classifier. ImageNet's has no class for what
hands differ in, and its weights must be had; this one is a linear layer over the hand encoder, learned in seconds from
labelled renders, whose classes are clusters of the keypoints' places in the crop. Its name says so.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor

from handcraft.data import PreparedSet
from handcraft.encode.hand_encoder import HandEncoder
from handcraft.encode.spaces import HandEncoderSpace
from handcraft.errors import HandcraftError, expect_at_least
from handcraft.randomness import generator_for

_ROUNDS = 30  # of k-means; centres stand still long before
_WEIGHT_DECAY = 1e-3
_LBFGS_STEPS = 100


class LayoutSpace(HandEncoderSpace):
    """The hand encoder's vectors, and how likely each layout is: a ``ClassSpace``."""

    def __init__(self, encoder: HandEncoder, head: torch.nn.Linear) -> None:
        super().__init__(encoder)
        self.head = head.requires_grad_(False)
        self.name = f"{encoder.name}, {head.out_features} layouts of keypoints for classes (a stand-in for ImageNet's)"

    def logits_of(self, features: Float[Tensor, "image feature"]) -> Float[Tensor, "image class"]:
        """The layouts' logits, from what ``features`` gave."""
        return self.head(features)

    def probabilities(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image class"]:
        """The layouts' probabilities."""
        return self.logits_of(self.features(images)).softmax(1)


def learn_layouts(encoder: HandEncoder, labelled: PreparedSet, *, classes: int, seed: int) -> LayoutSpace:
    """Cluster the keypoints of ``labelled`` into ``classes`` layouts, and learn to tell them by their images.

    Raises:
        HandcraftError: no labels, or fewer images than classes.
    """
    expect_at_least(2, classes=classes)
    if labelled.keypoints_px is None or labelled.confidence is None:
        raise HandcraftError("Expected `labelled` to have keypoints, but it has none; give labelled crops.")
    if len(labelled) < classes:
        raise HandcraftError(f"Expected at least {classes} images, one of each class, but got {len(labelled)}.")
    keypoints = labelled.keypoints_px / labelled.size
    layouts = clusters(keypoints.flatten(1), classes, seed=seed)
    return LayoutSpace(encoder, _fitted(encoder.features(labelled.float_images()), layouts, classes))


def clusters(points: Float[Tensor, "point value"], count: int, *, seed: int) -> Int64[Tensor, " point"]:
    """The cluster of each point by k-means from centres far apart (k-means++; Arthur and Vassilvitskii 2007).

    >>> clusters(torch.tensor([[0.0], [0.1], [5.0], [5.1]]), 2, seed=0).bincount().tolist()
    [2, 2]
    """
    generator = generator_for(seed)
    centres = points[torch.randint(len(points), (1,), generator=generator)]
    while len(centres) < count:
        nearest = torch.cdist(points, centres).amin(1).square().clamp_min(1e-12)
        centres = torch.cat([centres, points[torch.multinomial(nearest, 1, generator=generator)]])
    for _ in range(_ROUNDS):
        own = torch.cdist(points, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add_(0, own, points)
        sizes = own.bincount(minlength=count)[:, None]
        centres = torch.where(sizes > 0, sums / sizes.clamp_min(1), centres)
    return torch.cdist(points, centres).argmin(1)


def _fitted(features: Float[Tensor, "image feature"], labels: Int64[Tensor, " image"], classes: int) -> torch.nn.Linear:
    """Logistic regression with a little weight decay, to its optimum."""
    head = torch.nn.Linear(features.shape[1], classes)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    search = torch.optim.LBFGS(head.parameters(), max_iter=_LBFGS_STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        value = F.cross_entropy(head(features), labels) + _WEIGHT_DECAY * head.weight.square().sum()
        value.backward()
        return value

    search.step(loss)
    return head

# SPDX-License-Identifier: Apache-2.0
"""Feature spaces by name: where the measures of realism compare sets of images.

Every figure is a figure in a space; its ``name`` tells which one, with the hash of the file of weights where there is
one, so that two figures of one name can be compared and others cannot.
"""

from pathlib import Path
from typing import Literal, Protocol, cast, get_args, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from handcraft.encode.hand_encoder import HandEncoder
from handcraft.errors import HandcraftError
from handcraft.networks.backbones import Backbone, BackboneName, load_backbone

SpaceChoice = Literal["pixels", "hand encoder"] | BackboneName


@runtime_checkable
class FeatureSpace(Protocol):
    """Images to vectors."""

    name: str

    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image feature"]:
        """Vectors of RGB images in [0, 1], on the CPU; no vector depends on the other images."""
        ...


@runtime_checkable
class ClassSpace(FeatureSpace, Protocol):
    """A space with classes, which the inception score needs."""

    def logits_of(self, features: Float[Tensor, "image feature"]) -> Float[Tensor, "image class"]:
        """The classes' logits, from what ``features`` gave, on the CPU."""
        ...

    def probabilities(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image class"]:
        """The classes' probabilities, on the CPU."""
        ...


class PixelSpace:
    """The image itself, as it is: position and colour of every pixel count alike."""

    name = "pixels"

    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image feature"]:
        """Channels, rows and columns in a row."""
        return images.flatten(1).float().cpu()


class HandEncoderSpace:
    """The vector of a hand encoder."""

    def __init__(self, encoder: HandEncoder) -> None:
        self.encoder, self.name = encoder, encoder.name

    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image feature"]:
        """Content and quality of hands; over the renders it was trained on, each value has mean 0 and variance 1."""
        return self.encoder.features(images)


class BackboneSpace:
    """The vector before the classes of a well-known network, in evaluation."""

    def __init__(self, network: Backbone) -> None:
        self.network, self.name = network, network.name

    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image feature"]:
        """The last layer before the classes."""
        return self.network.features(images)


class BackboneClassSpace(BackboneSpace):
    """The same with the classes the weights know."""

    def logits_of(self, features: Float[Tensor, "image feature"]) -> Float[Tensor, "image class"]:
        """The classes' logits, from what ``features`` gave."""
        return self.network.logits_of(features)

    def probabilities(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image class"]:
        """The classes' probabilities."""
        return self.network.probabilities(images)


def feature_space(
    choice: SpaceChoice | str = "hand encoder", weights: Path | None = None, *, device: str | torch.device = "cpu"
) -> FeatureSpace:
    """The space called ``choice``; a network's is a :class:`ClassSpace` where its weights have classes.

    Args:
        choice: ``pixels``, ``hand encoder`` (the default: it comes with handcraft) or one of timm's networks.
        weights: the file of a network's weights. Without one a network of timm's is random and named so; the hand
            encoder is the shipped one.
        device: where the network works; vectors come back to the CPU.

    Raises:
        HandcraftError: an unknown choice, weights for pixels, and what ``load_backbone`` and ``HandEncoder`` refuse.
    """
    if choice == "pixels":
        if weights is not None:
            raise HandcraftError(f"Expected no `weights` for pixels, but got {weights}; leave them out.")
        return PixelSpace()
    if choice == "hand encoder":
        return HandEncoderSpace(HandEncoder.load(weights, device=device))
    if choice not in get_args(BackboneName):
        known = ["pixels", "hand encoder", *get_args(BackboneName)]
        raise HandcraftError(f"Expected `choice` to be one of {', '.join(known)}, but got {choice!r}.")
    network = load_backbone(cast(BackboneName, choice), weights).to(device)
    return BackboneClassSpace(network) if network.class_count else BackboneSpace(network)

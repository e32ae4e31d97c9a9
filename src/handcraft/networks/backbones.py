# SPDX-License-Identifier: Apache-2.0
"""Well-known image networks, built by timm, with the user's own file of weights or with random ones that say so.

Nothing is ever downloaded. Only this file imports timm, and only when a network is asked for.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.errors import HandcraftError
from handcraft.networks.fitting import fitted
from handcraft.networks.weight_files import (
    State,
    densenet_from_torchvision,
    file_hash,
    read_state,
    take_over,
    vgg_from_torchvision,
    without_auxiliary_classes,
    without_mask_token,
)
from handcraft.randomness import generator_for

BackboneName = Literal[
    "resnet34", "resnet50", "inception_v3", "vgg16", "vit_small", "vit_base", "dinov2_small", "densenet121"
]  # fmt: skip

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)
IMAGENET_CLASSES = 1000
CHUNK = 64
"""Images looked at together, so that memory does not grow with the request."""


@dataclass(frozen=True)
class BackboneKind:
    """What timm calls a network, and how images must come."""

    timm_name: str
    features: int
    """Values before the classes: the last block's pooled map, the class token, VGG-16's second hidden layer."""
    head: str
    """The layer of the classes; empty where there is none."""
    image_px: int = 224
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    renamed: Callable[[State], dict[str, Tensor]] = dict
    """torchvision's names, where they differ, to timm's."""


KINDS: dict[BackboneName, BackboneKind] = {
    "resnet34": BackboneKind("resnet34", 512, "fc"),
    "resnet50": BackboneKind("resnet50", 2048, "fc"),
    "inception_v3": BackboneKind("inception_v3", 2048, "fc", 299, HALF, HALF, without_auxiliary_classes),
    "vgg16": BackboneKind("vgg16", 4096, "head.fc", renamed=vgg_from_torchvision),
    "vit_small": BackboneKind("vit_small_patch16_224", 384, "head", 224, HALF, HALF),
    "vit_base": BackboneKind("vit_base_patch16_224", 768, "head", 224, HALF, HALF),
    "dinov2_small": BackboneKind("vit_small_patch14_dinov2", 384, "", renamed=without_mask_token),
    "densenet121": BackboneKind("densenet121", 1024, "classifier", renamed=densenet_from_torchvision),
}


class Backbone(nn.Module):
    """A network with its name and the way its images must come; built by :func:`load_backbone`."""

    def __init__(self, network: Any, kind: BackboneKind, *, name: str, class_count: int) -> None:  # noqa: ANN401 (timm's)
        super().__init__()
        self.network, self.kind, self.name, self.class_count = network, kind, name, class_count
        self.register_buffer("mean", torch.tensor(kind.mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(kind.std).view(3, 1, 1), persistent=False)
        self.eval()

    @property
    def feature_count(self) -> int:
        """Values in a feature vector."""
        return self.kind.features

    def without_classes(self) -> "Backbone":
        """The same network, ended at its features: what is trained further carries no idle layer along."""
        if self.class_count:
            self.network.reset_classifier(0)
            self.class_count = 0
        return self

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch feature"]:
        """Features of RGB images in [0, 1] of any one size; gradients lead through."""
        return self.network.forward_head(self._maps(images), pre_logits=True)

    @torch.no_grad()
    def features(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image feature"]:
        """As ``forward``, a few at a time and without gradients; on the CPU."""
        return self._in_chunks(images, self.forward, self.feature_count)

    @torch.no_grad()
    def logits_of(self, features: Float[Tensor, "image feature"]) -> Float[Tensor, "image class"]:
        """Logits of the classes, from what ``features`` gave; on the CPU.

        Raises:
            HandcraftError: weights without classes.
        """
        self._expect_classes()
        return self.network.get_classifier()(features.to(self.get_buffer("mean").device)).float().cpu()

    @torch.no_grad()
    def probabilities(self, images: Float[Tensor, "image 3 height width"]) -> Float[Tensor, "image class"]:
        """Probabilities of the classes; on the CPU.

        Raises:
            HandcraftError: weights without classes.
        """
        self._expect_classes()
        return self._in_chunks(images, lambda chunk: self.network(self._input(chunk)).softmax(1), self.class_count)

    def _expect_classes(self) -> None:
        if not self.class_count:
            raise HandcraftError(f"Expected a network with classes, but {self.name} has none; use another.")

    def _maps(self, images: Tensor) -> Tensor:
        return self.network.forward_features(self._input(images))

    def _input(self, images: Tensor) -> Tensor:
        return (fitted(images, self.kind.image_px) - self.get_buffer("mean")) / self.get_buffer("std")

    def _in_chunks(self, images: Tensor, function: Callable[[Tensor], Tensor], columns: int) -> Tensor:
        device = self.get_buffer("mean").device
        chunks = (
            [function(chunk.to(device).float()).float().cpu() for chunk in images.split(CHUNK)] if len(images) else []
        )
        return torch.cat(chunks) if chunks else torch.zeros(0, columns)


def load_backbone(name: BackboneName, weights: Path | None = None, *, seed: int = 0) -> Backbone:
    """The network ``name`` with the weights of a file, frozen and in evaluation; random ones, named so, without a file.

    The file may be safetensors or what ``torch.save`` wrote of a state; names are timm's, or torchvision's for the
    convolutional ones. Nothing but tensors is ever built from it.

    Raises:
        HandcraftError: timm is missing; the file is missing, damaged or of another network.
    """
    kind = KINDS[name]
    state = None if weights is None else kind.renamed(read_state(Path(weights)))
    if state is None:
        classes = IMAGENET_CLASSES if kind.head else 0
    else:
        classes = len(state[f"{kind.head}.weight"]) if f"{kind.head}.weight" in state else 0
    network = _created(kind.timm_name, seed, num_classes=classes, **_size_of(kind))
    if state is not None:
        take_over(network, _resampled(network, state), file=Path(weights or ""))
    backbone = Backbone(network, kind, name=_name_of(name, weights), class_count=classes)
    return backbone.requires_grad_(False)


def _name_of(name: str, weights: Path | None) -> str:
    if weights is None:
        return f"random {name} (a stand-in)"
    return f"{name} (file {Path(weights).name}, sha256 {file_hash(weights)})"


def _size_of(kind: BackboneKind) -> dict[str, int]:
    """DINOv2 was trained at 518 px, where a crop of 64 px would be blurred over 1,369 patches."""
    return {"img_size": kind.image_px} if kind.timm_name.endswith("dinov2") else {}


def _created(timm_name: str, seed: int, **options: Any) -> Any:  # noqa: ANN401 (timm's)
    """The network with random weights that follow from ``seed``; torch's global generator is left as it was."""
    timm = _import_timm()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.set_state(generator_for(seed).get_state())
        return timm.create_model(timm_name, pretrained=False, **options)


def _import_timm() -> ModuleType:
    try:
        import_torchvision()
        import timm
    except ImportError as error:
        raise HandcraftError(
            f"Expected timm to be installed, but it cannot be imported ({error}); pip install 'handcraft[backbones]'."
        ) from error
    return timm


def import_torchvision() -> ModuleType:
    """Import torchvision, which timm needs, also beside a torch that it was not built for.

    Its compiled part cannot be loaded then, and its Python part stops at two operators that nobody declared, although
    no network here uses them. They are declared only where torchvision does not import by itself.

    Raises:
        ImportError: torchvision is not installed.
    """
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
        _declare_operators()
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        return importlib.import_module("torchvision")


@cache  # a declaration lives as long as its library object
def _declare_operators() -> torch.library.Library:
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library


def _resampled(network: Any, state: dict[str, Tensor]) -> dict[str, Tensor]:  # noqa: ANN401 (timm's)
    """Position embeddings of another image size, brought to the network's by timm."""
    if "pos_embed" not in state:
        return state
    from timm.models.vision_transformer import checkpoint_filter_fn

    filtered: dict[str, Tensor] = checkpoint_filter_fn(state, network)
    return filtered

# SPDX-License-Identifier: Apache-2.0
"""Feature maps of a frozen network at four scales: what a perceptual discriminator looks at.

VGG-16 (Simonyan, Zisserman 2015) as a plain stack of convolutions, so that neither torchvision nor timm is needed. Its
weights are the user's own file; nothing is downloaded. In contrast to public perceptual losses, what the taps are says
on every result: a network of random weights calls itself a stand-in.
"""

from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from handcraft.networks.initialise import initialise_kaiming
from handcraft.networks.weight_files import file_hash, read_state, take_over

Maps = tuple[Tensor, ...]
"""``Float[Tensor, "batch channels height width"]`` at 1, 1/2, 1/4 and 1/8 of the image's size."""

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's images in [0, 1]
_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512))
_PLACES = ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21))  # in the `features` of torchvision's and timm's VGG-16
_WIDTH = 64


@runtime_checkable
class FeatureTaps(Protocol):
    """A frozen network that answers at four scales. Gradients pass through it to the image, none stays in it.

    An ``nn.Module`` in practice, so that whoever uses it can move it to a device.
    """

    @property
    def name(self) -> str:
        """What looks at the images, with the file or run its weights came from: stands on every result."""
        ...

    @property
    def channels(self) -> tuple[int, ...]:
        """Of each map, from full size down."""
        ...

    def __call__(self, images: Float[Tensor, "batch 3 height width"]) -> Maps:
        """Maps of images in [-1, 1]; where a side is odd, half of it is rounded down."""
        ...


class Vgg16Taps(nn.Module):
    """relu1_2, relu2_2, relu3_3 and relu4_3 of VGG-16: 64, 128, 256, 512 channels with the published width.

    Made by ``from_file`` or ``stand_in``. Always frozen and in evaluation mode; images are taken to ImageNet's mean and
    standard deviation first.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, *, width: int = _WIDTH) -> None:
        super().__init__()
        self.name = name
        stages = [[channels * width // _WIDTH for channels in stage] for stage in _STAGES]
        self.channels = tuple(stage[-1] for stage in stages)
        inputs = (3, *self.channels)
        self.stages = nn.ModuleList(_stage(before, stage) for before, stage in zip(inputs, stages, strict=False))
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(_STD).view(3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    @classmethod
    def from_file(cls, path: Path) -> "Vgg16Taps":
        """VGG-16 with the weights of a ``.safetensors`` or PyTorch file in torchvision's or timm's naming.

        Only the ten convolutions up to relu4_3 are read; classifiers and later stages may be there or not.

        Raises:
            HandcraftError: no such file, one that is damaged or holds more than tensors, or another network's weights.
        """
        state = read_state(Path(path))
        taps = cls(f"vgg16 (file {Path(path).name}, sha256 {file_hash(path)})")
        names = {
            f"features.{place}.{part}": f"stages.{stage}.{2 * index}.{part}"
            for stage, places in enumerate(_PLACES)
            for index, place in enumerate(places)
            for part in ("weight", "bias")
        }
        take_over(taps, {names[name]: state[name] for name in names if name in state}, file=Path(path))
        return taps

    @classmethod
    def stand_in(cls, generator: torch.Generator, *, width: int = _WIDTH) -> "Vgg16Taps":
        """VGG-16 with random weights (He et al. 2015), where there is no file: random features still see local texture.

        ``name`` says so.
        """
        taps = cls("random vgg16 (a stand-in)", width=width)
        initialise_kaiming(taps, generator=generator)
        return taps

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Maps:
        """Maps of images in [-1, 1] of at least 8x8 pixels."""
        x = ((images + 1) / 2 - self.mean) / self.std
        maps = []
        for level, stage in enumerate(self.stages):
            x = stage(F.max_pool2d(x, 2) if level else x)
            maps.append(x)
        return tuple(maps)


def _stage(in_channels: int, out_channels: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in out_channels:
        layers += [nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU()]
        in_channels = channels
    return nn.Sequential(*layers)

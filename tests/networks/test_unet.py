# SPDX-License-Identifier: Apache-2.0
"""The U-Net answers at every size, for each image alone, and can learn what a threshold can do."""

import pytest
import torch
import torch.nn.functional as F

from handcraft.errors import HandcraftError
from handcraft.networks import UNet, initialise_kaiming
from handcraft.randomness import generator_for


def small_unet(depth: int = 2) -> UNet:
    unet = UNet(3, 1, width=4, depth=depth)
    initialise_kaiming(unet, generator=generator_for(0))
    return unet


@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 23), (1, 5), (3, 64)])
def test_answer_has_the_size_of_the_image(height: int, width: int) -> None:
    images = torch.rand(2, 3, height, width, generator=generator_for(1))
    assert small_unet()(images).shape == (2, 1, height, width)


def test_images_do_not_see_each_other() -> None:
    unet = small_unet()
    images = torch.rand(4, 3, 18, 21, generator=generator_for(2))
    together = unet(images)
    alone = torch.cat([unet(image[None]) for image in images])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(unet.eval()(images), together)


def test_padding_keeps_the_answer_in_place() -> None:
    """A size that cannot be halved twice answers as the image with its border repeated by hand, cut back."""
    unet = small_unet()
    images = torch.rand(1, 3, 21, 30, generator=generator_for(5))
    by_hand = F.pad(images, (1, 1, 1, 2), mode="replicate")
    torch.testing.assert_close(unet(images), unet(by_hand)[..., 1:22, 1:31])


def test_skip_connections_carry_detail() -> None:
    """A dot changes the answer most at the dot, which the coarse levels alone could not tell."""
    unet = small_unet()
    dark = torch.zeros(1, 3, 32, 32)
    dotted = dark.clone()
    dotted[..., 9, 20] = 1.0
    row, column = divmod(int((unet(dotted) - unet(dark)).abs()[0, 0].argmax()), 32)
    assert abs(row - 9) <= 2
    assert abs(column - 20) <= 2


def test_every_weight_learns() -> None:
    unet = small_unet()
    unet(torch.rand(2, 3, 16, 16, generator=generator_for(3))).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in unet.parameters())


def test_overfits_eight_masks() -> None:
    unet = small_unet()
    images = torch.rand(8, 3, 16, 16, generator=generator_for(4))
    masks = (images.mean(dim=1, keepdim=True) > 0.5).float()
    optimiser = torch.optim.Adam(unet.parameters(), lr=1e-2)
    for _ in range(120):
        optimiser.zero_grad()
        F.binary_cross_entropy_with_logits(unet(images), masks).backward()
        optimiser.step()
    assert ((unet(images) > 0) == (masks > 0.5)).float().mean() > 0.95


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 1, 4, 2), "Expected `in_channels` to be at least 1, but got 0."),
        ((3, 1, 4, -1), "Expected `depth` to be at least 0, but got -1."),
    ],
)
def test_nonsense_is_refused(arguments: tuple[int, int, int, int], message: str) -> None:
    with pytest.raises(HandcraftError) as caught:
        UNet(*arguments)
    assert str(caught.value) == message

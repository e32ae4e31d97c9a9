# SPDX-License-Identifier: Apache-2.0
"""The networks: their size, their losses in closed form, and that every parameter learns."""

import math

import pytest
import torch
import torch.nn.functional as F

from handcraft.estimate.compact import COORDINATE_WEIGHT, CompactNet, place_loss
from handcraft.estimate.heatmaps import HeatmapCodec
from handcraft.estimate.keypoint_config import KeypointConfig
from handcraft.estimate.networks import KeypointNetwork, make_network, network_input
from handcraft.estimate.posenet import PoseNet, scoremap_loss
from handcraft.networks import parameter_count
from handcraft.randomness import generator_for


@pytest.fixture(scope="module")
def posenet():
    return PoseNet(image_px=256, generator=generator_for(0))


def test_posenet_has_the_published_number_of_parameters(posenet):
    assert parameter_count(posenet) == 17_518_847  # 17.52 M


def test_posenet_starts_as_published(posenet):
    layers = [module for module in posenet.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(layers) == 15 + 2 + 2 * 7
    for layer in layers:
        assert (layer.bias == 1e-4).all()
        bound = math.sqrt(6 / (layer.kernel_size[0] ** 2 * (layer.in_channels + layer.out_channels)))
        assert 0.9 * bound < layer.weight.abs().max() <= bound


@pytest.mark.parametrize("kind", ["compact", "posenet"])
def test_gradient_reaches_every_parameter(kind):
    network = make_network(KeypointConfig(network=kind, image_px=64, width=8), generator=generator_for(1))
    assert isinstance(network, KeypointNetwork)
    images = torch.rand(2, 3, 64, 64, generator=generator_for(2))
    keypoints_px = 64 * torch.rand(2, 21, 2, generator=generator_for(3))
    scoremaps = network(images)
    assert scoremaps.shape == ((2, 3, 21, 8, 8) if kind == "posenet" else (2, 1, 21, 16, 16))
    network.loss(scoremaps, keypoints_px, torch.ones(2, 21)).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_the_same_seed_gives_the_same_weights():
    one, two = (CompactNet(width=8, generator=generator_for(5)).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_scoremap_loss_is_its_closed_form():
    """Constant maps: the root of the mean square is the constant's distance, weighted and summed over stages."""
    target = torch.zeros(1, 3, 16, 16)
    heights = torch.tensor([[0.5, 0.2, 9.0], [0.1, 0.0, 9.0]])
    scoremaps = heights[None, ..., None, None].expand(1, 2, 3, 4, 4)
    loss = scoremap_loss(scoremaps, target, torch.tensor([[1.0, 0.5, 0.0]]))
    expected = (0.5 * 1 + 0.2 * 0.5) / 1.501 + (0.1 * 1 + 0.0 * 0.5) / 1.501
    assert loss.item() == pytest.approx(expected, abs=1e-5)


def test_scoremap_loss_has_a_gradient_where_it_is_zero():
    scoremaps = torch.zeros(1, 3, 2, 4, 4, requires_grad=True)
    scoremap_loss(scoremaps, torch.zeros(1, 2, 16, 16), torch.ones(1, 2)).backward()
    assert torch.isfinite(scoremaps.grad).all()


def test_posenet_decodes_what_its_loss_asks_for(posenet):
    """The low map that comes nearest to the target when enlarged decodes to the keypoint."""
    codec, target_codec = posenet.codec, posenet.target_codec
    points_px = 256 * torch.rand(1, 60, 2, generator=generator_for(8))
    enlarge = F.interpolate(torch.eye(codec.cells)[None], size=codec.image_px, mode="linear", align_corners=False)[0].T
    reduce = torch.linalg.pinv(enlarge)
    maps = reduce @ target_codec.encode(points_px)[0] @ reduce.T
    error_px = (codec.decode(posenet.heatmaps(maps[:, None])) - points_px).norm(dim=-1)
    assert error_px.max() < 0.8  # 0.2 px of a 64 px crop; the worst are at the border
    assert error_px.mean() < 0.2
    assert posenet.loss(maps[:, None], points_px, torch.ones(1, 60)) < 0.01, "enlarged as in the test"


def test_posenet_asks_for_the_published_gaussian(posenet):
    """``exp(-d^2 / 25^2)`` in pixels of the 256 px image: 1/e at a distance of 25 px."""
    target, _ = posenet.target_codec.encode(torch.tensor([[[100.5, 80.5]]]))
    assert target[0, 0, 80, 100] == 1
    assert target[0, 0, 80, 125].item() == pytest.approx(math.exp(-1))


def test_place_loss_is_its_closed_form_for_an_undecided_network():
    """Equal logits everywhere: cross-entropy is log(cells), the expected place is the middle of the image."""
    codec = HeatmapCodec(64, 16, sigma_px=3.0, window_cells=5)
    points_px = torch.tensor([[[20.0, 32.0], [500.0, 3.0]]])
    loss = place_loss(torch.zeros(1, 2, 16, 16), points_px, torch.ones(1, 2), codec)
    assert loss.item() == pytest.approx(math.log(256) + COORDINATE_WEIGHT * 12 / 64, abs=1e-3)


def test_place_loss_pulls_nothing_off_the_encoded_place_even_at_the_border():
    codec = HeatmapCodec(64, 16, sigma_px=4.0, window_cells=5)
    points_px = torch.tensor([[[0.0, 0.0], [1.0, 63.0], [31.0, 20.0]]])
    logits = (codec.encode(points_px)[0] + 1e-30).log().requires_grad_()
    place_loss(logits, points_px, torch.ones(1, 3), codec).backward()
    assert logits.grad.abs().max() < 1e-5


def test_reducing_skips_no_pixel():
    stripes = torch.tensor([1.0, 0.0, 0.0, 0.0]).repeat(32).expand(1, 3, 128, 128)
    seen = network_input(stripes, KeypointConfig(image_px=32))
    torch.testing.assert_close(seen[..., 2:-2], torch.full((1, 3, 32, 28), 0.25), atol=0.1, rtol=0)


@pytest.mark.parametrize("kind", ["colour", "normalised"])
def test_the_network_sees_the_configured_input(kind):
    images = torch.rand(2, 3, 50, 50, generator=generator_for(11)) * 0.5 + 0.2
    seen = network_input(images, KeypointConfig(input=kind, image_px=64))
    assert seen.shape == (2, 3, 64, 64)
    full_range = (seen.amin((2, 3)) == 0).all() and (seen.amax((2, 3)) == 1).all()
    assert bool(full_range) == (kind == "normalised")
    tinted = network_input(images * torch.tensor([0.9, 0.7, 1.1]).view(1, 3, 1, 1), KeypointConfig(input=kind))
    assert torch.allclose(seen, tinted, atol=1e-3) == (kind == "normalised")

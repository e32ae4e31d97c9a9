# SPDX-License-Identifier: Apache-2.0
import pytest
import torch
import torch.nn.functional as F

from handcraft.networks.reflected import ReflectedConvolution
from handcraft.networks.winograd import winograd_convolution


def direct(images, weight, bias, stride=1):
    padding = (weight.shape[-1] - 1) // 2
    return F.conv2d(F.pad(images, (padding,) * 4, mode="reflect"), weight, bias, stride)


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def relative_error(found, expected):
    return ((found.double() - expected).norm() / expected.norm()).item()


@pytest.mark.parametrize(
    ("tile", "dtype", "tolerance"),
    [(4, torch.float32, 1e-5), (2, torch.float32, 1e-5), (2, torch.bfloat16, 0.01)],
)
def test_winograds_way_and_its_gradients_are_those_of_the_direct_convolution(tile, dtype, tolerance):
    given = [drawn(2, 6, 8, 12).requires_grad_(), drawn(5, 6, 3, 3, seed=1).requires_grad_(), drawn(5, seed=2)]
    expected = direct(*given)
    gradient = drawn(*expected.shape, seed=3)
    exact = torch.autograd.grad(expected, given[:2], gradient)
    inputs = [each.detach().float().requires_grad_() for each in given]
    answer = winograd_convolution(*inputs, tile=tile, dtype=dtype)
    found = torch.autograd.grad(answer, inputs, gradient.to(dtype))
    assert answer.dtype == dtype
    assert relative_error(answer.detach(), expected.detach()) < tolerance
    for one, other in zip(found, (*exact, gradient.sum((0, 2, 3))), strict=True):
        assert relative_error(one, other) < tolerance


def test_gradients_of_gradients_are_those_of_the_direct_convolution():
    def penalty_gradient(convolution, dtype):
        images = drawn(1, 3, 4, 4).to(dtype).requires_grad_()
        weight = drawn(3, 3, 3, 3, seed=1).to(dtype).requires_grad_()
        answer = convolution(images, weight, torch.zeros(3, dtype=dtype)).square().sum()
        (slope,) = torch.autograd.grad(answer, images, create_graph=True)
        return torch.autograd.grad(slope.square().sum(), weight)[0]

    def by_tiles(images, weight, bias):
        return winograd_convolution(images, weight, bias, tile=4, dtype=torch.float32)

    found = penalty_gradient(by_tiles, torch.float32)
    assert relative_error(found, penalty_gradient(direct, torch.float64)) < 1e-4


@pytest.mark.parametrize(("kernel", "stride", "channels"), [(7, 1, 3), (3, 2, 4), (4, 2, 4), (3, 1, 4), (3, 1, 128)])
def test_a_reflected_convolution_is_torchs_with_the_same_weights(kernel, stride, channels):
    module = ReflectedConvolution(channels, 128, kernel=kernel, stride=stride).requires_grad_()
    plain = torch.nn.Conv2d(channels, 128, kernel, stride, (kernel - 1) // 2, padding_mode="reflect")
    plain.load_state_dict(module.state_dict())
    images = drawn(2, channels, 8, 8).float().requires_grad_()
    answers = [network(images) for network in (module, plain)]
    gradient = drawn(*answers[0].shape, seed=1).float()
    assert relative_error(answers[0].detach(), answers[1].detach().double()) < 1e-5
    found, expected = (
        torch.autograd.grad(answer, [images, *network.parameters()], gradient)
        for answer, network in zip(answers, (module, plain), strict=True)
    )
    for one, other in zip(found, expected, strict=True):
        assert relative_error(one, other.double()) < 1e-5


def test_many_channels_go_by_tiles_and_odd_sizes_still_work():
    module = ReflectedConvolution(128, 128, kernel=3)
    even, odd = drawn(1, 128, 8, 6).float(), drawn(1, 128, 7, 5).float()
    assert module._tile(even, torch.float32) == 2
    assert module._tile(even[..., :4], torch.float32) == 4
    assert module._tile(even, torch.bfloat16) == 2
    assert module._tile(odd, torch.float32) is None
    assert module(odd).shape == (1, 128, 7, 5)


def test_in_bfloat16_the_answer_is_as_near_as_bfloat16_can_tell():
    module = ReflectedConvolution(128, 128, kernel=3)
    images = drawn(1, 128, 8, 8).float()
    with torch.autocast("cpu", torch.bfloat16):
        answer = module(images)
    assert answer.dtype == torch.bfloat16
    assert relative_error(answer.detach(), module(images).detach().double()) < 0.01

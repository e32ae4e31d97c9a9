# SPDX-License-Identifier: Apache-2.0
"""VGG-16's taps: the right layers of the right file, frozen, and never mistaken for what they are not."""

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from handcraft.errors import HandcraftError
from handcraft.networks import FeatureTaps, Vgg16Taps
from handcraft.randomness import generator_for

LAYERS = {0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256),
          17: (256, 512), 19: (512, 512), 21: (512, 512), 24: (512, 512)}  # fmt: skip


@pytest.fixture(scope="module")
def weights():
    """A state dict in torchvision's naming, with a classifier, as files have it."""
    state = {"classifier.6.bias": torch.zeros(1000)}
    for place, (before, after) in LAYERS.items():
        spread = (2 / (9 * before)) ** 0.5
        state[f"features.{place}.weight"] = torch.randn(after, before, 3, 3, generator=generator_for(place)) * spread
        state[f"features.{place}.bias"] = torch.randn(after, generator=generator_for(place, 1)) * 0.1
    return state


def images():
    return torch.rand(1, 3, 16, 24, generator=generator_for(3)) * 2 - 1


def by_hand(state, image):
    """The publication's table, layer by layer: [0, 1], ImageNet's statistics, 3x3 convolutions, ReLU, 2x2 maxima."""
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = ((image + 1) / 2 - mean[:, None, None]) / std[:, None, None]
    maps = []
    for stage in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21)):
        if maps:
            x = F.max_pool2d(x, 2)
        for place in stage:
            x = F.relu(F.conv2d(x, state[f"features.{place}.weight"], state[f"features.{place}.bias"], padding=1))
        maps.append(x)
    return maps


@pytest.mark.parametrize("name", ["vgg.safetensors", "vgg.pth", "wrapped.pth"])
def test_files_of_torchvision_and_timm_are_read(tmp_path, weights, name):
    path = tmp_path / name
    if name.endswith("safetensors"):
        save_file(weights, path)
    else:
        torch.save({"state_dict": weights} if "wrapped" in name else weights, path)
    taps = Vgg16Taps.from_file(path)
    assert taps.name.startswith(f"vgg16 (file {name}, sha256 ")
    found = taps(images())
    assert [tuple(each.shape[1:]) for each in found] == [(64, 16, 24), (128, 8, 12), (256, 4, 6), (512, 2, 3)]
    assert taps.channels == (64, 128, 256, 512)
    for one, other in zip(found, by_hand(weights, images()), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_frozen_and_yet_transparent():
    taps = Vgg16Taps.stand_in(generator_for(0), width=8)
    shown = images().requires_grad_(True)
    sum(each.sum() for each in taps(shown)).backward()
    assert bool(shown.grad.abs().sum() > 0)
    assert all(each.grad is None for each in taps.parameters())
    assert isinstance(taps, FeatureTaps)


def test_odd_sizes_are_halved_downwards():
    taps = Vgg16Taps.stand_in(generator_for(0), width=8)
    assert [tuple(each.shape[-2:]) for each in taps(torch.zeros(1, 3, 21, 30))] == [(21, 30), (10, 15), (5, 7), (2, 3)]


def test_random_weights_say_so_and_follow_from_the_seed():
    one, same, other = (Vgg16Taps.stand_in(generator_for(seed), width=8) for seed in (1, 1, 2))
    assert "stand-in" in one.name
    assert one.channels == (8, 16, 32, 64)
    assert torch.equal(one(images())[-1], same(images())[-1])
    assert not torch.equal(one(images())[-1], other(images())[-1])
    assert one(images())[-1].std() > 1e-2


def test_what_is_no_vgg16_is_refused(tmp_path, weights):
    other, damaged, code = tmp_path / "other.pth", tmp_path / "damaged.safetensors", tmp_path / "code.pth"
    torch.save({**weights, "features.5.weight": torch.zeros(128, 32, 3, 3)}, other)
    damaged.write_bytes(b"\x10" * 40)
    torch.save({"model": torch.nn.Linear(1, 1)}, code)
    list_of_tensors, empty = tmp_path / "list.pth", tmp_path / "empty.pth"
    torch.save({"classifier.6.bias": torch.zeros(10)}, empty)
    torch.save([torch.zeros(1)], list_of_tensors)
    for path, message in [
        (tmp_path / "none.pth", "Expected a file of weights at .*none.pth, but there is none"),
        (other, r"other.pth to fit .* is \(128, 32, 3, 3\) instead of \(128, 64, 3, 3\)"),
        (damaged, "damaged.safetensors to hold tensors by name, but it cannot be read"),
        (code, "code.pth to hold tensors by name, but it cannot be read"),
        (list_of_tensors, "list.pth to hold tensors by name, but it holds something else"),
        (empty, r"empty.pth to fit the network, but stages.0.0.weight is missing \(20 such\)"),
    ]:
        with pytest.raises(HandcraftError, match=message):
            Vgg16Taps.from_file(path)

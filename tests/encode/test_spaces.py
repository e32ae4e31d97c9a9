# SPDX-License-Identifier: Apache-2.0
"""Feature spaces by name: every one says which it is."""

import pytest
import torch
from safetensors.torch import save_file

from handcraft.encode import ClassSpace, FeatureSpace, feature_space
from handcraft.errors import HandcraftError
from handcraft.networks.backbones import load_backbone
from handcraft.randomness import generator_for

IMAGES = torch.rand(3, 3, 32, 32, generator=generator_for(0))


def test_pixels_are_the_images_themselves():
    space = feature_space("pixels")
    assert space.name == "pixels"
    assert torch.equal(space.features(IMAGES), IMAGES.reshape(3, -1))
    assert not isinstance(space, ClassSpace)


def test_the_default_needs_no_download():
    space = feature_space()
    assert space.name.startswith("hand encoder (shipped, sha256 ")
    assert isinstance(space, FeatureSpace)
    assert not isinstance(space, ClassSpace)
    torch.testing.assert_close(space.features(IMAGES[1:2]), space.features(IMAGES)[1:2], atol=1e-4, rtol=1e-4)


def test_networks_with_classes_are_class_spaces(tmp_path):
    space = feature_space("resnet34")
    assert isinstance(space, ClassSpace)
    assert space.name == "random resnet34 (a stand-in)"
    assert space.features(IMAGES).shape == (3, 512)
    torch.testing.assert_close(space.probabilities(IMAGES).sum(1), torch.ones(3))
    headless = {
        name: each for name, each in load_backbone("resnet34").network.state_dict().items() if "fc." not in name
    }
    save_file(headless, tmp_path / "weights.safetensors")
    without = feature_space("resnet34", tmp_path / "weights.safetensors")
    assert not isinstance(without, ClassSpace)
    assert without.name.startswith("resnet34 (file weights.safetensors, sha256 ")
    assert torch.equal(without.features(IMAGES), space.features(IMAGES))


def test_what_there_is_not_is_refused(tmp_path):
    with pytest.raises(HandcraftError, match="dinov2_small, densenet121"):
        feature_space("resnet")
    with pytest.raises(HandcraftError, match="`weights`"):
        feature_space("pixels", tmp_path / "weights.pt")

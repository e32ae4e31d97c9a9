# SPDX-License-Identifier: Apache-2.0
"""Feature spaces by name: every one says which it is."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from handcraft.encode import ClassSpace, FeatureSpace, feature_space
from handcraft.errors import HandcraftError
from handcraft.networks.backbones import KINDS
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


def test_networks_with_classes_are_class_spaces(tmp_path, monkeypatch):
    monkeypatch.setitem(KINDS, "densenet121", dataclasses.replace(KINDS["densenet121"], image_px=64))  # sooner done
    space = feature_space("densenet121")
    assert isinstance(space, ClassSpace)
    assert space.name == "random densenet121 (a stand-in)"
    features, probabilities = space.features(IMAGES), space.probabilities(IMAGES)
    assert features.shape == (3, 1024)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(3))
    torch.testing.assert_close(space.logits_of(features).softmax(1), probabilities)
    state = space.network.network.state_dict()
    save_file({name: each for name, each in state.items() if "classifier." not in name}, tmp_path / "own.safetensors")
    without = feature_space("densenet121", tmp_path / "own.safetensors")
    assert not isinstance(without, ClassSpace)
    assert without.name.startswith("densenet121 (file own.safetensors, sha256 ")
    assert torch.equal(without.features(IMAGES), features)


def test_what_there_is_not_is_refused(tmp_path):
    with pytest.raises(HandcraftError, match="dinov2_small, densenet121"):
        feature_space("resnet")
    with pytest.raises(HandcraftError, match="`weights`"):
        feature_space("pixels", tmp_path / "weights.pt")

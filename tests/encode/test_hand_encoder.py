# SPDX-License-Identifier: Apache-2.0
"""The shipped hand encoder: small, frozen, and its features move with content and with quality."""

from importlib.resources import files

import pytest
import torch

from handcraft.data import PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.encode import HandEncoder, render_labelled_crops
from handcraft.encode.damage import DAMAGES, damage
from handcraft.encode.labelled_crops import RENDER_PX
from handcraft.encode.network import HandEncoderNet
from handcraft.errors import HandcraftError
from handcraft.networks import FeatureTaps, parameter_count
from handcraft.randomness import generator_for
from handcraft.scene import SceneConfig


@pytest.fixture(scope="module")
def encoder():
    return HandEncoder.load()


@pytest.fixture(scope="module")
def hands():
    return render_labelled_crops("photographic", 12, seed=77).images.float() / 255


def test_it_is_small_and_says_what_made_it(encoder):
    file = files("handcraft.encode") / "hand_encoder.safetensors"
    assert len(file.read_bytes()) < 1_500_000
    assert 300_000 < parameter_count(encoder) < 600_000
    assert {"command", "handcraft", "git_commit", "seed", "steps", "crops_sha256"} <= encoder.about.keys()
    assert encoder.about["command"] == "python -m handcraft.encode.make_hand_encoder"
    assert encoder.name.startswith("hand encoder (shipped, sha256 ")


def test_maps_are_those_a_perceptual_discriminator_taps(encoder):
    assert isinstance(encoder, FeatureTaps)
    maps = encoder(torch.zeros(2, 3, 48, 64))
    assert tuple(each.shape[1] for each in maps) == encoder.channels
    assert [tuple(each.shape[-2:]) for each in maps] == [(48, 64), (24, 32), (12, 16), (6, 8)]
    with pytest.raises(HandcraftError, match="multiples of 8"):
        encoder(torch.zeros(1, 3, 60, 64))


def test_it_is_frozen_and_gradients_lead_through_it(encoder):
    images = torch.rand(2, 3, 16, 16, generator=generator_for(0)).requires_grad_()
    around = torch.nn.Sequential(encoder).train()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    sum(each.square().mean() for each in around(images)).backward()
    assert images.grad.abs().sum() > 0
    assert not encoder.training
    assert not any(parameter.requires_grad for parameter in encoder.parameters())
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())


def test_batch_mates_do_not_matter(encoder, hands):
    together = encoder.features(hands)
    alone = torch.cat([encoder.features(hand[None]) for hand in hands])
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)
    assert together.shape == (len(hands), encoder.feature_count)
    assert encoder.features(torch.zeros(0, 3, 48, 48)).shape == (0, encoder.feature_count)


def test_quality_and_content_both_move_features(encoder, hands):
    """The yardstick is how far another hand is. Damage in full must weigh a third of it at least, or sets of clean and
    of spoiled hands would lie together; half a shade, which nobody sees, a twentieth at most."""
    clean = encoder.features(hands)
    another_hand = torch.cdist(clean, clean)[~torch.eye(len(hands), dtype=torch.bool)].mean()
    brighter = encoder.features((hands + 0.5 / 255).clamp(0, 1))
    assert (brighter - clean).norm(dim=1).mean() < another_hand / 20
    for name in ("sharpness", "noise", "coarse pixels", "checkerboard"):
        strengths = torch.zeros(len(hands), len(DAMAGES))
        strengths[:, DAMAGES.index(name)] = -1.0 if name == "sharpness" else 1.0
        spoiled = encoder.features(damage(hands, strengths, generator=generator_for(1)))
        assert (spoiled - clean).norm(dim=1).mean() > another_hand / 3, name


def test_values_are_standardised_over_the_images_asked_for(hands):
    fresh = HandEncoder(HandEncoderNet(generator=generator_for(1)).state_dict(), name="fresh")
    fresh.network.standard.running_var.fill_(4.0)  # as after training
    fresh.standardise(hands)
    features = fresh.features(hands)
    torch.testing.assert_close(features.mean(0), torch.zeros(64), atol=1e-3, rtol=0)
    torch.testing.assert_close(features.var(0), torch.ones(64), atol=1e-2, rtol=0)


def test_the_shipped_one_is_standardised_over_renders_of_both_looks(encoder):
    """Over 52 people it never saw, looks shared out as in its training; values go together, so do their errors."""
    looks = {"photographic": 40, "plain": 12}
    sets = [RenderedSet(SceneConfig(look=look, size_px=RENDER_PX, frames_per_person=1), seed=78, count=count)
            for look, count in looks.items()]  # fmt: skip
    features = torch.cat([encoder.features(prepare(each, PreprocessConfig()).float_images()) for each in sets])
    assert features.mean(0).square().mean().sqrt() < 0.4
    variances = features.var(0)
    assert variances.mean() == pytest.approx(1, abs=0.2)
    assert variances.min() > 0.5
    assert variances.max() < 1.6


def test_a_saved_encoder_is_the_same_within_half_precision(tmp_path, encoder, hands):
    encoder.save(tmp_path / "copy.safetensors", {"command": "a test"})
    copy = HandEncoder.load(tmp_path / "copy.safetensors")
    assert torch.equal(copy.features(hands), encoder.features(hands))
    assert copy.about["command"] == "a test"
    fresh = HandEncoder(HandEncoderNet(generator=generator_for(1)).state_dict(), name="fresh")
    fresh.save(tmp_path / "fresh.safetensors", {})
    loaded = HandEncoder.load(tmp_path / "fresh.safetensors")
    torch.testing.assert_close(loaded.features(hands), fresh.features(hands), atol=0.02, rtol=0.02)
    assert loaded.name != copy.name


def test_another_file_is_refused(tmp_path):
    (tmp_path / "broken.safetensors").write_bytes(b"no")
    with pytest.raises(HandcraftError, match="cannot be read"):
        HandEncoder.load(tmp_path / "broken.safetensors")
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(HandcraftError, match="another safetensors"):
        HandEncoder.load(tmp_path / "other.safetensors")

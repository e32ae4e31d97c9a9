# SPDX-License-Identifier: Apache-2.0
"""The networks have the published sizes and shapes, at any width and any size that can be halved four times."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.randomness import generator_for
from handcraft.refine.vaegan.networks import Code, Decoder, Discriminator, Encoder, VAEGANNetworks


def images(count, size):
    return torch.rand(count, 3, size, size, generator=generator_for(count, size)) * 2 - 1


def test_parameter_counts_are_the_published_ones():
    with torch.device("meta"):
        assert parameter_count(Encoder(64, 64, 128)) == 18_071_360
        assert parameter_count(Decoder(64, 64, 128)) == 4_798_016
        assert parameter_count(Discriminator(64, 64)) == 2_765_568


def test_layers_have_the_published_shapes():
    with torch.device("meta"):
        encoder, decoder, x = Encoder(64, 64, 128), Decoder(64, 64, 128), torch.zeros(2, 3, 64, 64)
        assert [
            tuple(block(x).shape[1:]) for block in (encoder.layers[:1], encoder.layers[:2], encoder.layers[:3])
        ] == [
            (64, 32, 32),
            (128, 16, 16),
            (256, 8, 8),
        ]
        assert encoder.layers(x).shape == (2, 1024)
        z = torch.zeros(2, 128)
        shapes = [tuple(decoder.layers[:depth](z).shape[1:]) for depth in (4, 5, 6, 7, 8)]
        assert shapes == [(256, 8, 8), (256, 16, 16), (128, 32, 32), (64, 64, 64), (3, 64, 64)]


def test_content_maps_are_the_published_ones_and_lead_to_the_answer():
    judge = VAEGANNetworks(64, 64, 2, 0).discriminator
    batch = images(2, 64)
    with torch.no_grad():
        maps = {level: judge.features(batch, level) for level in (1, 2, 3, 4)}
        shapes = {level: tuple(each.shape[1:]) for level, each in maps.items()}
        assert shapes == {1: (64, 32, 32), 2: (128, 16, 16), 3: (256, 8, 8), 4: (512, 4, 4)}
        for level, each in maps.items():
            assert torch.equal(judge.answer(each, level), judge(batch))


@pytest.mark.parametrize("size", [16, 48])
def test_every_size_comes_back_in_range(size):
    networks = VAEGANNetworks(size, 4, 5, 0)
    code = networks.encoder(images(3, size))
    assert code.mean.shape == code.log_variance.shape == (3, 5)
    decoded = networks.decoder(code.sample(torch.zeros(3, 5)))
    assert decoded.shape == (3, 3, size, size)
    assert decoded.abs().max() <= 1
    assert networks.discriminator(decoded).shape == (3,)


def test_a_code_is_drawn_with_its_mean_and_deviation():
    code = Code(torch.tensor([[1.0, -2.0]]), torch.tensor([[1.0, 9.0]]).log())
    assert torch.allclose(code.sample(torch.tensor([[1.0, -1.0]])), torch.tensor([[2.0, -5.0]]))
    assert torch.allclose(code.sample(torch.zeros(1, 2)), code.mean)


def test_statistics_kept_for_use_follow_many_batches():
    """Published, 0.9 of the last batch were kept, so that one odd batch decided what every image became."""
    networks = VAEGANNetworks(16, 4, 5, 0)
    with torch.no_grad():
        for _ in range(60):
            networks.encoder(images(8, 16))
        usual = networks.encoder.layers[0][1].running_mean.clone()
        networks.encoder(images(8, 16) + 10.0)
        odd = networks.encoder.layers[0][0](images(8, 16) + 10.0).mean(dim=(0, 2, 3))
    moved = networks.encoder.layers[0][1].running_mean - usual
    assert torch.allclose(moved, 0.1 * (odd - usual), atol=1e-4)


def test_discriminator_has_no_memory_and_is_awake_at_the_start():
    judge = VAEGANNetworks(64, 16, 2, 0).discriminator
    assert not list(judge.buffers())
    answers = judge(images(8, 64))
    assert torch.equal(judge.eval()(images(8, 64)), answers)
    assert answers.std() > 1e-2


def test_weights_follow_from_the_seed_and_no_two_networks_share_them():
    one, same, other = (VAEGANNetworks(16, 4, 5, seed) for seed in (0, 0, 1))
    pairs = zip(one.parameters(), same.parameters(), strict=True)
    assert all(torch.equal(*pair) for pair in pairs)
    assert not torch.equal(one.encoder.layers[0][0].weight, other.encoder.layers[0][0].weight)
    assert not torch.equal(one.decoder.layers[0].weight, one.generator.layers[0].weight)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Encoder(50, 4, 8), "Expected `size` to be a multiple of 16 for a VAEGAN, but got crops of 50 pixels"),
        (lambda: Discriminator(8, 4), "Expected `size` to be a multiple of 16 for a VAEGAN, but got crops of 8 pixels"),
        (lambda: Decoder(16, 0, 8), "Expected `width` to be at least 1, but got 0."),
        (lambda: Encoder(16, 4, 0), "Expected `latent` to be at least 1, but got 0."),
    ],
)
def test_nonsense_is_refused(make, message):
    with pytest.raises(HandcraftError) as caught:
        make()
    assert str(caught.value).startswith(message)

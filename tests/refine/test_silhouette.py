# SPDX-License-Identifier: Apache-2.0
"""The silhouette loss bends the generator and leaves the silhouette network as it was."""

import copy
import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.networks import initialise_kaiming
from handcraft.randomness import generator_for
from handcraft.refine.generators import CycleGenerator
from handcraft.refine.silhouette import SilhouetteConfig, SilhouetteNetwork, seen_silhouettes, silhouette_loss


def frozen_network():
    network = SilhouetteNetwork(width=4, depth=2, generator=generator_for(0))
    return network.requires_grad_(False).eval()


def generator():
    network = CycleGenerator(4, 1)
    initialise_kaiming(network, generator=generator_for(1))
    return network


def images(count=2):
    return torch.rand(count, 3, 16, 16, generator=generator_for(2)) * 2 - 1


def masks(count=2):
    return (torch.rand(count, 16, 16, generator=generator_for(3)) > 0.5).float()


def gradients(loss, network):
    return torch.cat([each.flatten() for each in torch.autograd.grad(loss, list(network.parameters()))])


def test_loss_has_known_values():
    hand = torch.tensor([[[1.0, 0.0]]])
    assert silhouette_loss(logits=torch.zeros(1, 1, 2), silhouettes=hand).item() == pytest.approx(math.log(2))
    assert silhouette_loss(logits=torch.tensor([[[30.0, -30.0]]]), silhouettes=hand).item() < 1e-9
    assert silhouette_loss(logits=torch.tensor([[[-30.0, 30.0]]]), silhouettes=hand).item() == pytest.approx(30)
    half = torch.full((1, 1, 2), 0.5)
    assert silhouette_loss(logits=torch.zeros(1, 1, 2), silhouettes=half).item() == pytest.approx(math.log(2))


def test_silhouette_loss_changes_the_gradient_of_the_generator():
    """A published re-implementation computed its silhouettes without gradients, so that its loss did nothing."""
    network, photographed_from_rendered = frozen_network(), generator()
    refined = photographed_from_rendered(images())
    others = refined.square().mean()
    geometric = silhouette_loss(logits=network(refined), silhouettes=masks())
    without = gradients(others, photographed_from_rendered)
    refined = photographed_from_rendered(images())
    geometric = silhouette_loss(logits=network(refined), silhouettes=masks())
    alone = gradients(geometric, photographed_from_rendered)
    refined = photographed_from_rendered(images())
    both = refined.square().mean() + silhouette_loss(logits=network(refined), silhouettes=masks())
    assert alone.norm() > 1e-4 * without.norm()
    torch.testing.assert_close(gradients(both, photographed_from_rendered), without + alone, rtol=1e-3, atol=1e-6)


def test_network_stays_as_it_was_while_generators_train():
    network, photographed_from_rendered = frozen_network(), generator()
    before, answers = copy.deepcopy(network.state_dict()), network(images())
    optimiser = torch.optim.Adam(photographed_from_rendered.parameters())
    losses = []
    for _ in range(5):
        network.train()  # as a training framework may do to whatever it finds
        loss = silhouette_loss(logits=network(photographed_from_rendered(images())), silhouettes=masks())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(each.grad is None for each in network.parameters())
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert list(network.buffers()) == []
    torch.testing.assert_close(network(images()), answers, rtol=0, atol=0)


def test_silhouettes_of_the_source_are_a_target_without_a_graph():
    network = frozen_network()
    source = images().requires_grad_(True)
    seen = seen_silhouettes(network, source)
    assert not seen.requires_grad
    torch.testing.assert_close(seen, torch.sigmoid(network(source)))
    assert seen.shape == (2, 16, 16)


def test_images_do_not_see_each_other_at_any_size():
    network = frozen_network()
    shown = torch.rand(3, 3, 13, 18, generator=generator_for(4)) * 2 - 1
    torch.testing.assert_close(network(shown)[1:2], network(shown[1:2]), rtol=1e-4, atol=1e-5)
    assert network(shown).shape == (3, 13, 18)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 0}, "Expected `width` to be at least 1, but got 0."),
        ({"depth": -1}, "Expected `depth` to be at least 0, but got -1."),
        ({"batch_size": 0}, "Expected `batch_size` to be at least 1, but got 0."),
    ],
)
def test_nonsense_is_refused(options, message):
    with pytest.raises(HandcraftError) as caught:
        SilhouetteConfig(**options)
    assert str(caught.value) == message

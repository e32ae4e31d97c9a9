# SPDX-License-Identifier: Apache-2.0
"""Places are expectations, rotations are rotations, answers do not depend on their batch."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.hand.network import HandNet, expected_places


def small_net():
    return HandNet((4, 8, 8, 16), (1, 1, 1), 6, generator=torch.Generator().manual_seed(0))


def test_the_expected_place_of_one_cell_is_its_middle():
    maps = torch.zeros(1, 2, 8, 8)
    maps[0, 0, 2, 5] = 1
    maps[0, 1] = 1 / 64
    torch.testing.assert_close(expected_places(maps), torch.tensor([[[5.5 / 8, 2.5 / 8], [0.5, 0.5]]]))


def test_rotations_are_rotations():
    rotations = small_net()(torch.rand(4, 3, 32, 32)).camera_from_hand
    torch.testing.assert_close(rotations @ rotations.mT, torch.eye(3).expand(4, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotations), torch.ones(4))


def test_answers_do_not_depend_on_their_batch():
    network, images = small_net().eval(), torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        together, alone = network(images), network(images[1:2])
    torch.testing.assert_close(together.places[1:2], alone.places)
    torch.testing.assert_close(together.joints_m[1:2], alone.joints_m)


def test_joints_are_told_from_the_wrist():
    outputs = small_net()(torch.rand(2, 3, 32, 32))
    assert (outputs.joints_m[:, 0] == 0).all()
    torch.testing.assert_close(outputs.log_places.exp().sum((-2, -1)), torch.ones(2, 21))


def test_widths_and_blocks_must_fit():
    with pytest.raises(HandcraftError, match="four `widths`"):
        HandNet((4, 8, 8), (1, 1, 1), 6, generator=torch.Generator())

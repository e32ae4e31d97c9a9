# SPDX-License-Identifier: Apache-2.0
"""A step's batch follows from the step alone, shows every item of an epoch once, and comes with its masks."""

import torch

from handcraft.refine.feeding import DomainBatches
from handcraft.training import make_accelerator
from tests.refine.toy import renders


def fed(prepared, *, stream=0, seed=0):
    return DomainBatches(prepared, batch_size=4, seed=seed, stream=stream, accelerator=make_accelerator("cpu"))


def test_images_masks_and_indices_belong_together():
    prepared = renders(12)
    batch = fed(prepared).at(2)
    assert torch.equal(batch.images, prepared.float_images()[batch.indices])
    assert torch.equal(batch.masks, prepared.masks[batch.indices])


def test_an_epoch_shows_every_item_once():
    batches = fed(renders(12))
    assert sorted(torch.cat([batches.at(step).indices for step in (3, 4, 5)]).tolist()) == list(range(12))


def test_streams_and_seeds_have_orders_of_their_own_and_a_step_has_one():
    prepared = renders(12)
    kinds = ((0, 0), (0, 0), (1, 0), (0, 1))
    orders = [fed(prepared, stream=stream, seed=seed).at(0).indices for stream, seed in kinds]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])
    assert not torch.equal(orders[0], orders[3])


def test_what_is_shown_is_chosen_once():
    batches = fed(renders(12))
    first = batches.shown(5).indices
    batches.at(0)
    assert torch.equal(first, batches.shown(5).indices)
    assert len(fed(renders(3)).shown(8).indices) == 3

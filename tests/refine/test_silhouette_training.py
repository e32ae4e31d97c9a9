# SPDX-License-Identifier: Apache-2.0
"""The silhouette network learns the masks of both domains, and its runs resume, load and refuse as all runs do."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.range import signed_from_unit
from handcraft.refine.silhouette import SILHOUETTE_SMOKE, SilhouetteNetwork
from handcraft.refine.silhouette_training import SilhouetteLearner, overlap, train_silhouette
from handcraft.training import LoopConfig, make_accelerator, save_checkpoint
from tests.refine.toy import photographs, renders


def config(steps=4, **options):
    loop = LoopConfig(steps=steps, log_every=1, checkpoint_every=2, draw_every=100)
    return dataclasses.replace(SILHOUETTE_SMOKE, loop=loop, **options)


def learner(**options):
    return SilhouetteLearner([renders(), photographs()], config(**options), make_accelerator("cpu"))


def trained(path, *, steps=4, resume=False, sets=None, **options):
    chosen = config(steps, **options)
    sets = sets or [renders(), photographs()]
    return train_silhouette(sets, chosen, path, resume=resume, device="cpu", progress=False)


def test_overlap_is_intersection_over_union():
    logits = torch.tensor([[[1.0, 1.0, -1.0, -1.0]]])
    assert overlap(logits, torch.tensor([[[1.0, 0.0, 1.0, 0.0]]])) == pytest.approx(1 / 3)
    assert overlap(logits, torch.tensor([[[1.0, 1.0, 0.0, 0.0]]])) == 1
    assert overlap(-logits.abs(), torch.zeros(1, 1, 4)) == 1


def test_masks_of_both_domains_are_learnt(tmp_path):
    """Discs on black: a few steps find them in grey and in skin colour."""
    fast = OptimiserConfig(learning_rate=1e-2, beta1=0.9)
    network = trained(tmp_path, steps=40, optimiser=fast)
    for images in (renders(), photographs()):
        assert overlap(network(signed_from_unit(images.float_images())), images.masks.float()) > 0.9


def test_each_step_shows_one_domain_and_both_come_equally_often():
    learning = learner()
    domains = [learning.domain_of(step) for step in range(400)]
    assert 160 < sum(domains) < 240
    assert domains == [learner().domain_of(step) for step in range(400)]
    seen = []
    for index, batches in enumerate(learning.domains):
        batches.at = lambda step, index=index, at=batches.at: seen.append((step, index)) or at(step)
    for step in range(4):
        learning.step(step)
    assert seen == list(enumerate(domains[:4]))


def test_resumed_run_is_the_uninterrupted_one(tmp_path):
    through = trained(tmp_path / "through", steps=5)
    trained(tmp_path / "stopped", steps=3)
    resumed = trained(tmp_path / "stopped", steps=5, resume=True)
    for name, value in through.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    one, other = ((tmp_path / name / "metrics.jsonl").read_text() for name in ("through", "stopped"))
    assert one == other


def test_loaded_network_is_the_trained_one_frozen(tmp_path):
    network = trained(tmp_path / "run")
    loaded = SilhouetteNetwork.load(tmp_path / "run" / "checkpoint.pt")
    images = signed_from_unit(renders().float_images())
    assert torch.equal(network(images), loaded(images))
    assert not loaded.training
    assert not any(each.requires_grad for each in [*loaded.parameters(), *network.parameters()])
    assert list((tmp_path / "run" / "pictures").glob("*.png"))


def test_sets_of_different_sizes_train_together(tmp_path):
    small = renders()
    cut = dataclasses.replace(small, images=small.images[..., :12, :12], masks=small.masks[..., :12, :12])
    trained(tmp_path / "run", sets=[cut, photographs()])


def test_seed_decides_the_weights():
    one, same, other = learner(), learner(), learner(seed=1)
    images = signed_from_unit(renders().float_images())
    assert torch.equal(one.network(images), same.network(images))
    assert not torch.equal(one.network(images), other.network(images))


def test_what_cannot_be_trained_or_loaded_is_refused(tmp_path):
    with pytest.raises(HandcraftError, match="Expected `sets` to hold crops of at least one domain, but got none"):
        train_silhouette([], config(), tmp_path / "none", device="cpu")
    empty = dataclasses.replace(renders(), masks=torch.zeros_like(renders().masks))
    with pytest.raises(HandcraftError, match="Expected the masks of blobs to show hands, but all are empty"):
        trained(tmp_path / "empty", sets=[photographs(), empty])
    save_checkpoint(tmp_path / "other.pt", kind="cyclegan", config={}, step=1, state={})
    with pytest.raises(HandcraftError, match="of kind silhouette, but it is of kind cyclegan"):
        SilhouetteNetwork.load(tmp_path / "other.pt")
    save_checkpoint(
        tmp_path / "misfit.pt",
        kind="silhouette",
        config=config().without_loop() | {"width": 6},
        step=1,
        state={"learner": learner().state_dict()},
    )
    with pytest.raises(HandcraftError, match=r"misfit.pt to fit its configuration"):
        SilhouetteNetwork.load(tmp_path / "misfit.pt")

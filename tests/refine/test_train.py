# SPDX-License-Identifier: Apache-2.0
"""The stage in one call: a run folder that explains itself, a refiner that is in it, and exact resumption."""

import dataclasses
import json

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.refine import DiscriminatorConfig, OptimiserConfig, Refiner, train_refiner
from handcraft.refine.kinds import KINDS, kind_of
from handcraft.training import LoopConfig, load_checkpoint
from tests.refine.toy import TINY, photographs, renders


def trained(path, *, steps, config=TINY, resume=False):
    loop = LoopConfig(steps=steps, log_every=1, checkpoint_every=2, draw_every=2)
    config = dataclasses.replace(config, loop=loop)
    return train_refiner(renders(), photographs(), config, path, resume=resume, device="cpu", progress=False)


def test_run_folder_explains_itself_and_holds_the_refiner(tmp_path):
    refiner = trained(tmp_path / "run", steps=2)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["stage"] == "refine"
    assert record["status"] == "finished"
    assert record["config"]["cycle_weight"] == 10.0
    assert record["inputs"]["photographs"] == {"source": "blobs", "images": 10, "size_px": 16, "is_real": False}
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2]
    assert lines[0].keys() - {"step"} == {
        "adversarial_refined",
        "adversarial_translated",
        "cycle_rendered",
        "cycle_photographed",
        "discriminator_photographs",
        "discriminator_renders",
        "accuracy_photographs",
        "accuracy_refined",
        "accuracy_renders",
        "accuracy_translated",
        "change",
        "variety",
        "collapse_warning",
        "identity_warning",
        "variety_warning",
    }
    assert list((tmp_path / "run" / "pictures").glob("*.png"))
    images = renders().float_images()
    again = Refiner.load(tmp_path / "run" / "checkpoint.pt")
    assert torch.equal(Refiner.load(tmp_path / "run")(images), refiner(images))
    assert torch.equal(again(images), refiner(images))
    assert again.description["steps"] == 2
    assert len(again.description["checkpoint_sha256"]) == 64


def test_resumed_run_is_the_uninterrupted_one(tmp_path):
    through = trained(tmp_path / "through", steps=5)
    trained(tmp_path / "stopped", steps=3)
    resumed = trained(tmp_path / "stopped", steps=5, resume=True)
    images = renders().float_images()
    assert torch.equal(through(images), resumed(images))
    one, other = ((tmp_path / name / "metrics.jsonl").read_text() for name in ("through", "stopped"))
    assert one == other
    pools = [load_checkpoint(tmp_path / name / "checkpoint.pt", kind="cyclegan") for name in ("through", "stopped")]
    stored = [torch.stack(pool.state["learner"]["refined_pool"]["images"]) for pool in pools]
    assert torch.equal(*stored)


def test_changed_configuration_does_not_resume(tmp_path):
    trained(tmp_path / "run", steps=1)
    with pytest.raises(HandcraftError, match=r"Expected `config.cycle_weight` to be 10\.0"):
        trained(tmp_path / "run", steps=2, config=dataclasses.replace(TINY, cycle_weight=5.0), resume=True)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path):
    diverging = dataclasses.replace(
        TINY,
        optimiser=OptimiserConfig(learning_rate=1e30),
        loop=LoopConfig(steps=9, log_every=1, checkpoint_every=1, draw_every=9),
    )
    with pytest.raises(HandcraftError, match=r"to be finite, but got nan in step \d+; the checkpoint of step \d+ is"):
        train_refiner(renders(), photographs(), diverging, tmp_path / "run", device="cpu", progress=False)
    assert load_checkpoint(tmp_path / "run" / "checkpoint.pt", kind="cyclegan").step >= 1


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_the_configurations_type_decides_the_kind(kind):
    assert kind_of(kind.config()) is kind
    assert KINDS[kind.learner.kind] is kind


def test_what_a_perceptual_discriminator_looks_through_stands_on_the_refiner(tmp_path):
    judge = DiscriminatorConfig(kind="perceptual", taps="hand_encoder", grids=(8, 4, 2))
    refiner = trained(tmp_path / "run", steps=1, config=dataclasses.replace(TINY, discriminator=judge))
    assert refiner.description["seen_through"].startswith("hand encoder")
    assert "seen_through" not in trained(tmp_path / "other", steps=1).description


def test_seed_decides_the_run(tmp_path):
    one, same = trained(tmp_path / "one", steps=2), trained(tmp_path / "same", steps=2)
    other = trained(tmp_path / "other", steps=2, config=dataclasses.replace(TINY, seed=1))
    images = renders().float_images()
    assert torch.equal(one(images), same(images))
    assert not torch.equal(one(images), other(images))

# SPDX-License-Identifier: Apache-2.0
"""Steps follow from (seed, step): resumed equals uninterrupted; the rate falls at the end and rises with more steps."""

import json
from dataclasses import replace

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.hand import HAND_SMOKE, HandNetConfig, StreamConfig, train_hand_net
from handcraft.estimate.hand.export import load_hand_net
from handcraft.estimate.hand.learner import HandLearner, make_hand_net
from handcraft.estimate.hand.reading import reading_errors
from handcraft.scene import WearConfig
from handcraft.training import LoopConfig
from handcraft.training.muon import Muon
from tests.data.mano.make import write_mano

TINY = replace(HAND_SMOKE, stream=StreamConfig(render_px=32, block=32, passes=1), batch_size=16)


def loop(steps):
    return LoopConfig(steps, 1, 1, steps)


@pytest.mark.usefixtures("hand_model")
def test_resumed_equals_uninterrupted_over_blocks(tmp_path):
    """Two steps a block: the third step's renders are the second block's."""
    kept_rate = replace(TINY, decay_share=0.0)
    train_hand_net(replace(kept_rate, loop=loop(3)), tmp_path / "whole", progress=False)
    for steps in (1, 3):
        resumed = replace(kept_rate, loop=loop(steps))
        train_hand_net(resumed, tmp_path / "parts", resume=steps > 1, progress=False)
    whole, parts = (load_hand_net(tmp_path / name)[0].state_dict() for name in ("whole", "parts"))
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.usefixtures("hand_model")
def test_a_run_is_judged_meanwhile_and_trains_as_if_it_were_not(tmp_path):
    for name, every in (("often", 1), ("seldom", 3)):
        judged = replace(TINY, loop=LoopConfig(3, 1, 3, 3, every))
        train_hand_net(judged, tmp_path / name, progress=False)
    often, seldom = (load_hand_net(tmp_path / name)[0].state_dict() for name in ("often", "seldom"))
    assert all(torch.equal(often[name], seldom[name]) for name in often)
    lines = [json.loads(line) for line in (tmp_path / "often" / "metrics.jsonl").read_text().splitlines()]
    assert [0 < line["validation_pa_mpjpe_mm"] < line["validation_mpjpe_mm"] for line in lines] == [True] * 3
    assert len({line["validation_mpjpe_mm"] for line in lines}) == 3  # of the weights as they are then


@pytest.mark.usefixtures("hand_model")
def test_a_run_is_judged_by_its_averaged_network_on_what_is_in_none_of_its_blocks(monkeypatch, tmp_path):
    seen = {"held out": [], "trained on": []}

    class Watched(HandLearner):
        def __init__(self, *given, held_out):
            super().__init__(*given, held_out=held_out)
            seen["held out"].append(held_out)

        def step(self, step):
            seen["trained on"].append(self.feed.at(step, process_index=0, num_processes=1).keypoints_px)
            return super().step(step)

    monkeypatch.setattr("handcraft.estimate.hand.train.HandLearner", Watched)
    train_hand_net(replace(TINY, loop=loop(2)), tmp_path / "run", progress=False)
    (held_out,), trained_on = seen["held out"], torch.cat(seen["trained on"])
    assert torch.cdist(held_out.keypoints_px.flatten(1), trained_on.flatten(1)).min() > 1.0
    network, config, _ = load_hand_net(tmp_path / "run")
    errors = reading_errors(network, held_out, image_px=config.image_px, box_scale=config.crops.box_scale)
    last = json.loads((tmp_path / "run" / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["validation_mpjpe_mm"] == pytest.approx(errors.joints_mm.mean().item(), rel=1e-5)
    assert last["validation_error_of_hand"] == pytest.approx(errors.keypoints.mean().item(), rel=1e-5)


def test_layers_that_take_pictures_or_give_answers_are_no_matrices_to_the_optimiser():
    network = make_hand_net(TINY, generator=torch.Generator().manual_seed(0))
    optimiser = Muon.of(network, 1.0, outer_layers=network.outer_layers(), weight_decay=0.0, dtype=torch.float32)
    names = {id(weights): name for name, weights in network.named_parameters()}
    matrices, others = ({names[id(each)] for each in group["params"]} for group in optimiser.param_groups)
    assert matrices | others == set(names.values())
    assert {"stem.0.weight", "places.weight", "head.layers.4.weight"} <= others
    assert {"head.layers.0.weight", "eighth.0.0.weight", "at_keypoints.weight"} <= matrices
    assert not any(name.endswith("bias") for name in matrices)


def test_the_rate_rises_stays_and_falls():
    config = HandNetConfig(learning_rate=1.0, warm_up_steps=10, decay_share=0.5, loop=loop(100))
    assert config.rate_at(0) == pytest.approx(0.1)
    assert config.rate_at(9) == config.rate_at(50) == 1.0
    assert config.rate_at(75) == pytest.approx(0.5)
    assert config.rate_at(99) < 0.002
    assert replace(config, loop=loop(300)).rate_at(99) == 1.0


def test_switches_turn_one_source_of_variety_off():
    whole = [scene for scene, _ in StreamConfig().scenes()]
    for switch, field in [("forearm", "forearm"), ("spectrum", "spectrum"), ("pose_prior", "pose"),
                          ("occlusion", "occlusion"), ("backdrops", "backdrop")]:  # fmt: skip
        off = [scene for scene, _ in StreamConfig(**{switch: False}).scenes()]
        for before, after in zip(whole, off, strict=True):
            assert getattr(before, field) != getattr(after, field)
            assert replace(after, **{field: getattr(before, field)}) == before


def test_what_cannot_be_trained_is_refused():
    with pytest.raises(HandcraftError, match="multiple of 16"):
        HandNetConfig(image_px=40)
    with pytest.raises(HandcraftError, match="passes"):
        StreamConfig(passes=0)
    with pytest.raises(HandcraftError, match="shares"):
        StreamConfig(shares=(0.0, 0.0, 0.0))


def test_a_camera_of_ones_own_sees_the_shares_asked_for():
    scenes = StreamConfig(block=100, shares=(0.0, 1.0, 3.0)).scenes()
    assert [(scene.placement.view, count) for scene, count in scenes] == [("third_person", 25), ("egocentric", 75)]
    assert all(scene.wear.glove_share == 1.0 for scene, _ in StreamConfig(wear=WearConfig(glove_share=1.0)).scenes())


def test_mano_s_hand_trains_exports_and_is_itself_again(tmp_path):
    write_mano(tmp_path)
    stream = StreamConfig(render_px=32, block=32, passes=1, mano=tmp_path / "MANO_RIGHT.pkl")
    train_hand_net(replace(TINY, stream=stream, loop=loop(1)), tmp_path / "run", progress=False)
    network, config, _ = load_hand_net(tmp_path / "run")
    assert network.shape_parameters == 10
    assert config.stream == stream

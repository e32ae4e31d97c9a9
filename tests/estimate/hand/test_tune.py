# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning moves weights and no statistics, mixes what it says, and is resumed as if never stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from handcraft.errors import HandcraftError
from handcraft.estimate.hand import (
    TUNE_SMOKE,
    HandTuneConfig,
    StreamConfig,
    labelled_photographs,
    open_start,
    tune_hand_net,
)
from handcraft.estimate.hand.export import load_hand_net
from handcraft.estimate.hand.feeds import AS_RENDERED, MixedFeed, PhotographFeed, RenderLook
from handcraft.training import LoopConfig
from tests.estimate.hand.test_photographs import photograph

TINY = replace(TUNE_SMOKE, stream=StreamConfig(render_px=32, block=32, passes=1), batch_size=16)


def loop(steps):
    return LoopConfig(steps, 1, 1, steps)


@pytest.fixture(scope="module")
def photographs():
    samples = [photograph(index, confidence=torch.full((21,), 1 - index / 10)) for index in range(6)]
    return labelled_photographs(samples, 32, scale=2.0)


@pytest.fixture(scope="module")
def tuned(checkpoint, photographs, tmp_path_factory, hand_model):
    """Two steps in one go, and one after another."""
    folder, start = tmp_path_factory.mktemp("tuned"), open_start(str(checkpoint))
    look = RenderLook(AS_RENDERED.make, AS_RENDERED.join, {"kind": "test"})
    given = {"photographs": photographs, "look": look, "progress": False}
    tune_hand_net(start, replace(TINY, loop=loop(2)), folder / "whole", **given)
    for steps in (1, 2):
        tune_hand_net(start, replace(TINY, loop=loop(steps)), folder / "parts", resume=steps > 1, **given)
    return folder


def test_resumed_equals_uninterrupted(tuned):
    """The rate of the first step does not depend on how many there are to be: the warm-up is one step."""
    ends = [torch.load(tuned / name / "checkpoint.pt")["state"]["learner"] for name in ("whole", "parts")]
    metrics = [(tuned / name / "metrics.jsonl").read_text().splitlines()[0] for name in ("whole", "parts")]
    assert metrics[0] == metrics[1]
    whole, parts = (each["average"] for each in ends)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_statistics_stay_and_weights_move(tuned, start):
    network, _, _ = load_hand_net(tuned / "whole")
    before, after = start.network.state_dict(), network.state_dict()
    statistics = [name for name, _ in start.network.named_buffers()]
    assert statistics
    assert all(torch.equal(before[name], after[name]) for name in statistics)
    norms = [name for name, each in start.network.named_modules() if isinstance(each, nn.BatchNorm2d)]
    assert all(not torch.equal(before[f"{name}.weight"], after[f"{name}.weight"]) for name in norms)


def test_the_start_is_left_as_it_is(start, photographs, tmp_path):
    before = {name: value.clone() for name, value in start.network.state_dict().items()}
    only = replace(TINY, photograph_share=1.0, loop=loop(1))
    tune_hand_net(start, only, tmp_path / "run", photographs=photographs, progress=False)
    assert all(torch.equal(before[name], value) for name, value in start.network.state_dict().items())


def test_the_run_says_what_made_it(tuned, start):
    inputs = json.loads((tuned / "whole" / "run.json").read_text())["inputs"]
    assert inputs["start"] == start.described
    assert inputs["photographs"]["count"] == 6
    assert inputs["photographs"]["share"] == 0.5
    assert inputs["refiner"] == {"kind": "test"}
    assert inputs["is_real"]
    _, _, told = load_hand_net(tuned / "whole")
    assert told["data"] == "6 labelled photographs (mine) and handcraft's own renders, refined (test)"
    assert told["fine_tuned_from"]["sha256"] == start.described["sha256"]


def test_another_set_or_refiner_is_another_run(tuned, start, photographs):
    given = {"resume": True, "progress": False}
    with pytest.raises(HandcraftError, match="refiner"):
        tune_hand_net(start, replace(TINY, loop=loop(3)), tuned / "whole", photographs=photographs, **given)
    fewer = replace(photographs, examples=photographs.examples.rows(torch.arange(5)), subjects=photographs.subjects[:5])
    with pytest.raises(HandcraftError, match=r"photographs\.count"):
        tune_hand_net(start, replace(TINY, loop=loop(3)), tuned / "whole", photographs=fewer, **given)


def never(samples):
    raise AssertionError("a render was asked for")


def test_of_a_share_of_everything_nothing_is_rendered(start, photographs, tmp_path):
    config, look = replace(TINY, photograph_share=1.0, loop=loop(1)), RenderLook(never, never)
    tune_hand_net(start, config, tmp_path / "run", photographs=photographs, look=look, progress=False)
    losses = json.loads((tmp_path / "run" / "metrics.jsonl").read_text())
    assert losses["place"] > 0
    assert losses["joints"] == losses["angles"] == losses["rotation"] == losses["shape"] == 0


def test_of_a_share_of_nothing_no_photograph_is_seen(start, photographs, tmp_path):
    """These would end the training: what they are said to know is no number."""
    labels = photographs.examples
    spoilt = replace(labels, keypoints_px=labels.keypoints_px * torch.nan, has_pose=~labels.has_pose)
    config = replace(TINY, photograph_share=0.0, loop=loop(1))
    given = replace(photographs, examples=spoilt)
    tune_hand_net(start, config, tmp_path / "run", photographs=given, progress=False)
    assert json.loads((tmp_path / "run" / "metrics.jsonl").read_text())["joints"] > 0
    assert not json.loads((tmp_path / "run" / "run.json").read_text())["inputs"]["is_real"]


def test_photographs_leave_what_they_do_not_know_alone(start, photographs, tmp_path):
    """The last layer's rows of depth, pose and shape are not moved by photographs."""
    config = replace(TINY, photograph_share=1.0, loop=loop(2))
    start = replace(start, config=replace(start.config, weight_decay=0.0))
    tune_hand_net(start, config, tmp_path / "run", photographs=photographs, progress=False)
    network, _, _ = load_hand_net(tmp_path / "run")
    moved = (network.head.layers[-1].weight != start.network.head.layers[-1].weight).any(1)
    confidence, joints, scale, side, presence, angles, turns, shape = moved.split(network.head.sizes)
    assert confidence.any()
    assert side.any()
    assert presence.any()
    assert not torch.cat([joints, scale, angles, turns, shape]).any()


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.5, 8), (0.001, 1), (0.999, 15), (1.0, 16)])
def test_shares_in_batches(share, count):
    assert replace(TINY, photograph_share=share).photographs_per_step() == count


def test_feeds_are_mixed_in_order_and_shared_between_processes(photographs):
    one, other = (PhotographFeed(photographs.examples, count, seed) for count, seed in ((4, 0), (6, 1)))
    mixed = MixedFeed([one, other]).at(3, process_index=0, num_processes=1)
    assert len(mixed) == 10
    shares = [other.at(3, process_index=index, num_processes=2).keypoint_weights for index in range(2)]
    assert torch.equal(torch.cat(shares), mixed.keypoint_weights[4:])


def test_the_rate_rises_and_falls_to_nothing(start):
    config = HandTuneConfig(learning_rate=1.0, warm_up_steps=10, loop=loop(100)).continuing(
        start.config, is_labelled=True
    )
    rates = [config.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=0.01)
    assert max(rates) == rates[9]
    assert rates[50] == pytest.approx(0.5, abs=0.02)
    assert rates[99] < 0.001
    assert (config.image_px, config.widths, config.crops) == (32, start.config.widths, start.config.crops)


@pytest.mark.parametrize(("share", "given", "rate"), [(0.5, True, 0.5), (0.5, False, 0.25), (0.0, True, 0.25)])
def test_batches_without_labelled_photographs_are_learned_from_at_a_rate_of_their_own(
    start, photographs, tmp_path, share, given, rate
):
    config = replace(
        TINY, photograph_share=share, learning_rate=0.5, unlabelled_learning_rate=0.25, warm_up_steps=1, loop=loop(1)
    )
    tune_hand_net(start, config, tmp_path / "run", photographs=photographs if given else None, progress=False)
    assert load_hand_net(tmp_path / "run")[1].learning_rate == rate


def test_what_cannot_be_trained_is_refused(start, photographs, tmp_path):
    with pytest.raises(HandcraftError, match="photograph_share"):
        HandTuneConfig(photograph_share=1.5)
    for wrong in ({"learning_rate": 0.0}, {"unlabelled_learning_rate": -1.0}):
        with pytest.raises(HandcraftError, match="learning_rate"):
            HandTuneConfig(**wrong)
    other = replace(TINY, stream=StreamConfig(render_px=48, block=32))
    with pytest.raises(HandcraftError, match="photographs of 48 px"):
        tune_hand_net(start, other, tmp_path / "run", photographs=photographs)
    mano = replace(TINY, stream=replace(TINY.stream, mano=Path("mine.pkl")))
    with pytest.raises(HandcraftError, match=r"knows, but got mine\.pkl"):
        tune_hand_net(start, mano, tmp_path / "run", photographs=photographs)


def test_a_network_of_manos_hand_stays_one(start):
    mano = replace(start.config, stream=replace(start.config.stream, mano=Path("theirs.pkl")))
    assert TINY.continuing(mano, is_labelled=True).stream.mano == Path("theirs.pkl")
    assert (
        replace(TINY, stream=replace(TINY.stream, mano=Path("mine.pkl")))
        .continuing(mano, is_labelled=True)
        .stream.mano.name
        == "mine.pkl"
    )

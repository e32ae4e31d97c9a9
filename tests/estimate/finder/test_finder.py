# SPDX-License-Identifier: Apache-2.0
"""The finder: it learns, goes on where it stood, is judged rightly and answers the same as an ONNX file."""

import dataclasses
import math

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.estimate.degrade import DegradeConfig
from handcraft.estimate.finder import (
    FINDER_LAPTOP,
    FINDER_SHIPPED,
    FINDER_SMOKE,
    ComposedConfig,
    Finder,
    FinderConfig,
    FinderLearner,
    Found,
    SceneLabels,
    evaluate_finder,
    held_out_scenes,
    score_found,
)
from handcraft.estimate.finder.train import train_on
from handcraft.training import RunFolder, make_accelerator
from handcraft.training import train as run_training
from tests.estimate.finder.painted import painted_hands

EASY = ComposedConfig(
    hands=(0.3, 0.7, 0.0, 0.0),
    size=(0.35, 0.6),
    outside_share=0.0,
    even_share=1.0,
    distractors=0,
    cover_share=0.0,
    grey_share=0.0,
    jpeg_share=0.0,
    degrade=DegradeConfig(0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
)
SHORT = dataclasses.replace(FINDER_SMOKE, device="cpu")
CONFIG = dataclasses.replace(
    SHORT, scenes=EASY, channels=(8, 12, 16, 16, 16), steps=80, batch_size=12, learning_rate=3e-2, average_decay=0.8
)


def hands_of_block(block):
    return painted_hands(4 + block % 2)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "finder"
    return train_on(hands_of_block, SHORT, path, progress=False), path


def test_it_learns_a_batch_by_heart():
    """All of it: where hands are, how large, and how turned, in pictures with and without."""
    learner = FinderLearner(hands_of_block, CONFIG, make_accelerator("cpu"))
    scenes = learner.scenes(0)
    learner.scenes = lambda step: scenes
    before = learner.step(0)
    for step in range(1, CONFIG.steps):
        after = learner.step(step)
    assert all(after[name] < 0.5 * before[name] for name in before if name != "score")  # two numbers, learnt slowly
    assert after["score"] < before["score"]
    scores = evaluate_finder(Finder(learner.average.network.state_dict(), CONFIG), scenes)
    assert scores.recall > 0.8
    assert scores.precision > 0.8
    assert scores.mean_overlap > 0.6
    assert scores.turn_error_deg < 40


def test_a_loaded_finder_answers_as_the_trained_one(trained):
    finder, path = trained
    images = held_out_scenes(painted_hands(4), SHORT, count=3).images.permute(0, 2, 3, 1)
    for place in (path, path / "checkpoint.pt"):
        loaded = Finder.load(place)
        assert loaded.config == SHORT
        assert torch.equal(loaded(images).boxes_px, finder(images).boxes_px)
    assert len(list((path / "pictures").glob("*.png"))) == 1


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(trained, tmp_path):
    finder, path = trained
    learner = FinderLearner(hands_of_block, SHORT, make_accelerator("cpu"))
    inputs = RunFolder.open(path).record["inputs"]
    run = RunFolder.create(tmp_path / "cut", stage="find", config=SHORT, seed=SHORT.seed, inputs=inputs)
    run_training(learner, dataclasses.replace(SHORT.loop, steps=2), run, resume=False, progress=False)
    train_on(hands_of_block, SHORT, tmp_path / "cut", resume=True, progress=False)
    whole, cut = finder.graph.state_dict(), Finder.load(tmp_path / "cut").graph.state_dict()
    assert all(torch.equal(whole[name], cut[name]) for name in whole)


def test_each_block_of_hands_is_used_for_its_steps():
    asked = []

    def noting(block):
        asked.append(block)
        return painted_hands(4)

    learner = FinderLearner(noting, dataclasses.replace(SHORT, block_steps=3), make_accelerator("cpu"))
    one, again = learner.scenes(0), learner.scenes(0)
    for step in (2, 3, 5, 6):
        learner.scenes(step)
    assert asked == [0, 0, 0, 1, 1, 2]
    assert torch.equal(one.images, again.images)
    assert not torch.equal(one.images, learner.scenes(1).images)


def found_of(rows):
    """Of one picture: (box, score, turn) per row."""
    boxes, scores, turns = zip(*rows, strict=True)
    return Found(torch.tensor([boxes]), torch.tensor([scores]), torch.tensor([turns]))


def labels_of(boxes, *, ignored=()):
    skipped = torch.tensor([[slot in ignored for slot in range(len(boxes))]])
    count = len(boxes)
    return SceneLabels(torch.tensor([boxes]), torch.zeros(1, count), torch.ones(1, count), ~skipped, skipped)


HERE, THERE, ELSEWHERE = [0.0, 0.0, 10.0, 10.0], [20.0, 20.0, 40.0, 40.0], [50.0, 50.0, 60.0, 60.0]


def test_scores_are_counted_by_hand():
    rows = [
        (THERE, 0.9, math.pi / 2),  # found, a quarter turn off
        (THERE, 0.8, 0.0),  # the same again: a mistake
        ([0.0, 0.0, 10.0, 8.0], 0.7, 2 * math.pi),  # found with an overlap of 0.8
        (ELSEWHERE, 0.6, 0.0),  # nothing is there
        (ELSEWHERE, 0.2, 0.0),  # not claimed
    ]
    scores = score_found(found_of(rows), labels_of([HERE, THERE, [0.0, 50.0, 9.0, 60.0]]))
    assert (scores.scenes, scores.hands) == (1, 3)
    assert scores.precision == pytest.approx(2 / 4)
    assert scores.recall == pytest.approx(2 / 3)
    assert scores.mean_overlap == pytest.approx((1 + 0.8) / 2)
    assert scores.turn_error_deg == pytest.approx(45, abs=1e-3)


def test_finding_an_ignored_hand_is_no_mistake():
    rows = [(HERE, 0.9, 0.0), (THERE, 0.8, 0.0)]
    scores = score_found(found_of(rows), labels_of([HERE, THERE], ignored=(1,)))
    assert (scores.hands, scores.precision, scores.recall) == (1, 1.0, 1.0)


def test_scenes_without_hands_are_judged_apart():
    nothing = dataclasses.replace(labels_of([HERE]), there=torch.zeros(1, 1, dtype=torch.bool))
    assert score_found(found_of([(HERE, 0.2, 0.0)]), nothing).empty_scenes_right == 1.0
    assert score_found(found_of([(HERE, 0.6, 0.0)]), nothing).empty_scenes_right == 0.0


def test_presets_survive_json():
    for preset in (FINDER_SMOKE, FINDER_LAPTOP, FINDER_SHIPPED):
        assert FinderConfig.from_json(dataclasses.asdict(preset)) == preset
    with pytest.raises(HandcraftError, match="finder"):
        FinderConfig.from_json({"width": 3})


def test_blocks_have_the_hands_they_should():
    counts = [count for _, count in FINDER_LAPTOP.renders]
    assert sum(counts) == FINDER_LAPTOP.block
    views = [scene.placement.view for scene, _ in FINDER_LAPTOP.renders]
    assert views == ["third_person", "egocentric"]


@pytest.mark.parametrize(
    "change", [{"image_px": 100}, {"image_px": 32}, {"peaks": 0}, {"learning_rate": 0.0}, {"average_decay": 1.0}]
)
def test_what_cannot_be_trained_is_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        FinderConfig(**change)

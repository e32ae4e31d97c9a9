# SPDX-License-Identifier: Apache-2.0
"""Following hands: the finder runs only when it must, numbers stay, and what is smoothed stays a hand."""

import numpy as np
import pytest

from handcraft.predict import Tracker, TrackingConfig
from handcraft.predict.hand import nearest_rotation
from tests.predict.networks import dots, keypoints_of, turned, upright_hand, write_networks

RATE_HZ = 30.0


@pytest.fixture
def watched(tmp_path):
    """A predictor of up to two hands, and the frames in which its finder was asked."""
    predictor = write_networks(tmp_path, parts=2)
    network, asked = predictor.finder_network, []

    class Watched:
        image_px = network.image_px

        def __call__(self, **given):
            asked.append(True)
            return network(**given)

    predictor.__dict__["finder_network"] = Watched()
    return predictor, asked


def follow(tracker, frames, asked):
    """Each frame's hands, and whether the finder was asked for it."""
    for number, frame in enumerate(frames):
        before = len(asked)
        yield tracker.hands(frame, number / RATE_HZ), len(asked) > before


def moving(count, step=(2.0, 1.0), turn_rad=0.06):
    for number in range(count):
        x, y = 80 + step[0] * number, 120 + step[1] * number
        yield turned(upright_hand(x, y), turn_rad * number, (x, y))


def test_a_moving_hand_is_found_once_and_followed(watched):
    predictor, asked = watched
    hands = list(moving(20))
    seen = list(follow(Tracker(predictor), [dots(400, 300, hand) for hand in hands], asked))
    assert [was_asked for _, was_asked in seen] == [True, *[False] * 19]
    assert all([each.track for each in tracked] == [0] for tracked, _ in seen)
    for hand, (((_, found),), _) in zip(hands, seen, strict=True):
        assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 12  # behind by what smoothing costs
        assert found.side == "right"


def test_a_resting_hand_is_where_it_is(watched):
    predictor, asked = watched
    hand = upright_hand(100.0, 150.0)
    for tracked, _ in follow(Tracker(predictor), [dots(400, 300, hand)] * 4, asked):
        assert np.abs(tracked[0].hand.keypoints_px - keypoints_of(hand)).max() < 0.1


def test_smoothing_never_makes_the_crop_lag(watched):
    predictor, asked = watched
    hands = list(moving(12, step=(9.0, 4.0), turn_rad=0.2))
    tracker = Tracker(predictor)
    for _ in follow(tracker, [dots(400, 300, hand) for hand in hands], asked):
        pass
    (track,) = tracker._tracks
    assert np.abs(track.hand.keypoints_px - keypoints_of(hands[-1])).max() < 0.2
    assert len(asked) == 1


def test_a_hand_that_leaves_is_looked_for_and_has_another_number_when_it_comes_back(watched):
    predictor, asked = watched
    shown, empty = dots(400, 300, upright_hand(100.0, 150.0)), dots(400, 300)
    seen = list(follow(Tracker(predictor), [shown, shown, empty, empty, shown, shown], asked))
    assert [was_asked for _, was_asked in seen] == [True, False, True, True, True, False]
    assert [[each.track for each in tracked] for tracked, _ in seen] == [[0], [0], [], [], [1], [1]]


def test_a_second_hand_is_found_at_the_next_look_and_the_first_keeps_its_number(watched):
    predictor, asked = watched
    first, second = upright_hand(100.0, 150.0), upright_hand(320.0, 150.0)
    frames = [dots(400, 300, first)] * 2 + [dots(400, 300, first, second)] * 8
    seen = list(follow(Tracker(predictor, TrackingConfig(frames_between_looks=4)), frames, asked))
    assert [was_asked for _, was_asked in seen] == [True, *[False] * 3, True, *[False] * 3, True, False]
    assert [[each.track for each in tracked] for tracked, _ in seen] == [[0]] * 4 + [[0, 1]] * 6
    for hand, (_, found) in zip((first, second), seen[-1][0], strict=True):
        assert np.abs(found.keypoints_px - keypoints_of(hand)).max() < 0.2


def test_the_side_is_not_swayed_by_one_frame(watched):
    predictor, asked = watched
    hand = upright_hand(100.0, 150.0)
    other = hand * [-1, 1] + [200, 0]
    frames = [dots(400, 300, hand)] * 5 + [dots(400, 300, other)] + [dots(400, 300, hand)] * 2
    seen = list(follow(Tracker(predictor), frames, asked))
    assert [tracked[0].hand.side for tracked, _ in seen] == ["right"] * 8


def test_rotations_stay_rotations():
    matrices = np.random.default_rng(0).normal(size=(20, 3, 3))
    for matrix in matrices:
        rotation = nearest_rotation(matrix)
        assert np.allclose(rotation @ rotation.T, np.eye(3))
        assert np.isclose(np.linalg.det(rotation), 1)
        assert np.allclose(nearest_rotation(rotation * 3), rotation)

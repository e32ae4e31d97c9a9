# SPDX-License-Identifier: Apache-2.0
import dataclasses
import json

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.measure import ImageEvidence, keep_or_reject
from handcraft.randomness import generator_for

RESPECTS = ("mask_iou", "moved_px", "real_distance")


def evidence(count, *, seed):
    """What judges say of raw renders."""
    iou, moved, distance = torch.rand(3, count, generator=generator_for(seed))
    return ImageEvidence(0.8 + 0.2 * iou, 3 * moved, 0.5 + 2 * distance)


RAW = evidence(999, seed=0)


def one(**changed):
    fair = {"mask_iou": 0.95, "moved_px": 0.5, "real_distance": 1.0} | changed
    return ImageEvidence(**{name: torch.tensor([value]) for name, value in fair.items()})


@pytest.mark.parametrize("tolerated", [0.02, 0.2])
def test_of_raw_renders_each_respect_rejects_the_tolerated_share(tolerated):
    selection = keep_or_reject(evidence(20_000, seed=1), RAW, tolerated=tolerated)
    for respect in RESPECTS:
        assert len(selection.reasons[respect]) / 20_000 == pytest.approx(tolerated, rel=0.3)
    assert len(selection.kept) / 20_000 == pytest.approx((1 - tolerated) ** 3, abs=0.03)


@pytest.mark.parametrize(("respect", "bad"), [("mask_iou", 0.3), ("moved_px", 8.0), ("real_distance", 9.0)])
def test_what_is_worse_than_any_raw_render_goes_and_it_is_said_why(respect, bad):
    selection = keep_or_reject(one(**{respect: bad}), RAW)
    assert selection.kept.tolist() == []
    assert {name: indices.tolist() for name, indices in selection.reasons.items()} == {
        name: [0] if name == respect else [] for name in RESPECTS
    }
    assert float(selection.scores) == pytest.approx(1 / 1000)


@pytest.mark.parametrize(("respect", "good"), [("mask_iou", 1.0), ("moved_px", 0.0), ("real_distance", 0.0)])
def test_what_is_better_than_any_raw_render_is_never_held_against_an_image(respect, good):
    selection = keep_or_reject(one(**{respect: good}), RAW)
    assert selection.kept.tolist() == [0]
    assert float(selection.scores) > 0.2  # the least of the other two


def test_the_limits_are_the_worst_values_kept():
    limits = keep_or_reject(one(), RAW).limits
    for respect, step in (("mask_iou", -1e-6), ("moved_px", 1e-6), ("real_distance", 1e-6)):
        at, beyond = limits[respect], limits[respect] + step
        assert len(keep_or_reject(one(**{respect: at}), RAW).kept) == 1
        assert len(keep_or_reject(one(**{respect: beyond}), RAW).kept) == 0


def test_tolerating_more_keeps_less_and_scores_stay():
    refined = evidence(500, seed=3)
    strict, loose = (keep_or_reject(refined, RAW, tolerated=share) for share in (0.3, 0.03))
    assert set(strict.kept.tolist()) < set(loose.kept.tolist())
    assert torch.equal(strict.scores, loose.scores)
    assert strict.kept.tolist() == (strict.scores >= 0.3).nonzero()[:, 0].tolist()


def test_each_image_is_judged_alone():
    refined = evidence(50, seed=4)
    alone = [
        keep_or_reject(ImageEvidence(*(getattr(refined, name)[i : i + 1] for name in RESPECTS)), RAW).scores
        for i in range(50)
    ]
    assert torch.equal(torch.cat(alone), keep_or_reject(refined, RAW).scores)


def test_units_and_the_order_of_the_raw_renders_do_not_matter():
    refined = evidence(50, seed=4)
    scaled = [dataclasses.replace(each, moved_px=2 * each.moved_px) for each in (refined, RAW)]
    turned = ImageEvidence(*(getattr(RAW, name).flip(0) for name in RESPECTS))
    assert torch.equal(keep_or_reject(*scaled).scores, keep_or_reject(refined, turned).scores)


def test_images_as_good_as_the_best_are_kept_where_the_judge_is_always_right():
    """All raw renders alike: an equal image is as good as any, a worse one is not."""
    raw = ImageEvidence(torch.ones(30), torch.zeros(30), torch.ones(30))
    refined = ImageEvidence(torch.tensor([1.0, 0.99]), torch.zeros(2), torch.ones(2))
    assert keep_or_reject(refined, raw).kept.tolist() == [0]


def test_too_few_raw_renders_cannot_reject_anything_and_are_refused():
    few = ImageEvidence(*(getattr(RAW, name)[:19] for name in RESPECTS))
    with pytest.raises(
        HandcraftError, match=r"Expected 20 or more raw renders for a `tolerated` share of 0.05, but got 19"
    ):
        keep_or_reject(one(), few)
    enough = ImageEvidence(*(getattr(RAW, name)[:20] for name in RESPECTS))
    assert keep_or_reject(one(moved_px=99.0), enough).kept.tolist() == []


def test_mistakes_are_named():
    with pytest.raises(HandcraftError, match="`tolerated` to be between 0 and 1, but got 5"):
        keep_or_reject(one(), RAW, tolerated=5.0)
    with pytest.raises(HandcraftError, match=r"`moved_px` to be 2 finite numbers, .* 2, 1 of them not finite"):
        ImageEvidence(torch.ones(2), torch.tensor([1.0, torch.nan]), torch.ones(2))


def test_json_is_plain():
    written = json.loads(json.dumps(keep_or_reject(evidence(40, seed=3), RAW).to_json(), allow_nan=False))
    assert written["images"] == 40
    assert set(written["reasons"]) == set(written["limits"]) == set(RESPECTS)

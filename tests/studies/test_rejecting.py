# SPDX-License-Identifier: Apache-2.0
"""Keep-or-reject in the study: the images that judges find fault with are left out, and nothing else is."""

import dataclasses
import json

import torch

from handcraft.estimate import Estimator
from handcraft.measure import score_keypoints
from handcraft.refine import Refiner
from handcraft.studies.refinement import SMOKE_STUDY
from handcraft.studies.refinement import arms as arms_module
from handcraft.studies.refinement.arms import Arms
from handcraft.studies.refinement.rejecting import Judges, rejected_sheet, rejecting_table, selected, without_rejects
from handcraft.studies.refinement.sets import StudySets
from tests.studies.toy_sets import MeanColour, plain_set

COUNT = 60
RAW = plain_set(COUNT, seed=4)
PHOTOGRAPHS = plain_set(COUNT, seed=5, is_real=True)


class Oracle:
    """Judges that are told what to see by the first pixel's blue: nothing wrong below 100."""

    @staticmethod
    def segment(images):
        masks = RAW.masks[:1].float().repeat(len(images), 1, 1)
        masks[spoilt(images, 200)] = 0.0
        return masks

    @staticmethod
    def locate(images):
        return torch.where(spoilt(images, 220)[:, None, None], 40.0, 1.0).expand(-1, 21, 2)


def spoilt(images, mark):
    return (images[:, 2, 0, 0] * 255).round() == mark


def marked(indices_by_mark):
    images = RAW.images.clone()
    images[:, 2, 0, 0] = 0
    for mark, indices in indices_by_mark.items():
        images[indices, 2, 0, 0] = mark
    return images


def test_images_are_rejected_for_what_is_wrong_with_them_and_no_others():
    raw = dataclasses.replace(RAW, images=marked({}))
    images = marked({200: [3], 220: [4, 7]})
    images[9] = 255
    refined = dataclasses.replace(RAW, images=images)
    judges = Judges(Oracle.segment, Oracle.locate, MeanColour())
    found = selected(refined, raw, PHOTOGRAPHS, judges, tolerated=0.05)
    assert found.reasons["mask_iou"].tolist() == [3]
    assert found.reasons["moved_px"].tolist() == [4, 7]
    assert 9 in found.reasons["real_distance"].tolist()
    rejected = set(range(COUNT)) - set(found.kept.tolist())
    assert rejected == {index for indices in found.reasons.values() for index in indices.tolist()}
    sheet = rejected_sheet(refined, found.to_json())
    assert sheet.width > sheet.height / 2


def test_the_table_shows_what_was_rejected_and_what_it_bought():
    truth = torch.rand(20, 21, 2) * 16
    people = [str(image) for image in range(20)]

    def errors(px):
        shifted = truth + torch.tensor([px, 0.0])
        return [score_keypoints(shifted, truth, torch.ones(20, 21), people, seed=0).errors]

    selection = {"tolerated": 0.05, "images": 40, "kept": list(range(30)),
                 "reasons": {"mask_iou": [30, 31], "moved_px": [], "real_distance": list(range(31, 40))}}  # fmt: skip
    scored = {"gan": errors(3.0), without_rejects("gan"): errors(2.5), "other": errors(4.0)}
    table = rejecting_table({"gan": selection, "other": selection}, scored)
    values = [[cell and round(cell["value"], 3) for cell in row["cells"]] for row in table["rows"]]
    assert values == [[0.25, 0.05, 0.0, 0.225, 3.0, 2.5, -0.5], [0.25, 0.05, 0.0, 0.225, 4.0, None, None]]
    assert "5% of raw renders" in table["note"]


def test_the_extra_arm_learns_from_the_kept_images_alone_and_only_where_enough_are_left(tmp_path, monkeypatch):
    learnt = {}

    def remembered(training, config, path, **_):
        learnt[path.name] = (training, config.steps)
        return object.__new__(Estimator)

    monkeypatch.setattr(arms_module, "train_estimator", remembered)
    monkeypatch.setattr(arms_module, "train_refiner", lambda *_, **__: object.__new__(Refiner))
    monkeypatch.setattr(arms_module, "refine_prepared", lambda _, prepared, **__: prepared)
    monkeypatch.setattr(arms_module, "predict", lambda _, prepared: torch.zeros(len(prepared), 21, 2))
    refiners = dict.fromkeys(("CycleGAN", "feature-map CycleGAN"), SMOKE_STUDY.refiners["CycleGAN"])
    config = dataclasses.replace(SMOKE_STUDY, refiners=refiners, tolerated=0.05)
    arms = Arms(tmp_path, config, StudySets(RAW, PHOTOGRAPHS, RAW, RAW, RAW, RAW))
    kept = {"cyclegan": list(range(0, 40, 2)), "feature-map-cyclegan": [1, 2]}
    (tmp_path / "seed-0").mkdir()
    for name, indices in kept.items():
        selection = {"tolerated": 0.05, "images": COUNT, "kept": indices, "reasons": {}}
        (tmp_path / "seed-0" / f"selection-{name}.json").write_text(json.dumps(selection))
    names = [arm.name for arm in arms.all()]
    assert names[-2:] == ["CycleGAN without rejects", "labelled target"]
    training, steps = learnt["estimate-cyclegan-without-rejects"]
    assert training.keys == tuple(RAW.keys[index] for index in kept["cyclegan"])
    assert steps == learnt["estimate-cyclegan"][1]
    plain = Arms(tmp_path, dataclasses.replace(config, tolerated=0.0), arms.sets)
    assert not any("rejects" in arm.name for arm in plain.all())

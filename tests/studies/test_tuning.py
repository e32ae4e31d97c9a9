# SPDX-License-Identifier: Apache-2.0
"""A search is the same however often it is killed, and says plainly what it found."""

import dataclasses
import json
import math
import shutil
import sys

import pytest
import torch

from handcraft.data import PreparedSet
from handcraft.errors import HandcraftError
from handcraft.estimate import KEYPOINTS_SMOKE
from handcraft.randomness import generator_for
from handcraft.refine import SMOKE, CycleGANConfig
from handcraft.report import write_report
from handcraft.studies.tuning import SMOKE_TUNING, SearchSpace, TuningConfig, TuningSets, tune
from handcraft.studies.tuning import trials as trials_module
from handcraft.studies.tuning.figures import verdict
from handcraft.studies.tuning.proposals import Tried, proposed
from handcraft.studies.tuning.space import settings_of, with_settings
from handcraft.studies.tuning.trials import Trial, scores_of
from handcraft.training import DivergenceError, LoopConfig

SIZE = 32
QUICK = TuningConfig(
    dataclasses.replace(SMOKE, loop=LoopConfig(steps=2, log_every=1, checkpoint_every=1, draw_every=2)),
    dataclasses.replace(KEYPOINTS_SMOKE, steps=2, log_every=1, checkpoint_every=1, draw_every=2),
    trials=2,
)


def quartered(count, *, seed, source):
    quarters = torch.randint(0, 256, (count, 3, 2, 2), generator=generator_for(seed), dtype=torch.uint8)
    images = quarters.repeat_interleave(SIZE // 2, 2).repeat_interleave(SIZE // 2, 3)
    keypoints_px = SIZE * torch.rand(count, 21, 2, generator=generator_for(seed, 1))
    return PreparedSet(
        keys=tuple(f"{source}-{i}" for i in range(count)),
        subjects=tuple(f"{source}-person-{i % 3}" for i in range(count)),
        source=source,
        is_real=False,
        images=images,
        masks=images[:, 0] > 100,
        keypoints_px=keypoints_px,
        confidence=torch.ones(count, 21),
        crops=torch.tensor([[0.0, 0.0, float(SIZE)]]).repeat(count, 1),
        skipped=0,
    )


def sets():
    return TuningSets(
        *(quartered(6, seed=seed, source=name) for seed, name in enumerate(("renders", "photos", "labelled")))
    )


def search(path, config=QUICK, *, resume=False):
    return tune(path, sets(), config, resume=resume, device="cpu")


def lasting(results):
    """What a page shows of the search itself."""
    return {name: results[name] for name in ("arms", "tuning", "verdict", "differences")}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("tuning") / "run"
    return path, search(path)


def test_a_search_ends_in_trials_and_a_page_with_each_ones_picture(run):
    path, results = run
    assert json.loads((path / "results.json").read_text())["tuning"] == results["tuning"]
    assert [trial["number"] for trial in results["tuning"]["trials"]] == [1, 2]
    assert results["tuning"]["trials"][0]["settings"] == settings_of(QUICK.refiner)
    assert results["tuning"]["trials"][1]["settings"] != settings_of(QUICK.refiner)
    page = write_report(path).read_text()
    assert page.count("data:image/png") == 2
    assert "The search" in page
    assert ("No trial beats the raw renders" in page) == ("No trial beats" in results["verdict"])


@pytest.mark.parametrize("killed_in", ["train_refiner", "train_estimator"])
def test_a_search_that_was_killed_and_resumed_is_the_one_that_was_not(tmp_path, monkeypatch, run, killed_in):
    whole, calls = getattr(trials_module, killed_in), []

    def killed(*arguments, **options):
        calls.append(1)
        answer = whole(*arguments, **options)
        if len(calls) == 2:  # its run is there, but what follows is not
            raise KeyboardInterrupt
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(trials_module, killed_in, killed)
        with pytest.raises(KeyboardInterrupt):
            search(tmp_path / "run")
    assert lasting(search(tmp_path / "run", resume=True)) == lasting(run[1])


def test_a_longer_search_begins_with_the_shorter_one(tmp_path, run):
    search(tmp_path / "run", dataclasses.replace(QUICK, trials=1))
    longer = search(tmp_path / "run", resume=True)
    assert lasting(longer) == lasting(run[1])


def test_finished_trials_are_read_and_not_trained_again(monkeypatch, run):
    def called(*_, **__):
        raise AssertionError("trained again")

    for stage in ("train_refiner", "draw_trial"):
        monkeypatch.setattr(trials_module, stage, called)
    assert lasting(search(run[0], resume=True)) == lasting(run[1])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda record: {**record, "settings": {**record["settings"], "cycle_weight": 3.0}}, "as the trials before it"),
        (lambda record: {"settings": record["settings"]}, "to be a trial's record"),
    ],
)
def test_a_record_that_is_another_trials_or_damaged_is_refused(tmp_path, run, change, said):
    shutil.copytree(run[0], tmp_path / "run")
    file = tmp_path / "run" / "trials" / "002" / "trial.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(HandcraftError, match=said):
        search(tmp_path / "run", resume=True)


def test_another_search_does_not_go_on_in_the_folder(run):
    with pytest.raises(HandcraftError, match="resume"):
        search(run[0])
    with pytest.raises(HandcraftError, match="seed"):
        search(run[0], dataclasses.replace(QUICK, seed=1), resume=True)


def test_a_trial_that_diverges_is_given_up_and_the_search_goes_on(tmp_path, monkeypatch):
    whole, calls = trials_module.train_refiner, []

    def diverging(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise DivergenceError("Expected `cycle` to be finite, but got nan.")
        return whole(*arguments, **options)

    monkeypatch.setattr(trials_module, "train_refiner", diverging)
    results = search(tmp_path / "run")
    first, second = results["tuning"]["trials"]
    assert first["error_px"] is None
    assert "finite" in first["note"]
    assert results["tuning"]["best"] == 2
    assert second["error_px"] is not None
    again = search(tmp_path / "run", resume=True)
    assert lasting(again) == lasting(results)
    assert len(calls) == 2  # what diverged is not tried again
    assert "given up" in write_report(tmp_path / "run").read_text()


def test_proposals_learn_from_the_trials_before():
    config = dataclasses.replace(SMOKE_TUNING, random_trials=3)
    before = [Tried(settings_of(config.refiner), 9.0)]
    while len(before) < 12:
        settings = proposed(config, before)
        before.append(Tried(settings, abs(math.log(settings["cycle_weight"] / 2)) + 5))
    assert proposed(config, before) == proposed(config, before)
    assert proposed(config, before) != proposed(dataclasses.replace(config, seed=1), before)
    flipped = [Tried(each.settings, -each.error_px) for each in before]
    assert proposed(config, before)["cycle_weight"] != proposed(config, flipped)["cycle_weight"]
    assert all(1 <= each.settings["cycle_weight"] <= 30 for each in before)


@pytest.mark.parametrize("config", [SMOKE_TUNING, dataclasses.replace(SMOKE_TUNING, seed=5)])
def test_the_first_trial_is_the_preset_itself_whatever_the_seed(config):
    assert proposed(config, []) == settings_of(config.refiner)
    assert with_settings(config.refiner, proposed(config, [])) == config.refiner


def test_where_training_diverges_is_avoided():
    """Told as pruned: as a trial of error 0 it would be sought, left out it would be tried again and again."""
    config = dataclasses.replace(SMOKE_TUNING, random_trials=3)
    before = [
        Tried({**settings_of(config.refiner), "cycle_weight": weight}, math.inf if weight > 7 else 9 + weight / 100)
        for weight in (1.5, 2.0, 3.0, 8.0, 10.0, 12.0, 15.0, 18.0, 21.0, 25.0, 29.0)
    ]
    found = [proposed(dataclasses.replace(config, seed=seed), before)["cycle_weight"] for seed in range(12)]
    assert sum(weight > 7 for weight in found) <= 1


def test_settings_reach_the_configuration_and_nothing_else_does():
    wanted = {**settings_of(SMOKE), "cycle_weight": 3.0, "learning_rate": 1e-4, "ema_decay": 0.99}
    changed = with_settings(SMOKE, wanted)
    assert settings_of(changed) == wanted
    assert with_settings(changed, settings_of(SMOKE)) == SMOKE
    with pytest.raises(HandcraftError, match="cycle_weight"):
        with_settings(CycleGANConfig(), {"cycle_weight": -1.0})


def test_the_verdict_says_when_raw_renders_are_better():
    validation = sets().validation
    perfect, poor = validation.keypoints_px, validation.keypoints_px + 3.0
    settings = settings_of(SMOKE)
    scores = {"raw renders": scores_of(poor, validation), "trial 1": scores_of(perfect, validation)}
    assert verdict([Trial(1, settings, 0.0, "", perfect)], scores).startswith("Of 1 trials trial 1")
    scores = {"raw renders": scores_of(perfect, validation), "trial 1": scores_of(poor, validation)}
    assert verdict([Trial(1, settings, 3 * math.sqrt(2), "", poor)], scores).startswith("No trial beats")
    assert "given up" in verdict([Trial(1, settings, math.inf, "nan", None)], scores)


def test_bad_input_is_refused_in_one_line(monkeypatch, tmp_path):
    with pytest.raises(HandcraftError, match="`validation` to have labelled keypoints"):
        dataclasses.replace(
            sets(), validation=dataclasses.replace(sets().validation, keypoints_px=None, confidence=None)
        )
    with pytest.raises(HandcraftError, match="`learning_rate` to be a range"):
        SearchSpace(learning_rate=(0.0, 1.0))
    with pytest.raises(HandcraftError, match="`cycle` to name"):
        SearchSpace(cycle=())
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(HandcraftError, match=r"handcraft\[tune\]"):
        search(tmp_path / "run")
    assert not (tmp_path / "run").exists()

# SPDX-License-Identifier: Apache-2.0
"""The whole flow on a few tiny hands, and the laws of its parts."""

import dataclasses
import json
import multiprocessing
import re
import signal
import time
from pathlib import Path

import pytest
import torch

from handcraft.data import PreparedSet, ShardWriter, prepare
from handcraft.data.rendered import RenderedSet, render_samples
from handcraft.errors import HandcraftError
from handcraft.measure import score_keypoints
from handcraft.report import write_report
from handcraft.scene import SceneConfig
from handcraft.studies.described import evenly
from handcraft.studies.refinement import SMOKE_STUDY, StudyConfig, run_study
from handcraft.studies.refinement.figures import verdict
from tests.training.toy import in_bytes

REFINERS = tuple(SMOKE_STUDY.refiners)
ARMS = ["image centre", "mean pose", "raw renders", "normalised colours", *REFINERS, "labelled target"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "run"
    run_study(path, SMOKE_STUDY, title="Smoke", workers=1)
    return path


def test_the_flow_ends_in_figures_pictures_and_a_page(run: Path) -> None:
    results = json.loads((run / "results.json").read_text())
    assert [arm["name"] for arm in results["arms"]] == ARMS
    assert all(arm["runs"][0]["scores"]["images"] > 16 for arm in results["arms"])
    assert {drift["refiner"] for drift in results["label_drift"]} == set(REFINERS)
    beside = [row["name"] for row in results["tables"][0]["rows"]]
    assert beside == ["raw renders", *REFINERS, "simulated photographs against others of them"]
    assert not results["sets"]["test"]["is_real"]
    assert "stand-in" in results["sets"]["target"]["note"]
    assert any("simulated" in limit for limit in results["limits"])
    for picture in results["pictures"]:
        assert (run / picture["file"]).stat().st_size > 1000
    page = write_report(run).read_text()
    assert page.count("data:image/png") == len(results["pictures"])


def test_sets_share_no_hands_and_the_test_is_cut_by_the_segmenter(run: Path) -> None:
    sets = {path.stem: PreparedSet.load(path) for path in (run / "sets").glob("*.safetensors")}
    people = {name: set(sets[name].subjects) for name in ("source", "target", "test", "judge", "drift")}
    names = sorted(people)
    assert not any(people[a] & people[b] for a in names for b in names if a < b)
    rendered = RenderedSet(SceneConfig(look="photographic", size_px=64), 37, 24)
    test, cut_by_label = sets["test"], prepare(rendered, SMOKE_STUDY.crops)
    assert set(test.keys) <= set(cut_by_label.keys)
    assert test.skipped + len(test) == 24
    same = cut_by_label.select([cut_by_label.keys.index(key) for key in test.keys])
    assert (same.crops != test.crops).any(1).float().mean() > 0.9
    assert torch.equal(sets["source"].crops, prepare(plain_source(), SMOKE_STUDY.crops).crops)  # renders have masks


def plain_source() -> RenderedSet:
    return RenderedSet(SceneConfig(look="plain", size_px=64), 11, 48)


def test_every_arm_learns_from_what_it_is_said_to_and_from_nothing_else(run: Path) -> None:
    learnt = {path.parent.name: json.loads(path.read_text()) for path in run.glob("seed-0/*/run.json")}
    inputs = {name: (record["inputs"]["source"], record["inputs"]["images"]) for name, record in learnt.items()
              if record["stage"] == "estimate"}  # fmt: skip
    assert inputs == {
        "estimate-raw-renders": ("plain renders", 48),
        "estimate-normalised-colours": ("plain renders", 48),
        "estimate-cyclegan": ("refined plain renders", 48),
        "estimate-feature-map-cyclegan": ("refined plain renders", 48),
        "estimate-style-refiner": ("refined plain renders", 48),
        "estimate-labelled-target": ("simulated photographs", len(PreparedSet.load(run / "sets/target.safetensors"))),
    }
    assert learnt["estimate-normalised-colours"]["config"]["input"] == "normalised"
    assert learnt["refine-cyclegan"]["config"]["cycle"] == "pixels"
    assert learnt["refine-feature-map-cyclegan"]["config"]["cycle"] == "discriminator_features"
    results = json.loads((run / "results.json").read_text())
    assert len({arm["epe_mean"]["value"] for arm in results["arms"]}) == len(ARMS)
    assert all(drift["displacement_px"]["value"] > 0 for drift in results["label_drift"])


def test_resuming_a_finished_study_changes_no_figure(run: Path) -> None:
    before = json.loads((run / "results.json").read_text())
    run_study(run, SMOKE_STUDY, title="Smoke", workers=1, resume=True)
    after = json.loads((run / "results.json").read_text())
    assert before["arms"] == after["arms"]
    assert before["label_drift"] == after["label_drift"]


def what_training_left(run: Path) -> dict[str, object]:
    """Every tensor of every checkpoint, every set and every line of losses."""
    files = [*run.rglob("metrics.jsonl"), *run.rglob("*.safetensors")]
    left: dict[str, object] = {str(path.relative_to(run)): path.read_bytes() for path in files}
    for path in run.rglob("checkpoint.pt"):
        left[str(path.relative_to(run))] = in_bytes(torch.load(path, weights_only=True)["state"])
    return left


def test_a_study_killed_at_several_moments_ends_where_an_uninterrupted_one_ends(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = tmp_path / "run"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # as here (conftest): sums of two threads differ in their last bit
    for moment in ("sets/judge.safetensors", "seed-0/refine-cyclegan/checkpoint.pt", "judge/run.json"):
        options = {"title": "Smoke", "workers": 1, "resume": killed.exists()}
        victim = multiprocessing.get_context("spawn").Process(
            target=run_study, args=(killed, SMOKE_STUDY), kwargs=options
        )
        victim.start()
        while victim.is_alive() and not (killed / moment).exists():
            time.sleep(0.002)
        victim.kill()
        victim.join()
        assert victim.exitcode == -signal.SIGKILL
        assert json.loads((killed / "run.json").read_text())["status"] == "running"
    (killed / "sets" / ".target.safetensors.99.part").write_bytes(b"half")
    run_study(killed, SMOKE_STUDY, title="Smoke", workers=1, resume=True)
    assert what_training_left(killed) == what_training_left(run)
    after, whole = (json.loads((path / "results.json").read_text()) for path in (killed, run))
    assert [after[name] for name in ("arms", "label_drift", "verdict")] == [
        whole[name] for name in ("arms", "label_drift", "verdict")
    ]
    assert not list(killed.rglob(".*.part"))
    assert json.loads((killed / "run.json").read_text())["status"] == "finished"


def test_another_configuration_is_not_resumed(run: Path) -> None:
    with pytest.raises(HandcraftError, match=r"config\.study\.test_count"):
        run_study(run, dataclasses.replace(SMOKE_STUDY, test_count=20), title="Smoke", resume=True)


def test_a_labelled_test_set_of_its_own_is_split_by_people_for_the_ceiling(tmp_path: Path) -> None:
    config = dataclasses.replace(SMOKE_STUDY, seeds=(0,))
    with ShardWriter(tmp_path / "labelled", description={"made": "for this test"}) as writer:
        for sample in render_samples(SceneConfig(look="photographic", size_px=64, frames_per_person=2), 99, range(24)):
            writer.write(sample)
    results = run_study(tmp_path / "run", config, title="Own test", test=tmp_path / "labelled", workers=1)
    ceiling = results["arms"][-1]
    assert "other half" in ceiling["description"]
    assert results["sets"]["test"]["count"] + results["sets"]["test"]["skipped"] == 24
    assert results["sets"]["test"]["people"] <= 12
    halves = [
        json.loads(path.read_text())["inputs"] for path in tmp_path.glob("run/seed-0/*labelled-target-*/run.json")
    ]
    assert len(halves) == 2
    assert sum(half["images"] for half in halves) == results["sets"]["test"]["count"]  # each learns from the other half


def test_a_test_of_one_person_is_refused_and_the_run_says_that_it_failed(tmp_path: Path) -> None:
    with ShardWriter(tmp_path / "one", description={"made": "for this test"}) as writer:
        for sample in render_samples(SceneConfig(look="photographic", size_px=64, frames_per_person=24), 99, range(24)):
            writer.write(sample)
    with pytest.raises(HandcraftError, match="2 people at least"):
        run_study(tmp_path / "run", SMOKE_STUDY, title="One", test=tmp_path / "one", workers=1)
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert record["status"] == "failed"
    assert "2 people" in record["error"]
    assert not (tmp_path / "run" / "seed-0").exists()


@pytest.mark.parametrize("name", ["photos", "test"])
def test_a_folder_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(HandcraftError, match=f"`{name}` to be a folder"):
        run_study(tmp_path / "run", SMOKE_STUDY, title="", **{name: tmp_path / "nowhere"})
    assert not (tmp_path / "run").exists()


def verdict_of(sizes_px: dict[str, float], *, spread_px: float = 0.0) -> str:
    """The verdict on arms whose errors have these sizes, each image its own up to ``spread_px`` more or less."""
    generator = torch.Generator().manual_seed(0)
    truth, people = torch.rand(60, 21, 2, generator=generator) * 64, [f"p{i // 3}" for i in range(60)]

    def errors(size_px: float) -> list:
        noise = torch.nn.functional.normalize(torch.randn(60, 21, 2, generator=generator), dim=-1)
        sizes = size_px + spread_px * (2 * torch.rand(60, 1, 1, generator=generator) - 1)
        return [score_keypoints(truth + sizes * noise, truth, torch.ones(60, 21), people, seed=0).errors]

    return verdict(REFINERS, {name: errors(size) for name, size in sizes_px.items()})


def test_the_verdict_follows_the_intervals() -> None:
    sizes = {
        "mean pose": 14.0,
        "raw renders": 10.0,
        "normalised colours": 6.0,
        "CycleGAN": 11.0,
        "feature-map CycleGAN": 7.0,
        "style refiner": 12.0,
    }
    words = verdict_of(sizes)
    assert re.search(r"refined by the feature-map CycleGAN beats raw renders \(mean error 7.0 against 10.0 px\)", words)
    assert "beats the mean pose" in words
    assert "normalising the colours (6.0 px) it is worse" in words
    unsure = verdict_of(dict.fromkeys(sizes, 9.0), spread_px=5.0)
    assert "is not clearly different from raw renders" in unsure
    assert "it makes no clear difference" in unsure
    assert "does worse than raw renders" in verdict_of({**sizes, "raw renders": 5.0})


def test_indices_are_spread_evenly_and_stay_inside() -> None:
    assert evenly(9, 3) == [0, 4, 8]
    assert evenly(2, 8) == [0, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [({"test_count": 3}, "test_count"), ({"seeds": (1, 1)}, "seeds"), ({"refiners": {}}, "refiners")],
)
def test_studies_that_cannot_mean_anything_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(HandcraftError, match=message):
        StudyConfig(**change)

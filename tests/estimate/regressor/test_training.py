# SPDX-License-Identifier: Apache-2.0
"""Training and use: it learns rendered hands, resumes bit for bit, and judges itself on all of a validation set."""

import dataclasses
from dataclasses import replace

import pytest
import torch
from PIL import Image

from handcraft.data import PreprocessConfig, prepare
from handcraft.data.rendered import RenderedSet
from handcraft.errors import HandcraftError
from handcraft.estimate import AugmentConfig, Estimator, load_estimator
from handcraft.estimate.regressor import (
    REGRESSOR_PRESETS,
    REGRESSOR_SMOKE,
    Regressor,
    RegressorConfig,
    RegressorLearner,
    reprojection_loss,
    shape_loss,
    targets_of,
    train_regressor,
)
from handcraft.measure import MeanPose
from handcraft.scene import SceneConfig
from handcraft.scene.placement import PlacementConfig
from handcraft.training import RunFolder, make_accelerator
from handcraft.training import train as run_training
from tests.estimate.painted import painted_set

STILL = AugmentConfig(rotation_deg=0.0, scale=1.0, shift=0.0, mirror=False)
SMOKE = replace(REGRESSOR_SMOKE, device="cpu")


def learner_of(prepared, config, hand, **named):
    return RegressorLearner(prepared, config, make_accelerator("cpu"), hand, **named)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A regressor, its crops and its run, after a few steps on painted dots, validated on others."""
    prepared, validation = painted_set(12, size=48), painted_set(10, size=48, seed=1)
    path = tmp_path_factory.mktemp("runs") / "regressor"
    return train_regressor(prepared, SMOKE, path, validation=validation, progress=False), prepared, validation, path


def test_overfits_thirty_two_rendered_hands(anny):
    scenes = SceneConfig(size_px=64, placement=PlacementConfig(roll_deg=60.0))
    prepared = prepare(RenderedSet(scenes, 5, 32), PreprocessConfig(size=48))
    config = replace(SMOKE, hidden=128, steps=80, batch_size=32, augment=STILL, learning_rate=5e-3)
    learner = learner_of(prepared, config, anny)
    for step in range(config.steps):
        losses = learner.step(step)
    regressor = Regressor(learner.network.state_dict(), config, anny)
    images, true_px = prepared.float_images(), prepared.keypoints_px
    blind = MeanPose.fit(true_px, prepared.confidence)
    error_px, blind_px = ((found(images) - true_px).norm(dim=-1).mean().item() for found in (regressor, blind))
    assert error_px < 0.4 * blind_px, (error_px, blind_px, losses)


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path, trained, anny):
    _, prepared, validation, whole_path = trained
    path, inputs = tmp_path / "cut", RunFolder.open(whole_path).record["inputs"]
    run = RunFolder.create(path, stage="estimate", config=SMOKE, seed=SMOKE.seed, inputs=inputs)
    learner = learner_of(prepared, SMOKE, anny, validation=validation)
    run_training(learner, replace(SMOKE.loop, steps=2), run, resume=False, progress=False)
    train_regressor(prepared, SMOKE, path, validation=validation, resume=True, progress=False)
    whole, resumed = (Regressor.load(each).network.state_dict() for each in (whole_path, path))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert (path / "metrics.jsonl").read_text() == (whole_path / "metrics.jsonl").read_text()


def test_a_loaded_regressor_answers_as_the_trained_one(trained):
    regressor, prepared, _, path = trained
    images = prepared.float_images()
    loaded = Regressor.load(path / "checkpoint.pt")
    assert loaded.config == SMOKE
    assert torch.equal(loaded(images), regressor(images))
    assert regressor(images[:0]).shape == (0, 21, 2)
    by_kind = load_estimator(path)
    assert isinstance(by_kind, Regressor)
    with pytest.raises(HandcraftError, match="kind keypoints, but it is of kind regressor"):
        Estimator.load(path)


def test_what_it_says_fits_together(trained):
    regressor, prepared, _, _ = trained
    images = prepared.float_images()
    hands = regressor.regress(images)
    assert hands.vectors.shape == (4, 12, len(regressor.hand.mean))
    assert torch.equal(hands.vectors[0], regressor.hand.mean.expand(12, -1))
    camera = regressor.hand.camera(hands.vectors[-1], 48)
    torch.testing.assert_close(camera.pixels_from_camera(hands.joints_m), hands.keypoints_px, atol=1e-3, rtol=0)
    torch.testing.assert_close(regressor(images), hands.keypoints_px, atol=1e-4, rtol=0)
    torch.testing.assert_close(hands.joints_m[:, 0], torch.zeros(12, 3), atol=1e-6, rtol=0)
    assert hands.faces.max() == hands.vertices_m.shape[1] - 1
    nearest_m = torch.cdist(hands.joints_m, hands.vertices_m).amin(-1)
    assert nearest_m.max() < 0.03, "joints lie in the mesh"
    alone = torch.cat([regressor(image[None]) for image in images])
    torch.testing.assert_close(alone, hands.keypoints_px, atol=1e-3, rtol=0)


def test_only_the_last_step_is_judged(anny):
    learner = learner_of(painted_set(8, size=32), SMOKE, anny)
    vectors = (anny.mean + 0.1 * torch.randn(4, 8, len(anny.mean))).requires_grad_()
    learner.wrapped = lambda images: vectors
    learner.step(0)
    assert (vectors.grad[:3] == 0).all()
    assert (vectors.grad[3].abs().sum(1) > 0).all()


def test_validation_is_of_the_whole_set_in_evaluation_mode(trained, anny):
    regressor, prepared, validation, path = trained
    config = replace(SMOKE, dropout=0.5)
    learner = learner_of(prepared, config, anny, validation=validation)
    learner.network.load_state_dict(regressor.network.state_dict())
    learner.network.train()
    hands = Regressor(learner.network.state_dict(), config, anny).regress(validation.float_images())
    truth = targets_of(
        validation.keypoints_px, validation.confidence, side_px=48, supervision="keypoints", thumb_cmc_certainty=1.0
    )
    reprojection = reprojection_loss(anny.places(hands.vectors[-1]), truth).item()
    shape = shape_loss(anny.parts(hands.vectors[-1]).shape, "l1").item()
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    expected = {"loss": 100 * reprojection + shape, "reprojection": reprojection, "shape": shape}
    assert learner.validate() == pytest.approx(
        {f"validation_{name}": each for name, each in expected.items()}, rel=1e-4
    )
    assert all(torch.equal(before[name], each) for name, each in learner.network.state_dict().items())
    logged = {line["step"]: line for line in RunFolder.open(path).metrics()}
    assert [step for step, line in logged.items() if "validation_loss" in line] == [2, 4]
    assert logged[4]["validation_loss"] == pytest.approx(expected["loss"], rel=1e-4)
    assert learner_of(prepared, config, anny).validate() == {}


def test_a_frozen_encoder_learns_nothing_and_the_rest_does(anny):
    learner = learner_of(painted_set(8, size=32), replace(SMOKE, frozen=True), anny)
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}
    learner.step(0)
    for name, value in learner.network.state_dict().items():
        assert torch.equal(before[name], value) == name.startswith("encoder."), name


def test_the_shape_s_loss_can_be_left_out(anny):
    prepared = painted_set(8, size=32)
    with_shape, without = (
        learner_of(prepared, replace(SMOKE, last_gain=1.0, shape_loss=kind), anny).step(0) for kind in ("l1", "none")
    )
    assert without["shape"] == 0
    assert without["reprojection"] == with_shape["reprojection"]
    assert with_shape["loss"] == pytest.approx(without["loss"] + with_shape["shape"])


def test_unlabelled_keypoints_teach_nothing(anny):
    prepared = painted_set(12, size=48)
    confidence = prepared.confidence.clone()
    confidence[:, 4:] = 0
    lost = replace(prepared, confidence=confidence)
    moved = replace(lost, keypoints_px=torch.where(confidence[..., None] > 0, prepared.keypoints_px, 7.0))
    steps = [learner_of(each, SMOKE, anny).step(0)["loss"] for each in (lost, moved, prepared)]
    assert steps[0] == steps[1] != steps[2]
    with pytest.raises(HandcraftError, match="labelled"):
        learner_of(replace(prepared, confidence=torch.zeros(12, 21)), SMOKE, anny)
    with pytest.raises(HandcraftError, match="`prepared` to have keypoints"):
        learner_of(replace(prepared, keypoints_px=None, confidence=None), SMOKE, anny)


def test_pictures_show_every_step_and_the_mesh(trained):
    _, _, _, path = trained
    with Image.open(RunFolder.open(path).pictures / "step-0000004.png") as picture:
        assert picture.width == 5 * 144 + 6 * 6  # the mean, three steps, the mesh
        assert picture.height > 6 * 144
        assert len(picture.getcolors(maxcolors=1 << 20)) > 1000


def test_mano_s_hand_is_trained_too_and_found_where_it_has_moved(tmp_path, mano_folder):
    prepared, own = painted_set(8, size=32), tmp_path / "own.pkl"
    own.write_bytes((mano_folder / "MANO_RIGHT.pkl").read_bytes())
    config = replace(SMOKE, hand="mano", supervision="joints", mano=own, steps=1)
    regressor = train_regressor(prepared, config, tmp_path / "run", progress=False)
    assert regressor.regress(prepared.float_images()).vectors.shape == (4, 8, 61)
    loaded = Regressor.load(tmp_path / "run", mano=own.rename(tmp_path / "moved.pkl"))
    assert torch.equal(loaded(prepared.float_images()), regressor(prepared.float_images()))
    with pytest.raises(HandcraftError, match="`mano` to name a file"):
        train_regressor(prepared, replace(config, mano=None), tmp_path / "other", progress=False)
    assert not (tmp_path / "other").exists()


def test_presets_survive_json_and_are_the_table_s(tmp_path):
    for preset in REGRESSOR_PRESETS.values():
        assert RegressorConfig.from_json(dataclasses.asdict(preset)) == preset
    named = replace(SMOKE, weights=tmp_path / "w", mano=tmp_path / "m")
    remembered = dataclasses.asdict(named) | {"weights": str(named.weights), "mano": str(named.mano)}
    assert RegressorConfig.from_json(remembered) == named
    with pytest.raises(HandcraftError, match="configuration of a regressor"):
        RegressorConfig.from_json({"width": 3})
    table = {
        name: (preset.encoder, preset.start, preset.frozen, preset.shape_loss, preset.batch_size, preset.steps)
        for name, preset in REGRESSOR_PRESETS.items()
    }
    assert list(table.values())[2:] == [
        ("resnet50", "pretrained", False, "none", 64, 100_000),
        ("resnet50", "pretrained", False, "l1", 32, 100_000),
        ("resnet50", "pretrained", True, "l1", 32, 100_000),
        ("resnet50", "random", False, "l1", 32, 187_000),
        ("densenet121", "pretrained", False, "l1", 16, 54_000),
        ("densenet121", "pretrained", True, "l1", 32, 100_000),
        ("inception_v3", "pretrained", True, "l1", 32, 44_000),
    ]
    thesis = REGRESSOR_PRESETS["resnet-pretrained"]
    assert (thesis.learning_rate, thesis.weight_decay, thesis.schedule) == (1e-5, 1e-4, "constant")
    assert (thesis.reprojection_weight, thesis.iterations, thesis.thumb_cmc_certainty) == (100.0, 3, 0.2)


@pytest.mark.parametrize(
    "change",
    [{"width": 0}, {"image_px": 60}, {"learning_rate": 0.0}, {"dropout": 1.0}, {"thumb_cmc_certainty": 1.1},
     {"iterations": 0}, {"start": "pretrained"}, {"fill": 0.0}],
)  # fmt: skip
def test_what_cannot_be_trained_is_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        RegressorConfig(**change)

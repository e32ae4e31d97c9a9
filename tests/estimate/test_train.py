# SPDX-License-Identifier: Apache-2.0
"""Training and prediction: it learns, it resumes bit for bit, and no image's answer depends on its batch mates."""

import dataclasses

import pytest
import torch
from PIL import Image

from handcraft.errors import HandcraftError
from handcraft.estimate import (
    KEYPOINTS_LAPTOP,
    KEYPOINTS_PAPER,
    KEYPOINTS_SMOKE,
    AugmentConfig,
    Estimator,
    KeypointConfig,
    KeypointLearner,
    predict,
    train_estimator,
)
from handcraft.training import RunFolder, make_accelerator
from handcraft.training import train as run_training
from tests.estimate.painted import painted_set

STILL = AugmentConfig(rotation_deg=0.0, scale=1.0, shift=0.0, mirror=False)
SMOKE = dataclasses.replace(KEYPOINTS_SMOKE, device="cpu")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An estimator, its crops and its run, after a few steps on painted dots of another size than its input."""
    prepared, path = painted_set(12, size=48), tmp_path_factory.mktemp("runs") / "keypoints"
    return train_estimator(prepared, SMOKE, path, progress=False), prepared, path


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """An estimator that saw eight crops many times, and the crops."""
    prepared = painted_set(8, size=32)
    config = dataclasses.replace(
        SMOKE, width=16, steps=120, batch_size=8, augment=STILL, learning_rate=5e-3, draw_every=1000
    )
    path = tmp_path_factory.mktemp("runs") / "learned"
    return train_estimator(prepared, config, path, progress=False), prepared


def test_overfits_eight_samples(learned):
    estimator, prepared = learned
    assert (predict(estimator, prepared) - prepared.keypoints_px).norm(dim=-1).mean() < 1.0


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path, trained):
    _, prepared, whole_path = trained
    path = tmp_path / "cut"
    learner = KeypointLearner(prepared, SMOKE, make_accelerator("cpu"))
    inputs = RunFolder.open(whole_path).record["inputs"]
    run = RunFolder.create(path, stage="estimate", config=SMOKE, seed=SMOKE.seed, inputs=inputs)
    run_training(learner, dataclasses.replace(SMOKE.loop, steps=2), run, resume=False, progress=False)
    train_estimator(prepared, SMOKE, path, resume=True, progress=False)
    whole, resumed = (Estimator.load(each).network.state_dict() for each in (whole_path, path))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert (path / "metrics.jsonl").read_text() == (whole_path / "metrics.jsonl").read_text()


def test_a_loaded_estimator_predicts_as_the_trained_one(trained):
    estimator, prepared, path = trained
    expected_px = predict(estimator, prepared)
    for place in (path, path / "checkpoint.pt"):
        loaded = Estimator.load(place)
        assert loaded.config == SMOKE
        assert torch.equal(predict(loaded, prepared), expected_px)


@pytest.mark.parametrize("kind", ["colour", "normalised"])
def test_batch_mates_do_not_matter(trained, kind):
    estimator, prepared, _ = trained
    estimator = Estimator(estimator.network.state_dict(), dataclasses.replace(SMOKE, input=kind))
    images = prepared.float_images()
    together = estimator(images)
    alone = torch.cat([estimator(image[None]) for image in images])
    torch.testing.assert_close(together, alone, atol=1e-3, rtol=0)
    assert estimator(images[:0]).shape == (0, 21, 2)


def test_keypoints_are_in_pixels_of_the_given_image(learned):
    """The same picture at five times the size has its keypoints at five times the coordinates."""
    estimator, prepared = learned
    large = torch.nn.functional.interpolate(prepared.float_images(), scale_factor=5, mode="bilinear")
    offset_px = estimator(large) / 5 - prepared.keypoints_px
    assert offset_px.norm(dim=-1).median() < 1.5
    assert offset_px.mean((0, 1)).abs().max() < 0.4, "a shift of all keypoints is a convention gone wrong"


def test_decoding_goes_with_the_heatmaps(trained):
    estimator, prepared, _ = trained
    images = prepared.float_images()
    maps = estimator.heatmaps(images)
    torch.testing.assert_close(maps.sum((-2, -1)), torch.ones(len(images), 21))
    torch.testing.assert_close(estimator.network.codec.decode(maps) * 48 / 32, estimator(images))


def test_the_normalised_input_is_used_in_training_and_prediction(tmp_path, trained):
    _, prepared, _ = trained
    config = dataclasses.replace(SMOKE, input="normalised")
    estimator = train_estimator(prepared, config, tmp_path / "run", progress=False)
    tinted = prepared.float_images() * torch.tensor([0.9, 0.6, 0.8]).view(1, 3, 1, 1)
    torch.testing.assert_close(estimator(tinted), predict(estimator, prepared), atol=1e-2, rtol=0)
    batch = KeypointLearner(prepared, config, make_accelerator("cpu"))._batch(0)[0]
    assert (batch.amax((2, 3)) == 1).all()


def test_augmented_batches_keep_dots_on_their_keypoints(trained):
    """What the learner trains on: the painted colour of each keypoint is found where its label says."""
    prepared = painted_set(64, size=48)
    config = dataclasses.replace(SMOKE, image_px=64, batch_size=64, augment=AugmentConfig(mirror=True))
    images, keypoints_px, confidence = KeypointLearner(prepared, config, make_accelerator("cpu"))._batch(3)
    inside = ((keypoints_px > 3) & (keypoints_px < 61)).all(-1)
    grid = (keypoints_px / 32 - 1)[:, :, None]
    brightness = torch.nn.functional.grid_sample(images, grid, align_corners=False).amax(1)[..., 0]
    assert confidence.shape == (64, 21)
    assert brightness[inside].mean() > 0.7
    assert images.amax(1).mean() < 0.3


def test_drawing_changes_nothing_that_training_depends_on(tmp_path, trained):
    _, prepared, _ = trained
    drawn, plain = (KeypointLearner(prepared, SMOKE, make_accelerator("cpu")) for _ in range(2))
    for step in range(2):
        drawn.draw(tmp_path / "drawn.png")
        assert drawn.step(step) == plain.step(step)
    states = [learner.network.state_dict() for learner in (drawn, plain)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert states[0]["stem.1.num_batches_tracked"] == 2


def test_unlabelled_keypoints_teach_nothing(trained):
    _, prepared, _ = trained
    confidence = prepared.confidence.clone()
    confidence[:, 4:] = 0
    lost = dataclasses.replace(prepared, confidence=confidence)
    moved = dataclasses.replace(lost, keypoints_px=torch.where(confidence[..., None] > 0, prepared.keypoints_px, 7.0))
    steps = [KeypointLearner(each, SMOKE, make_accelerator("cpu")).step(0)["loss"] for each in (lost, moved, prepared)]
    assert steps[0] == steps[1] != steps[2]


def test_a_run_explains_itself(trained):
    _, _, path = trained
    run = RunFolder.open(path)
    assert run.stage == "estimate"
    assert run.record["inputs"] == {"source": "painted dots", "is_real": False, "images": 12}
    assert run.record["status"] == "finished"
    pictures = list(run.pictures.glob("*.png"))
    assert pictures
    with Image.open(pictures[0]) as picture:
        assert picture.size == (4 * 160 + 5 * 6, 3 * 160 + 4 * 6)  # twelve tiles, four to a row, gaps between
        assert len(picture.getcolors(maxcolors=1 << 20)) > 100


def test_crops_without_keypoints_are_refused(trained):
    _, prepared, _ = trained
    with pytest.raises(HandcraftError, match="`prepared`"):
        KeypointLearner(
            dataclasses.replace(prepared, keypoints_px=None, confidence=None), SMOKE, make_accelerator("cpu")
        )
    with pytest.raises(HandcraftError, match="labelled"):
        KeypointLearner(dataclasses.replace(prepared, confidence=torch.zeros(12, 21)), SMOKE, make_accelerator("cpu"))


def test_presets_survive_json():
    for preset in (KEYPOINTS_SMOKE, KEYPOINTS_LAPTOP, KEYPOINTS_PAPER):
        assert KeypointConfig.from_json(dataclasses.asdict(preset)) == preset
    with pytest.raises(HandcraftError, match="keypoint estimator"):
        KeypointConfig.from_json({"width": 3})


@pytest.mark.parametrize("change", [{"width": 0}, {"image_px": 60}, {"learning_rate": 0.0}, {"weight_decay": -1.0}])
def test_what_cannot_be_trained_is_refused(change):
    with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
        KeypointConfig(**change)

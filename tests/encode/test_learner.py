# SPDX-License-Identifier: Apache-2.0
"""Training the hand encoder: each question reaches what it should, and a killed run ends where it would have."""

import dataclasses

import pytest
import torch

from handcraft.encode import (
    HAND_ENCODER_SHIPPED,
    HAND_ENCODER_SMOKE,
    HandEncoder,
    HandEncoderConfig,
    HandEncoderLearner,
    train_hand_encoder,
)
from handcraft.encode import learner as learner_module
from handcraft.encode.damage import DAMAGES
from handcraft.encode.learner import damaged_batch
from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.training import RunFolder, make_accelerator, train
from tests.encode.toy import disc_images, toy_crops

SMOKE = dataclasses.replace(HAND_ENCODER_SMOKE, device="cpu")


def learner_of(config=SMOKE, crops=None):
    return HandEncoderLearner(toy_crops() if crops is None else crops, config, make_accelerator("cpu"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "encoder"
    return train_hand_encoder(toy_crops(), SMOKE, path, progress=False), path


def test_right_answers_cost_nothing(monkeypatch):
    """Each answer is compared with the label of its own crop, and of that crop as it was damaged."""
    crops = dataclasses.replace(toy_crops(), tone=torch.linspace(-1, 1, 16))
    learner, strengths = learner_of(crops=crops), []

    def remembered(*arguments, **options):
        images, told = damaged_batch(*arguments, **options)
        strengths.append(told)
        return images, told

    def right(images):
        chosen = learner._chosen(0)
        parts = torch.nn.functional.one_hot(crops.parts[chosen, 2::4, 2::4].long(), 21).permute(0, 3, 1, 2)
        human = 2.0 * crops.is_photographic[chosen] - 1
        return 100.0 * parts, strengths[-1], crops.pose[chosen], crops.view[chosen], crops.tone[chosen], 100 * human

    monkeypatch.setattr(learner_module, "damaged_batch", remembered)
    learner.wrapped = right
    assert max(each.item() for each in learner._losses(0).values()) < 1e-6


def test_parts_are_soon_told_by_looking():
    """Their loss falls below that of the best answer that does not look: how often each part is there on the whole."""
    crops = toy_crops()
    learner = learner_of(dataclasses.replace(SMOKE, steps=20, batch_size=16, learning_rate=3e-3), crops)
    seen = [learner.step(step)["parts"] for step in range(20)]
    shares = crops.parts.flatten().bincount() / crops.parts.numel()
    assert sum(seen[-5:]) / 5 < torch.special.entr(shares).sum()


def test_each_question_reaches_the_maps_it_is_about():
    """Parts are read from the maps; the other questions from the vector, hence from every map."""
    learner = learner_of()
    learner.network.train()
    for name in ("parts", "damage", "pose", "view", "tone", "look"):
        learner.optimiser.zero_grad()
        learner._losses(0)[name].backward()
        encoder, teacher = learner.network.encoder, learner.network.teacher
        assert all(reached(stage) for stage in encoder.stages), name
        assert reached(encoder.vector) == (name != "parts")
        assert reached(teacher.told) == (name != "parts")
        assert reached(teacher.parts) == (name == "parts")


def reached(module):
    return any(each.grad is not None and each.grad.abs().sum() > 0 for each in module.parameters())


def test_skin_that_is_not_human_teaches_no_tone():
    plain = dataclasses.replace(toy_crops(), is_photographic=torch.zeros(16, dtype=torch.bool))
    losses = [learner_of(crops=dataclasses.replace(plain, tone=torch.full((16,), tone)))._losses(0)["tone"].item()
              for tone in (0.0, 0.7)]  # fmt: skip
    assert losses == [0.0, 0.0]


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path, trained):
    whole, _ = trained
    run = RunFolder.create(
        tmp_path / "cut", stage="encode", config=SMOKE, seed=SMOKE.seed, inputs={"images": len(toy_crops())}
    )
    train(learner_of(), dataclasses.replace(SMOKE.loop, steps=2), run, resume=False, progress=False)
    resumed = train_hand_encoder(toy_crops(), SMOKE, tmp_path / "cut", resume=True, progress=False)
    before, after = (encoder.network.state_dict() for encoder in (whole, resumed))
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_run_and_its_checkpoint_can_be_loaded(trained):
    encoder, path = trained
    images = toy_crops().images.float() / 255
    for place in (path, path / "checkpoint.pt"):
        loaded = HandEncoder.load(place)
        assert torch.equal(loaded.features(images), encoder.features(images))
        assert loaded.image_px == 32


def test_drawing_changes_nothing_that_training_depends_on(tmp_path):
    drawn, plain = learner_of(), learner_of()
    for step in range(2):
        drawn.draw(tmp_path / "drawn.png")
        assert drawn.step(step) == plain.step(step)
    assert all(torch.equal(each, plain.network.state_dict()[name]) for name, each in drawn.network.state_dict().items())


def behind_discs(monkeypatch, **strengths):
    """400 discs before their backdrops, all damaged alike; which pixels are disc; and the undamaged discs."""
    alike = torch.tensor([strengths.get(name, 0.0) for name in DAMAGES]).repeat(400, 1)
    monkeypatch.setattr(learner_module, "sample_strengths", lambda count, *, generator: alike)
    images, masks = disc_images(400, 16, seed=1)
    seen, told = damaged_batch(images, masks.to(torch.uint8) * 255, generator=generator_for(2))
    assert torch.equal(told, alike)
    return seen, masks[:, None].expand_as(seen), images / 255.0


def within_four_deviations(flags, share):
    return abs(flags.float().mean().item() - share) < 4 * (share * (1 - share) / len(flags)) ** 0.5


def test_backdrops_are_black_white_or_of_one_colour(monkeypatch):
    seen, on_disc, images = behind_discs(monkeypatch)
    torch.testing.assert_close(seen[on_disc], images[on_disc])
    colours = seen[:, :, 0, 0]
    assert torch.equal(seen[~on_disc], colours[:, :, None, None].expand_as(seen)[~on_disc])
    assert within_four_deviations((colours == 0).all(1), 0.75)
    assert within_four_deviations((colours == 1).all(1), 0.125)


def test_half_are_damaged_before_the_backdrop_is_put_behind_them(monkeypatch):
    seen, on_disc, images = behind_discs(monkeypatch, noise=1.0)
    early = torch.stack(
        [(each[~disc].reshape(3, -1).std(1) < 1e-6).all() for each, disc in zip(seen, on_disc, strict=True)]
    )
    assert within_four_deviations(early, 0.5)
    for some in (early, ~early):
        assert (seen - images)[some][on_disc[some]].std() > 0.05, "the hand is damaged either way"


def test_what_cannot_be_trained_is_refused():
    for change in ({"steps": 0}, {"image_px": 40}, {"learning_rate": 0.0}, {"pose_weight": -1.0}, {"batch_size": 1}):
        with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
            HandEncoderConfig(**change)
    with pytest.raises(HandcraftError, match="`crops`"):
        learner_of(HAND_ENCODER_SHIPPED)


def test_presets_survive_json():
    for preset in (HAND_ENCODER_SMOKE, HAND_ENCODER_SHIPPED):
        assert HandEncoderConfig.from_json(dataclasses.asdict(preset)) == preset
    with pytest.raises(HandcraftError, match="hand encoder"):
        HandEncoderConfig.from_json({"wide": 3})

# SPDX-License-Identifier: Apache-2.0
"""One run passes through three stages, and goes on after a stop in any of them as if there had been none."""

import copy
import dataclasses

import pytest
import torch
from PIL import Image

from handcraft.data import normalise_colour
from handcraft.errors import HandcraftError
from handcraft.refine.optimising import OptimiserConfig
from handcraft.refine.vaegan import VAEGANLearner
from handcraft.training import Learner, LoopConfig, RunFolder, load_checkpoint, make_accelerator, train
from tests.refine.toy import photographs, renders
from tests.refine.vaegan.toy import TINY, assert_same, learner, learner_at


def test_it_is_a_learner():
    assert isinstance(learner(), Learner)


def test_steps_pass_through_the_stages_and_always_name_the_same_losses():
    trained = learner()
    values = [trained.step(step) for step in range(6)]
    assert [each["stage"] for each in values] == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    assert all(each.keys() == values[0].keys() for each in values)
    of_gan = {"adversarial_generated", "discriminator_photographs", "discriminator_generated"}
    of_vae = {"reconstruction", "divergence"}
    of_vaegan = of_gan | {"adversarial_reconstructed", "discriminator_reconstructed", "content", "change", "variety"}
    judged = {name for name in values[0] if name.startswith("accuracy") or name.endswith("warning")}  # may well be 0
    its_own = [{name for name, value in each.items() if value != 0.0} - judged - {"stage"} for each in values[::2]]
    assert its_own == [of_gan, of_vae, of_vaegan]


def test_a_stage_of_no_steps_is_left_out():
    trained = learner(dataclasses.replace(TINY, gan_steps=0, vae_steps=1))
    assert [trained.step(step)["stage"] for step in range(2)] == [2.0, 3.0]


@pytest.mark.parametrize("stop", [1, 2, 3, 4, 5])
def test_resumed_equals_uninterrupted_in_every_stage_and_across_their_seams(stop):
    through = learner_at(5)
    first = learner_at(stop - 1)
    second = learner(TINY)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for step in range(stop, 6):
        second.step(step)
    assert_same(through.state_dict(), second.state_dict())


def test_every_stage_begins_with_fresh_optimisers():
    trained = learner_at(4)
    for descent in trained.stage.descents.values():
        assert {int(state["step"]) for state in descent.optimiser.state.values()} == {1}


def test_a_run_that_was_stopped_ends_the_same(tmp_path):
    """The whole loop, its log included: a line's means may reach over a seam."""

    def run(name, steps, *, resume):
        loop = LoopConfig(steps=steps, log_every=2, checkpoint_every=2, draw_every=100)
        config = dataclasses.replace(TINY, gan_steps=2, vae_steps=1, loop=loop)
        recorded = {"stage": "refine", "config": config.without_loop(), "seed": config.seed, "inputs": {}}
        folder = RunFolder.create(tmp_path / name, resume=resume, **recorded)
        train(learner(config), loop, folder, resume=resume, progress=False)
        return load_checkpoint(folder.checkpoint, kind="vaegan").state, (folder.path / "metrics.jsonl").read_text()

    through = run("through", 6, resume=False)
    run("stopped", 4, resume=False)
    assert_same(through, run("stopped", 6, resume=True))


def test_batches_do_not_depend_on_earlier_steps():
    trained = learner()
    expected = trained.batches.photographs(7).images
    trained.step(0)
    assert torch.equal(trained.batches.photographs(7).images, expected)


def test_bfloat16_trains_in_every_stage():
    trained = learner_at(5, dataclasses.replace(TINY, precision="bfloat16"))
    assert all(torch.isfinite(each).all() for each in trained.networks.state_dict().values())
    assert {each.dtype for each in trained.networks.parameters()} == {torch.float32}


def test_average_is_the_last_step_without_decay_and_lags_with_it():
    plain, lagging = learner_at(5, dataclasses.replace(TINY, ema_decay=0.0)), learner_at(5)
    assert_same(dict(plain.average.network.state_dict()), dict(plain.networks.decoder.state_dict()))
    lagging_weight, weight = (each.layers[0].weight for each in (lagging.average.network, lagging.networks.decoder))
    assert not torch.equal(lagging_weight, weight)


def test_alarms_watch_what_the_refiner_makes_of_renders():
    trained, seen = learner_at(4), {}
    watch = trained.alarms.watch
    with torch.no_grad():
        trained.networks.encoder.mean.weight.mul_(1e4)  # or codes would hardly differ after so few steps
    trained.alarms.watch = lambda **shown: seen.update(shown) or watch(**shown)
    values = trained.step(5)
    assert torch.equal(seen["original"], trained.batches.rendered(5).images)
    plain = normalise_colour(seen["original"]) * 2 - 1
    with torch.no_grad():
        refined = (trained.average.network(trained.networks.encoder.eval()(plain).mean) + 1) / 2
    torch.testing.assert_close(seen["refined"], refined)
    assert seen["accuracies"] == [value for name, value in values.items() if name.startswith("accuracy")]


def test_learns_to_paint_photographs_from_codes_of_renders():
    """Grey discs become skin coloured about where they are, and black stays black."""
    config = dataclasses.replace(
        TINY,
        gan_steps=5,
        vae_steps=80,
        turn_photographs_deg=0.0,
        batch_size=10,
        width=8,
        content_weight=1.0,
        optimiser=OptimiserConfig(learning_rate=3e-3),
        loop=LoopConfig(steps=150),
    )
    trained = learner_at(149, config)
    inside = renders().masks
    with torch.no_grad():
        plain = (renders().float_images() > 0).float() * 2 - 1
        refined = (trained.average.network(trained.networks.encoder.eval()(plain).mean) + 1) / 2
    red, green, blue = (refined[:, channel][inside].mean().item() for channel in range(3))
    assert red > green > blue
    assert red - blue > 0.2
    assert refined[:, :, ~inside.any(dim=0)].mean() < 0.15


def test_picture_is_fixed_and_changes_nothing(tmp_path):
    for step in (0, 3, 5):
        trained = learner_at(step)
        before = copy.deepcopy(trained.state_dict())
        trained.draw(tmp_path / "one.png")
        trained.draw(tmp_path / "two.png")
        assert_same(before, trained.state_dict())
        assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        rows, shown_px = 6, 160
        assert picture.height > rows * shown_px


def resized(prepared, size):
    return dataclasses.replace(
        prepared,
        images=torch.zeros(len(prepared), 3, size, size, dtype=torch.uint8),
        masks=torch.zeros(len(prepared), size, size, dtype=torch.bool),
    )


@pytest.mark.parametrize(
    ("sizes", "changes", "message"),
    [
        ((16, 32), {}, "Expected `rendered` and `photographed` to be crops of one size, but got 16 and 32 pixels"),
        ((40, 40), {}, "Expected `size` to be at least 16 and a multiple of 16, but got crops of 40 pixels"),
        (
            (16, 16),
            {"vae_steps": 4},
            "Expected `steps` to be above 6, the steps of both pre-trainings, but got 6; "
            "train longer, or lower `gan_steps` and `vae_steps`.",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(sizes, changes, message):
    rendered, photographed = resized(renders(), sizes[0]), resized(photographs(), sizes[1])
    with pytest.raises(HandcraftError) as caught:
        VAEGANLearner(rendered, photographed, dataclasses.replace(TINY, **changes), make_accelerator("cpu"))
    assert str(caught.value).startswith(message)

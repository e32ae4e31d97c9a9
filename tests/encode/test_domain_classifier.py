# SPDX-License-Identifier: Apache-2.0
"""Domain classifiers: they see a small difference, judge each image alone, and resume bit for bit."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from handcraft.encode import DOMAINS_PAPER, DOMAINS_SMOKE, DomainClassifier, DomainConfig, DomainLearner, Domains
from handcraft.encode import train_domain_classifier as train_classifier
from handcraft.encode.domain_learner import turned
from handcraft.encode.vision_transformer import VisionTransformer
from handcraft.errors import HandcraftError
from handcraft.networks import parameter_count
from handcraft.randomness import generator_for
from handcraft.training import RunFolder, load_checkpoint, make_accelerator, train
from tests.encode.toy import disc_set

SMOKE = dataclasses.replace(DOMAINS_SMOKE, device="cpu", epochs=2)


def noisy_and_clean(count=24, seed=0):
    return Domains.of({"clean": [disc_set(count, seed=seed)], "noisy": [disc_set(count, seed=seed + 50, noise=0.5)]})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    domains, path = noisy_and_clean(12), tmp_path_factory.mktemp("runs") / "domains"
    return train_classifier(domains, SMOKE, path, progress=False), domains, path


def test_a_difference_is_learned_and_holds_for_others(tmp_path):
    config = dataclasses.replace(
        SMOKE, epochs=12, batch_size=16, learning_rate=3e-3, log_every=60, checkpoint_every=60, draw_every=60
    )
    classifier = train_classifier(noisy_and_clean(40), config, tmp_path / "run", progress=False)
    others = noisy_and_clean(30, seed=9)
    counts = classifier.counts(others)
    assert counts.sum(1).tolist() == [30, 30]
    assert counts.diagonal().sum() >= 45, "30 of 60 are chance; 45 or more happen by chance once in 15,000 times"
    only_noisy = others.select(range(30, 60))
    assert classifier.counts(only_noisy)[1].sum() == 30, "rows are the true domains"
    assert classifier.counts(only_noisy)[0].sum() == 0


def test_batch_mates_do_not_matter(trained):
    classifier, domains, _ = trained
    images = domains.float_images()
    together = classifier.probabilities(images)
    torch.testing.assert_close(together, torch.cat([classifier.probabilities(one[None]) for one in images]))
    torch.testing.assert_close(together.sum(1), torch.ones(len(images)))
    assert torch.equal(classifier.predict(images), together.argmax(1))
    assert classifier.probabilities(torch.zeros(0, 3, 48, 48)).shape == (0, 2)


def test_a_resumed_run_ends_where_an_uninterrupted_one_does(tmp_path, trained):
    _, domains, whole_path = trained
    learner = DomainLearner(domains, SMOKE, make_accelerator("cpu"))
    inputs = RunFolder.open(whole_path).record["inputs"]
    run = RunFolder.create(tmp_path / "cut", stage="encode", config=SMOKE, seed=SMOKE.seed, inputs=inputs)
    train(learner, dataclasses.replace(SMOKE.loop_for(24), steps=3), run, resume=False, progress=False)
    train_classifier(domains, SMOKE, tmp_path / "cut", resume=True, progress=False)
    whole, resumed = (
        load_checkpoint(path / "checkpoint.pt", kind="domain-classifier") for path in (whole_path, tmp_path / "cut")
    )
    assert whole.step == resumed.step == 8
    assert all(torch.equal(each, resumed.state["learner"]["network"][name])
               for name, each in whole.state["learner"]["network"].items())  # fmt: skip


def test_a_loaded_classifier_answers_as_the_trained_one(trained):
    classifier, domains, path = trained
    loaded = DomainClassifier.load(path)
    assert loaded.names == ("clean", "noisy")
    assert loaded.config == SMOKE
    learned = load_checkpoint(path / "checkpoint.pt", kind="domain-classifier").state["learner"]["network"]
    assert all(torch.equal(each, learned[name]) for name, each in loaded.network.state_dict().items())
    assert torch.equal(loaded.probabilities(domains.float_images()), classifier.probabilities(domains.float_images()))


def test_batches_have_as_many_of_each_domain():
    lopsided = Domains.of({name: [disc_set(count, seed=count)] for name, count in (("a", 30), ("b", 4), ("c", 9))})
    learner = DomainLearner(lopsided, dataclasses.replace(SMOKE, batch_size=7), make_accelerator("cpu"))
    for step in range(3):
        assert learner._batch(step)[1].bincount().tolist() == [2, 2, 2]


def test_turns_are_the_eight_symmetries_of_a_square():
    image = torch.arange(12.0).reshape(1, 3, 2, 2).repeat(8, 1, 1, 1)
    moved = turned(image, torch.arange(8))
    assert torch.equal(moved[0], image[0])
    assert len({tuple(each.flatten().tolist()) for each in moved}) == 8
    assert torch.equal(moved.flatten(2).sort(-1).values, image.flatten(2).sort(-1).values)


def test_the_small_transformer_is_small_and_knows_places():
    network = VisionTransformer(image_px=64, patch_px=8, width=128, depth=6, classes=3, generator=generator_for(0))
    assert 1_100_000 < parameter_count(network) < 1_300_000
    images = torch.rand(2, 3, 64, 64, generator=generator_for(1))
    assert (network(images) == 0).all(), "the first answer is the prior"
    torch.nn.init.normal_(network.head.weight, generator=generator_for(2))
    assert not torch.allclose(network(images), network(images.flip(-1).roll(8, -1)), atol=1e-3)
    loss = network(images).square().sum()
    loss.backward()
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in network.parameters())


def test_drawing_shows_and_changes_nothing(tmp_path):
    drawn, plain = (DomainLearner(noisy_and_clean(6), SMOKE, make_accelerator("cpu")) for _ in range(2))
    for step in range(2):
        drawn.draw(tmp_path / "drawn.png")
        with Image.open(tmp_path / "drawn.png") as picture:
            assert picture.width > 6 * 32, "six images of 32 px beside each other at least"
        assert drawn.step(step) == plain.step(step)


def test_what_cannot_be_trained_is_refused(tmp_path, trained):
    _, domains, path = trained
    for change in ({"image_px": 60}, {"learning_rate": 0.0}, {"weights": tmp_path / "file.pt"}, {"epochs": 0}):
        with pytest.raises(HandcraftError, match=f"`{next(iter(change))}`"):
            DomainConfig(**change)
    many = Domains.of({str(each): [disc_set(2, seed=each)] for each in range(7)})
    with pytest.raises(HandcraftError, match="`batch_size`"):
        DomainLearner(many, SMOKE, make_accelerator("cpu"))
    renamed = dataclasses.replace(domains, names=("other", "noisy"))
    with pytest.raises(HandcraftError, match="domains"):
        train_classifier(renamed, SMOKE, path, resume=True, progress=False)
    learner, other = (DomainLearner(each, SMOKE, make_accelerator("cpu")) for each in (domains, renamed))
    with pytest.raises(ValueError, match="its domains are"):
        other.load_state_dict(learner.state_dict())


def test_presets_survive_json():
    with_weights = dataclasses.replace(DOMAINS_PAPER, weights=Path("vit.safetensors"))
    for preset in (DOMAINS_SMOKE, DOMAINS_PAPER):
        assert DomainConfig.from_json(dataclasses.asdict(preset)) == preset
    recorded = json.loads(json.dumps(dataclasses.asdict(with_weights), default=str))
    assert DomainConfig.from_json(recorded) == with_weights
    assert DOMAINS_PAPER.loop_for(31_500).steps == 19_688, "20 epochs of 10,500 images of three classes"

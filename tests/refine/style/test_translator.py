# SPDX-License-Identifier: Apache-2.0
"""What style an image gets depends on (seed, its number) alone, and comes from the photographs."""

import dataclasses

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.randomness import generator_for
from handcraft.refine import Refiner, refine_prepared
from handcraft.refine.style import StyleTranslator, translator_from
from handcraft.refine.translator import Given
from handcraft.training.checkpoint import load_checkpoint, save_checkpoint
from tests.refine.style.toy import BLUE, RED, TINY, learner
from tests.refine.toy import blobs, refiner, renders


def given(numbers, *, seed=0, strength=1.0):
    return Given(masks=None, numbers=torch.tensor(numbers), seed=seed, strength=strength)


def saved(tmp_path, state):
    save_checkpoint(tmp_path / "checkpoint.pt", kind="style", config=TINY.without_loop(), step=1, state=state)
    return load_checkpoint(tmp_path / "checkpoint.pt", kind="style")


@pytest.fixture
def translator(tmp_path) -> StyleTranslator:
    trained = learner()
    trained.step(0)
    return translator_from(saved(tmp_path, {"learner": trained.state_dict()}))


def test_same_number_same_picture_in_any_batch(translator):
    images = renders().float_images()
    together = translator.translate(images[:4], given([7, 8, 9, 7]))
    alone = translator.translate(images[2:3], given([9]))
    torch.testing.assert_close(together[2:3], alone)
    assert torch.equal(translator.styles_for([7], seed=0), translator.styles_for([3, 7], seed=0)[1:])


def test_numbers_and_seeds_draw_other_styles_and_other_pictures(translator):
    styles = translator.styles_for(list(range(40)), seed=0)
    assert len(styles.unique(dim=0)) == len(translator.bank)  # 40 draws of 6: all of them
    assert not torch.equal(styles, translator.styles_for(list(range(40)), seed=1))
    one = renders().float_images()[:1].expand(12, -1, -1, -1)
    assert len(translator.translate(one, given(list(range(12)))).flatten(1).unique(dim=0)) > 2


def test_styles_are_those_of_photographs(translator):
    distances = torch.cdist(translator.styles_for(list(range(20)), seed=3), translator.bank)
    assert distances.min(dim=1).values.max() == 0


def test_noise_has_the_photographs_mean_and_covariance(tmp_path):
    trained = learner()
    bank = torch.randn(6, 3, generator=generator_for(3)) @ torch.tensor(
        [[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [0.0, 0.0, 1.0]]
    )
    checkpoint = saved(tmp_path, {"learner": trained.state_dict() | {"bank": bank}})
    translator = translator_from(checkpoint, styles="noise")
    noise = translator.styles_for(list(range(1500)), seed=0)
    torch.testing.assert_close(noise.mean(dim=0), bank.mean(dim=0), atol=0.15, rtol=0)
    torch.testing.assert_close(noise.T.cov(), bank.T.cov(), atol=0.1, rtol=0.15)
    assert torch.cdist(noise[:20], bank).min() > 0
    assert torch.equal(noise[7:8], translator.styles_for([7], seed=0))


def test_exemplars_give_their_styles(translator):
    render = renders().float_images()[:1].expand(2, -1, -1, -1)
    exemplars = torch.cat([blobs(1, RED, seed=5).float_images(), blobs(1, BLUE, seed=5).float_images()])
    red, blue = translator.translate_as(render, exemplars)
    assert (red - blue).abs().max() > 1e-3
    torch.testing.assert_close(translator.translate_as(render, exemplars.flip(0))[0], blue)


@pytest.mark.parametrize("source", ["photographs", "noise"])
def test_in_an_exemplars_style_every_number_paints_as_the_exemplar_looks(translator, source):
    drawing = Refiner(StyleTranslator(translator.network, translator.bank, source), {"kind": "style"})
    images, exemplar = renders().float_images()[:3], blobs(1, BLUE, seed=5).float_images()
    before = drawing(images)
    alike = drawing.in_style_of(exemplar[0])
    expected = translator.translate_as(images, exemplar.expand(3, -1, -1, -1))
    for numbers in ([0, 1, 2], [7, 3, 3]):
        torch.testing.assert_close(alike(images, numbers=torch.tensor(numbers), seed=numbers[0]), expected)
    assert alike.description["exemplar_sha256"] != drawing.in_style_of(images[0]).description["exemplar_sha256"]
    assert torch.equal(drawing(images), before)


def test_an_exemplar_leaves_one_answer_and_needs_a_refiner_of_styles(translator):
    exemplar = blobs(1, RED, seed=5).float_images()[0]
    alike = Refiner(translator, {"kind": "style"}).in_style_of(exemplar)
    with pytest.raises(HandcraftError, match=r"Expected `copies` to be 1 for one exemplar, which .* but got 2;"):
        refine_prepared(alike, renders(), copies=2)
    with pytest.raises(HandcraftError, match=r"Expected a refiner of kind style .* but got one of kind cyclegan;"):
        refiner().in_style_of(exemplar)


def test_checkpoint_gives_the_average(tmp_path):
    trained = learner(dataclasses.replace(TINY, ema_decay=0.9))
    for step in range(3):
        trained.step(step)
    translator = translator_from(saved(tmp_path, {"learner": trained.state_dict()}))
    for loaded, averaged in zip(translator.network.parameters(), trained.duel.averaged.parameters(), strict=True):
        assert torch.equal(loaded, averaged)
        assert not loaded.requires_grad
    assert torch.equal(translator.bank, trained.bank())


def test_what_it_cannot_do_is_refused(translator, tmp_path):
    with pytest.raises(HandcraftError, match="Expected `strength` to be 1 for a refiner of kind style, but got"):
        translator.translate(renders().float_images()[:1], given([0], strength=0.5))
    with pytest.raises(HandcraftError, match="Expected the checkpoint to hold its refiner's weights"):
        translator_from(saved(tmp_path, {"learner": {}}))

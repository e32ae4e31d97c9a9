# SPDX-License-Identifier: Apache-2.0
"""The four networks of a CycleGAN, their translations, and which loss term is computed from what.

In contrast to the notebooks of seed 000, whose adversarial loss reached no generator: every term of the generators'
loss here is computed from fresh translations that carry their graph; pooled images are an argument of the
discriminators' terms only, and ``ImagePool`` refuses images with a graph.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from handcraft.networks import initialise_normal, initialise_xavier
from handcraft.randomness import generator_for
from handcraft.refine.compositing import composited
from handcraft.refine.config import CycleGANConfig
from handcraft.refine.discriminators import Judgements, PerceptualDiscriminator
from handcraft.refine.gradient_penalty import critic_adversarial_loss, critic_loss, gradient_penalty
from handcraft.refine.losses import adversarial_loss, cycle_loss, discriminator_loss, identity_loss
from handcraft.refine.optimising import frozen

_WEIGHT_STREAM = 0x3E16

Images = Float[Tensor, "batch 3 height width"]
Masks = Bool[Tensor, "batch height width"]
Terms = dict[str, Float[Tensor, ""]]


@dataclass(frozen=True)
class Shown:
    """One domain's batch as a generator sees it."""

    images: Images
    """In [-1, 1]."""
    masks: Masks
    """What is seen of the hand."""


@dataclass(frozen=True)
class Translations:
    """One batch of each domain, translated there and back. All images in [-1, 1]."""

    rendered: Shown
    """y, as the generators see it (tint taken out or not)."""
    refined: Images
    """F(y) = photographed_from_rendered(y); outside the hand y, where the configuration composites."""
    rendered_again: Images
    """G(F(y))."""
    photographed: Shown
    """x."""
    translated: Images
    """G(x) = rendered_from_photographed(x); composited likewise."""
    photographed_again: Images
    """F(G(x))."""


class CycleNetworks(nn.Module):
    """Both generators and both discriminators; their weights are drawn by ``config.seed`` alone.

    Args:
        config: what they are.
        size_px: side of the crops they are trained on; perceptual discriminators are made for it.
    """

    def __init__(self, config: CycleGANConfig, size_px: int) -> None:
        super().__init__()
        self.config = config
        self.photographed_from_rendered = config.generator.build()
        self.rendered_from_photographed = config.generator.build()
        self.photograph_discriminator = config.discriminator.build(size_px=size_px, seed=config.seed)
        self.render_discriminator = config.discriminator.build(size_px=size_px, seed=config.seed)
        for index, network in enumerate(self.children()):
            generator = generator_for(config.seed, _WEIGHT_STREAM, index)
            if config.initialiser == "xavier":
                initialise_xavier(network, generator=generator)
            else:
                initialise_normal(network, std=0.02, generator=generator)

    @property
    def seen_through(self) -> str:
        """The frozen network that perceptual discriminators look through, by name; empty for others."""
        judge = self.photograph_discriminator
        return judge.taps.name if isinstance(judge, PerceptualDiscriminator) else ""

    def generator_parameters(self) -> list[nn.Parameter]:
        """Of both generators."""
        return [*self.photographed_from_rendered.parameters(), *self.rendered_from_photographed.parameters()]

    def discriminator_parameters(self) -> list[nn.Parameter]:
        """Of both discriminators."""
        return [*self.photograph_discriminator.parameters(), *self.render_discriminator.parameters()]

    def translate(self, rendered: Shown, photographed: Shown) -> Translations:
        """Translate a batch of each domain there and back; the way back is never composited."""
        translated = self.translated_by(self.rendered_from_photographed, photographed)
        made, photographed_again = self._photographed_from(rendered.images, translated)
        refined = self._laid_in(made, rendered)
        return Translations(
            rendered=rendered,
            refined=refined,
            rendered_again=self.rendered_from_photographed(refined),
            photographed=photographed,
            translated=translated,
            photographed_again=photographed_again,
        )

    def _photographed_from(self, rendered: Images, translated: Images) -> tuple[Images, Images]:
        """Both translations into photographs. Where every image is normalised by itself, one pass serves both."""
        if self.config.generator.norm == "batch":
            return self.photographed_from_rendered(rendered), self.photographed_from_rendered(translated)
        both = self.photographed_from_rendered(torch.cat([rendered, translated]))
        made, again = both.split([len(rendered), len(translated)])
        return made, again

    def translated_by(self, generator: nn.Module, source: Shown) -> Images:
        """What one of the generators (or its average) makes of a batch; composited where the configuration says so."""
        return self._laid_in(generator(source.images), source)

    def _laid_in(self, made: Images, source: Shown) -> Images:
        return composited(made, source.images, source.masks) if self.config.composite else made


def generator_terms(networks: CycleNetworks, images: Translations, config: CycleGANConfig) -> Terms:
    """The unweighted terms of the generators' loss (equations 3.7 and 3.9) by name, but for silhouettes.

    In the feature-map variant the features of the *original* lead to no generator: the original is data, and the
    discriminators stay as they are here.
    """
    fooled = critic_adversarial_loss if config.adversary == "wasserstein" else adversarial_loss
    with frozen(networks.photograph_discriminator, networks.render_discriminator):
        terms = {
            "adversarial_refined": fooled(on_fake=networks.photograph_discriminator(images.refined)),
            "adversarial_translated": fooled(on_fake=networks.render_discriminator(images.translated)),
            **_cycle_terms(networks, images, config),
        }
    if config.identity_weight > 0:
        terms |= _identity_terms(networks, images)
    return terms


def _cycle_terms(networks: CycleNetworks, images: Translations, config: CycleGANConfig) -> Terms:
    rendered, photographed = images.rendered.images, images.photographed.images
    pairs = {
        "cycle_rendered": (networks.render_discriminator, rendered, images.rendered_again),
        "cycle_photographed": (networks.photograph_discriminator, photographed, images.photographed_again),
    }
    if config.cycle == "pixels":
        return {name: cycle_loss(original=original, cycled=cycled) for name, (_, original, cycled) in pairs.items()}
    level = config.feature_level
    return {
        name: cycle_loss(original=judge.features(original, level), cycled=judge.features(cycled, level))
        for name, (judge, original, cycled) in pairs.items()
    }


def _identity_terms(networks: CycleNetworks, images: Translations) -> Terms:
    rendered, photographed = images.rendered.images, images.photographed.images
    kept_photographs = networks.photographed_from_rendered(photographed)
    kept_renders = networks.rendered_from_photographed(rendered)
    return {
        "identity_photographed": identity_loss(image=photographed, translated=kept_photographs),
        "identity_rendered": identity_loss(image=rendered, translated=kept_renders),
    }


def generator_loss(terms: Terms, config: CycleGANConfig) -> Float[Tensor, ""]:
    """J_{G,F} of equations 3.7 and 3.9: adversarial terms plus lambda times cycle terms, and the others by weight."""
    weights = {
        "adversarial": 1.0,
        "cycle": config.cycle_weight,
        "identity": config.identity_weight,
        "silhouette": config.silhouette_weight,
    }
    return torch.stack([weights[name.split("_")[0]] * value for name, value in terms.items()]).sum()


@dataclass(frozen=True)
class Judged:
    """What both discriminators say of originals and of translations they are to tell from them."""

    photographs: Judgements
    refined: Judgements
    renders: Judgements
    translated: Judgements


def judge(networks: CycleNetworks, images: Translations, pooled_refined: Images, pooled_translated: Images) -> Judged:
    """Show the originals of ``images`` and pooled, detached translations to the discriminators of their domains."""
    return Judged(
        photographs=networks.photograph_discriminator(images.photographed.images),
        refined=networks.photograph_discriminator(pooled_refined),
        renders=networks.render_discriminator(images.rendered.images),
        translated=networks.render_discriminator(pooled_translated),
    )


def discriminator_terms(judged: Judged, config: CycleGANConfig) -> Terms:
    """The two halves of J_D (equation 3.5; of both critics with ``wasserstein``)."""
    missed = critic_loss if config.adversary == "wasserstein" else discriminator_loss
    return {
        "discriminator_photographs": missed(on_real=judged.photographs, on_fake=judged.refined),
        "discriminator_renders": missed(on_real=judged.renders, on_fake=judged.translated),
    }


def penalty_terms(
    networks: CycleNetworks,
    images: Translations,
    pooled_refined: Images,
    pooled_translated: Images,
    generator: torch.Generator,
) -> Terms:
    """How far each critic's gradient is from length 1, unweighted (seed 000, section 5.1.2)."""
    photographs, renders = images.photographed.images, images.rendered.images
    return {
        "penalty_photographs": gradient_penalty(
            networks.photograph_discriminator, photographs, pooled_refined, generator
        ),
        "penalty_renders": gradient_penalty(networks.render_discriminator, renders, pooled_translated, generator),
    }


def discriminators_loss(terms: Terms, config: CycleGANConfig) -> Float[Tensor, ""]:
    """J_D, plus the weighted penalties of critics."""
    weights = {"discriminator": 1.0, "penalty": config.penalty_weight}
    return torch.stack([weights[name.split("_")[0]] * value for name, value in terms.items()]).sum()


def accuracies(judged: Judged) -> Terms:
    """How many patches were judged rightly, over all scales; with least squares, where 0.5 parts real from made."""
    return {
        "accuracy_photographs": _share([scale > 0.5 for scale in judged.photographs]),
        "accuracy_refined": _share([scale < 0.5 for scale in judged.refined]),
        "accuracy_renders": _share([scale > 0.5 for scale in judged.renders]),
        "accuracy_translated": _share([scale < 0.5 for scale in judged.translated]),
    }


def _share(right: list[Tensor]) -> Float[Tensor, ""]:
    return torch.stack([scale.float().mean() for scale in right]).mean()

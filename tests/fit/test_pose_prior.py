# SPDX-License-Identifier: Apache-2.0
"""The pose prior: its formulas agree with torch's, its poses are poses, and training brings it to its library."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from handcraft.errors import HandcraftError
from handcraft.fit import (
    PosePrior,
    PosePriorConfig,
    coverage,
    elbo,
    gaussian_log_likelihood,
    kl_to_standard_normal,
    train_pose_prior,
)
from handcraft.fit.pose_prior import PriorNetwork
from handcraft.hand.anatomy import within_limits
from handcraft.hand.pose_library import PoseLibrary, middle_hand
from handcraft.hand.poses import touching

TINY = PosePriorConfig(
    code=6, width=48, steps=300, batch_size=64, learning_rate=5e-3, device="cpu", log_every=100,
    checkpoint_every=300, draw_every=300,
)  # fmt: skip


@pytest.fixture(scope="module")
def library(hand_model):
    return PoseLibrary.sampled(hand_model, 256, seed=0)


@pytest.fixture(scope="module")
def run(hand_model, library, tmp_path_factory):
    path = tmp_path_factory.mktemp("pose-prior") / "run"
    train_pose_prior(library, hand_model, TINY, path, progress=False)
    return path


def randn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_divergence_is_torchs():
    mean, log_variance = randn(5, 4), randn(4, 5).T
    wanted = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0)).sum(-1)
    assert torch.allclose(kl_to_standard_normal(mean, log_variance), wanted)
    assert kl_to_standard_normal(torch.zeros(1, 4), torch.zeros(1, 4)).item() == 0


def test_the_likelihood_is_torchs():
    value, mean = randn(5, 4), randn(4, 5).T
    assert torch.allclose(gaussian_log_likelihood(value, mean, 0.3), Normal(mean, 0.3).log_prob(value).sum(-1))


def test_the_bound_is_the_evidence_where_the_posterior_is_exact():
    """x = 2 z + noise: the true posterior of z is known, and with it the bound is tight for every x."""
    slope, deviation = 2.0, 0.5
    x = randn(7, 1)
    variance = 1 / (1 + slope**2 / deviation**2)
    mean = variance * slope / deviation**2 * x
    z = mean + math.sqrt(variance) * torch.linspace(-1, 1, 2).double()[:, None, None]  # two points: exact for squares
    likelihood = torch.stack([gaussian_log_likelihood(x, slope * each, deviation) for each in z]).mean(0)
    divergence = kl_to_standard_normal(mean, torch.full_like(mean, math.log(variance)))
    evidence = Normal(0.0, math.sqrt(slope**2 + deviation**2)).log_prob(x)[:, 0]
    assert torch.allclose(elbo(likelihood, divergence), evidence)
    assert torch.allclose(elbo(likelihood, divergence, weight=2.0), evidence - divergence)


def test_every_code_is_a_pose_inside_the_limits():
    torch.manual_seed(0)
    prior = PosePrior(PriorNetwork(TINY).state_dict(), TINY)
    codes = 100 * torch.randn(50, 6, generator=torch.Generator().manual_seed(1))
    poses = prior.decode(codes)
    assert within_limits(poses).all()
    assert (poses[:, :2] == 0).all()
    assert torch.isfinite(poses).all()


def test_training_brings_new_poses_to_the_library(hand_model, library, run):
    torch.manual_seed(0)
    raw = PosePrior(PriorNetwork(TINY).state_dict(), TINY).sample_library(hand_model, 64, seed=0)
    trained = PosePrior.load(run).sample_library(hand_model, 64, seed=0)
    before, after = coverage(raw, library), coverage(trained, library)
    assert after.to_reference_mm.median() < 0.8 * before.to_reference_mm.median()
    assert trained.angles_rad[:, 2:].std(0).mean() > 0.5 * library.angles_rad[:, 2:].std(0).mean()
    assert not touching(middle_hand(hand_model), trained.angles_rad).any()
    assert within_limits(trained.angles_rad).all()


def test_codes_mean_their_poses(hand_model, library, run):
    prior = PosePrior.load(run)
    again = PoseLibrary.from_angles(hand_model, prior.decode(prior.encode(library.angles_rad)), "again")
    apart = (again.joints_m - library.joints_m).norm(dim=-1).mean()
    assert apart < 0.5 * (library.joints_m - library.joints_m.mean(0)).norm(dim=-1).mean()


def test_a_drawn_pose_depends_on_its_seed_and_number_only(run):
    prior = PosePrior.load(run)
    assert torch.allclose(prior.sample(3, seed=4), prior.sample(9, seed=4)[:3], atol=1e-6)
    assert not torch.allclose(prior.sample(3, seed=5), prior.sample(3, seed=4), atol=0.05)


def test_the_run_is_finished_and_has_its_picture(run):
    assert (run / "pictures" / "step-0000300.png").stat().st_size > 1000
    assert '"finished"' in (run / "run.json").read_text()


def test_what_cannot_be_trained_is_refused(run, tmp_path):
    with pytest.raises(HandcraftError, match="`deviation`"):
        PosePriorConfig(deviation=0.0)
    with pytest.raises(HandcraftError, match=r"run\.json"):
        PosePrior.load(tmp_path)

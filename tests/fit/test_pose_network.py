# SPDX-License-Identifier: Apache-2.0
"""The joints-to-pose network on a tiny scale: it learns, stays inside the limits and resumes bit for bit."""

import pytest
import torch

from handcraft.errors import HandcraftError
from handcraft.fit import (
    PoseNetwork,
    PoseNetworkConfig,
    PoseNetworkLearner,
    PosePredictor,
    fit_angles,
    train_pose_network,
)
from handcraft.fit.unit_angles import angles_from_unit, unit_from_angles
from handcraft.hand.anatomy import joint_limits_rad, within_limits
from handcraft.hand.pose_library import PoseLibrary
from handcraft.training import load_checkpoint

TINY = PoseNetworkConfig(
    widths=(64, 64), steps=120, batch_size=64, learning_rate=5e-3, device="cpu", log_every=40, checkpoint_every=60,
    draw_every=120,
)  # fmt: skip


@pytest.fixture(scope="module")
def libraries(hand_model):
    return PoseLibrary.sampled(hand_model, 256, seed=0), PoseLibrary.sampled(hand_model, 32, seed=1)


@pytest.fixture(scope="module")
def run(hand_model, libraries, tmp_path_factory):
    path = tmp_path_factory.mktemp("pose-network") / "run"
    train_pose_network(libraries[0], hand_model, TINY, path, progress=False)
    return path


def test_it_comes_nearer_than_a_still_hand_and_inverse_kinematics_nearer_still(hand_model, libraries, run):
    held_out = libraries[1]
    predict = PosePredictor.load(hand_model, run)
    found = predict(1.2 * held_out.joints_m + 0.3)
    still = (held_out.joints_m - libraries[0].joints_m.mean(0)).norm(dim=-1).sum(-1).mean() * 1000 / 15
    assert found.residual_mm.mean() < 0.5 * still
    assert fit_angles(hand_model, held_out.joints_m).residual_mm.mean() < 0.1 * found.residual_mm.mean()
    assert torch.allclose(found.scale, torch.tensor(1.2), atol=1e-4)


def test_the_answer_is_a_pose_a_hand_can_take_and_alone_the_same(hand_model, libraries, run):
    predict, joints_m = PosePredictor.load(hand_model, run), libraries[1].joints_m
    together = predict(joints_m)
    assert within_limits(together.angles_rad).all()
    assert torch.allclose(predict(joints_m[3:4]).angles_rad, together.angles_rad[3:4], atol=1e-5)


def test_its_form_is_the_seeds():
    sizes = [
        tuple(weight.shape) for weight in PoseNetwork(PoseNetworkConfig().widths).parameters() if weight.dim() == 2
    ]
    wanted = [(256, 63), (512, 256), (1024, 512), (512, 1024), (256, 512), (128, 256), (20, 128)]
    assert sizes == wanted


def test_a_resumed_run_ends_where_it_would_have_ended(hand_model, libraries, run, tmp_path, monkeypatch):
    whole_step = PoseNetworkLearner.step

    def killed_at_90(learner, step):
        if step == 90:
            raise RuntimeError("killed")
        return whole_step(learner, step)

    with monkeypatch.context() as patched:
        patched.setattr(PoseNetworkLearner, "step", killed_at_90)
        with pytest.raises(RuntimeError, match="killed"):
            train_pose_network(libraries[0], hand_model, TINY, tmp_path / "run", progress=False)
    train_pose_network(libraries[0], hand_model, TINY, tmp_path / "run", resume=True, progress=False)
    through, again = (
        load_checkpoint(path / "checkpoint.pt", kind="joints to pose").state["learner"]["network"]
        for path in (run, tmp_path / "run")
    )
    assert all(torch.equal(through[name], again[name]) for name in through)
    assert (run / "pictures" / "step-0000120.png").stat().st_size > 1000


def test_unit_angles_are_the_limits_share_and_back(libraries):
    angles = libraries[0].angles_rad
    unit = unit_from_angles(angles)
    assert unit.abs().max() <= 1 + 1e-6
    assert torch.allclose(angles_from_unit(unit), angles, atol=1e-6)
    lowest, highest = joint_limits_rad()
    assert torch.allclose(angles_from_unit(torch.full((1, 20), 3.0))[0, 2:], highest[2:])
    assert torch.allclose(angles_from_unit(torch.full((1, 20), -3.0))[0, 2:], lowest[2:])


def test_other_checkpoints_and_configurations_are_refused(hand_model, run, tmp_path):
    with pytest.raises(HandcraftError, match=r"run\.json|no such file"):
        PosePredictor.load(hand_model, tmp_path)
    with pytest.raises(HandcraftError, match="`batch_size`"):
        PoseNetworkConfig(batch_size=1)

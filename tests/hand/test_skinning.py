# SPDX-License-Identifier: Apache-2.0
"""Laws of skinning and of chains of bones, on tiny hands."""

import torch

from handcraft.geometry.rotations import rotation_from_axis_angle
from handcraft.hand.skinning import blend_skin, bone_motions, chained, rigid_from_parts

PARENTS = (-1, 0, 1, 0, 3)


def random(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def frames(batch, bones, seed=0):
    return rigid_from_parts(
        rotation_from_axis_angle(random(batch, bones, 3, seed=seed)), random(batch, bones, 3, seed=seed + 1)
    )


def weights(vertices, bones):
    return torch.softmax(random(vertices, bones, seed=9), -1)


def test_a_chain_is_the_product_of_its_frames():
    local = frames(2, 5)
    chain = chained(local, PARENTS)
    torch.testing.assert_close(chain[:, 2], local[:, 0] @ local[:, 1] @ local[:, 2])
    torch.testing.assert_close(chain[:, 4], local[:, 0] @ local[:, 3] @ local[:, 4])
    torch.testing.assert_close(chain[:, 0], local[:, 0])


def test_motions_take_rest_to_pose():
    posed, rest = frames(2, 5, seed=3), frames(2, 5, seed=5)
    motions = bone_motions(posed, rest)
    torch.testing.assert_close(motions @ rest, posed[..., :3, :])


def test_every_vertex_follows_the_weighted_mean_of_its_bones():
    rest_m, motions, shares = random(2, 7, 3), random(2, 5, 3, 4, seed=1), weights(7, 5)
    moved = torch.einsum("bkij,bvj->bvki", motions[..., :3], rest_m) + motions[..., 3][:, None]
    expected = (shares[None, :, :, None] * moved).sum(2)
    torch.testing.assert_close(blend_skin(rest_m, motions, shares), expected)


def test_gradients_of_skinning_pass_a_numeric_check():
    pose = random(2, 5, 3, seed=4).requires_grad_()
    rest_m, offsets_m = random(2, 6, 3).requires_grad_(), random(2, 5, 3, seed=2).requires_grad_()
    shares, rest_frames = weights(6, 5), frames(2, 5, seed=7)

    def skinned(rest_m, pose, offsets_m):
        posed = chained(rigid_from_parts(rotation_from_axis_angle(pose), offsets_m), PARENTS)
        return blend_skin(rest_m, bone_motions(posed, rest_frames), shares)

    assert torch.autograd.gradcheck(skinned, (rest_m, pose, offsets_m))

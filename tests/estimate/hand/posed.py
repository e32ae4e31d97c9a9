# SPDX-License-Identifier: Apache-2.0
"""Where the hand model puts the joints of an example."""

import torch


def joints_of_pose(examples, model):
    """The 3D joints that side, shape, pose and rotation tell of."""
    joints_m = model.with_shape(examples.shape).with_pose(examples.angles_rad).keypoints_m()
    z = torch.where(examples.is_right, 1.0, -1.0)
    sided_m = joints_m * torch.stack([torch.ones_like(z), torch.ones_like(z), z], -1)[:, None]
    turned_m = sided_m @ examples.camera_from_hand.mT
    return turned_m - turned_m[:, :1]

# SPDX-License-Identifier: Apache-2.0
"""Laws of pose flows."""

import itertools

import pytest
import torch
from scipy.spatial import cKDTree

from handcraft.errors import HandcraftError
from handcraft.hand.motion import PoseFlowConfig, covered, flow_through, pose_flow, report_flows
from handcraft.hand.pose_library import PoseLibrary

FRAMES = 10


@pytest.fixture(scope="module")
def library(hand_model):
    return PoseLibrary.sampled(hand_model, 400, seed=2)


def normal_pool(dimensions, count=20_000):
    """The distances between its points are those of a pool of so many independent numbers."""
    positions = torch.randn(count, dimensions, generator=torch.Generator().manual_seed(5))
    tree = cKDTree(positions.numpy())
    return positions, lambda position: int(tree.query(position.numpy())[1])


def flows(pool, mode, count=30):
    positions, nearest = pool
    config = PoseFlowConfig(mode)
    found = [flow_through(positions, i, i + 1, FRAMES, config, nearest) for i in range(count)]
    shares = [covered(positions[i], positions[i + 1], positions[shown[-1]]) for i, shown in enumerate(found)]
    distinct = torch.tensor([len(set(shown)) for shown in found]).double()
    return distinct.mean().item(), torch.tensor(shares).mean().item()


@pytest.mark.parametrize("mode", ["carry", "document"])
def test_every_frame_belongs_to_the_library_and_the_library_stays_as_it_was(library, mode):
    before = library.angles_rad.clone(), library.joints_m.clone()
    for start, end in ((0, 1), (7, 300), (399, 2)):
        flow = pose_flow(library, start, end, FRAMES, PoseFlowConfig(mode))
        assert flow.indices[0] == start
        assert torch.equal(flow.angles_rad, library.angles_rad[list(flow.indices)])
        flow.angles_rad.zero_()  # what a caller does to a flow is no business of the library
    assert torch.equal(library.angles_rad, before[0])
    assert torch.equal(library.joints_m, before[1])


def test_each_projected_frame_is_the_nearest_to_a_target_that_covers_the_known_share_of_the_way(library):
    config, first, last = PoseFlowConfig("carry", alpha=2.0), library.joints_m[3], library.joints_m[200]
    flow = pose_flow(library, 3, 200, FRAMES, config)
    for frame, index in enumerate(flow.indices):
        target = last + (1 - 0.2) ** frame * (first - last)
        distances = (library.joints_m - target).flatten(1).norm(dim=1)
        assert distances[index] <= distances.min() + 1e-6
    assert config.arrival(FRAMES) == pytest.approx(1 - 0.8**9)


def test_the_document_goes_on_from_the_pose_it_shows(library):
    """Equation 4.2 by hand; where a shown pose lies aside of the target, the carried flow goes another way."""
    ways = {mode: pose_flow(library, 3, 200, FRAMES, PoseFlowConfig(mode, alpha=4.0)) for mode in ("document", "carry")}
    for before, after in itertools.pairwise(ways["document"].indices):
        updated = library.joints_m[before] - 0.4 * (library.joints_m[before] - library.joints_m[200])
        assert (library.joints_m - updated).flatten(1).norm(dim=1).argmin() == after
    assert ways["document"].indices != ways["carry"].indices


def test_the_whole_step_is_at_the_end_at_once(library):
    for mode in ("carry", "document", "smooth"):
        flow = pose_flow(library, 11, 12, 4, PoseFlowConfig(mode, alpha=4.0))
        assert torch.equal(flow.angles_rad[0], library.angles_rad[11])
        torch.testing.assert_close(flow.angles_rad[1:], library.angles_rad[12].expand(3, -1))
        assert flow.progress == pytest.approx(1)
        assert flow.distinct_frames == 2


def test_a_smooth_flow_goes_straight_and_slows_down_as_the_equation_says(library):
    config = PoseFlowConfig("smooth")
    flow = pose_flow(library, 5, 6, FRAMES, config)
    left = (flow.angles_rad - library.angles_rad[6]).norm(dim=1)
    torch.testing.assert_close(left[1:] / left[:-1], torch.full((FRAMES - 1,), 1 - 1.2 / FRAMES))
    assert flow.progress == pytest.approx(config.arrival(FRAMES), abs=1e-5)
    assert flow.distinct_frames == FRAMES
    assert flow.indices == (5, *[-1] * 9)


def test_the_document_stalls_in_a_sparse_pool_and_carrying_does_not():
    pool = normal_pool(8)
    (documents_distinct, documents_progress), (distinct, progress) = flows(pool, "document"), flows(pool, "carry")
    assert documents_distinct < 1.5
    assert documents_progress < 0.1
    assert distinct > 3
    assert progress > 0.4


def test_in_a_dense_pool_both_arrive():
    pool = normal_pool(1)
    for mode in ("document", "carry"):
        distinct, progress = flows(pool, mode)
        assert progress == pytest.approx(PoseFlowConfig().arrival(FRAMES), abs=0.02)
        assert distinct > 9


def test_a_report_counts_what_moves(library):
    moving = pose_flow(library, 1, 2, FRAMES, PoseFlowConfig("smooth"))
    still = pose_flow(library, 1, 1, FRAMES, PoseFlowConfig("document"))
    report = report_flows([moving, still, still, still])
    assert (report.flows, report.stalled, report.distinct_frames) == (4, 0.75, (10 + 1 + 1 + 1) / 4)
    assert report.progress == pytest.approx((moving.progress + 3) / 4)
    with pytest.raises(HandcraftError, match="at least one pose flow"):
        report_flows([])


def test_steps_that_overshoot_or_go_nowhere_are_refused(library):
    with pytest.raises(HandcraftError, match="`alpha` to be at most the 3 frames"):
        pose_flow(library, 0, 1, 3, PoseFlowConfig(alpha=3.5))
    with pytest.raises(HandcraftError, match="`alpha` to be above 0"):
        PoseFlowConfig(alpha=0.0)

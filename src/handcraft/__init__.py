# SPDX-License-Identifier: Apache-2.0
"""handcraft trains hand-pose estimators for real cameras from synthetic hands."""

__version__ = "0.1.0"

# SPDX-License-Identifier: Apache-2.0
"""Run folders in, one self-contained page out."""

from handcraft.report.page import write_report

__all__ = ["write_report"]

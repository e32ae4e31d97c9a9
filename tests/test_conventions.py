# SPDX-License-Identifier: Apache-2.0
"""Every assert that CONVENTIONS.md makes is true."""

from tests.documents import ROOT, run


def test_every_python_block_runs():
    assert run(ROOT / "CONVENTIONS.md")

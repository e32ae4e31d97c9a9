# SPDX-License-Identifier: Apache-2.0
"""Studies: what the seed documents measured, and what we measure, as configurations and the runs they make."""

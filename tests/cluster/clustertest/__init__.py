# SPDX-License-Identifier: GPL-2.0-only
"""Cluster scenarios: programs that move between the virtual machines of lab/omlab."""

# SPDX-License-Identifier: ISC
"""
Stock access points and stations on simulated 802.11 radios with hokeyd behind them.

ROUNDS=10 plays every scenario ten times in a row, SCENARIOS='fils iwd' those only; DEBUG=1
makes the programs talk. What each scenario demands is in guest/scenarios.py.
"""
import pytest

from plan import ROUNDS, SCENARIOS


@pytest.mark.parametrize('scenario', SCENARIOS)
def test_scenario(runs, scenario):
    played = runs[scenario]
    assert len(played) == ROUNDS
    for run in played:
        assert run['ok'], f'round {run["round"]} of {ROUNDS}:\n{run["error"]}'

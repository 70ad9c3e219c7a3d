# SPDX-License-Identifier: ISC
"""Fixtures of the Wi-Fi tests: everything happens in one run of a virtual machine."""
import os

import pytest

import play
from plan import ROUNDS, SCENARIOS

CANNOT = 'cannot run here:'


@pytest.fixture(scope='session')
def runs(hokeyd, tmp_path_factory):
    """The results by scenario, one per round."""
    try:
        results = play.play(tmp_path_factory.mktemp('wifi'), hokeyd, SCENARIOS, ROUNDS,
                            debug=bool(os.environ.get('DEBUG')))
    except play.CannotRun as why:
        pytest.skip(f'{CANNOT} {why}')
    return {name: [r for r in results if r['scenario'] == name] for name in SCENARIOS}

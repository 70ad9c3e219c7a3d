# SPDX-License-Identifier: ISC
"""Fixtures of the Wi-Fi tests: everything happens in one run of a virtual machine."""
import os
import pathlib
import shutil
import subprocess

import pytest

import lab
import machine
from plan import ROUNDS, SCENARIOS

ROOT = pathlib.Path(__file__).resolve().parents[2]
CANNOT = 'cannot run here:'


def tool(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


@pytest.fixture(scope='session')
def guest():
    if not shutil.which(machine.QEMU):
        pytest.skip(f'{CANNOT} there is no {machine.QEMU}')
    return tool(ROOT / 'tools' / 'build-wifi-guest')


@pytest.fixture(scope='session')
def wifi_pki(tmp_path_factory):
    """With RSA keys, as most networks have."""
    made = lab.Pki(tmp_path_factory.mktemp('wifi-pki'), key=('rsa:2048',))
    return made.user('alice', 'alice@home.example')


@pytest.fixture(scope='session')
def runs(guest, wifi_pki, hokeyd, tmp_path_factory):
    """The results by scenario, one per round."""
    folder = tmp_path_factory.mktemp('wifi') / 'shared'
    supplicant = tool(ROOT / 'tools' / 'build-wpa', 'wifi') / 'wpa_supplicant'
    machine.share(guest, folder, [hokeyd, supplicant], wifi_pki,
                  {'rounds': ROUNDS, 'scenarios': SCENARIOS}, debug=bool(os.environ.get('DEBUG')))
    results = machine.boot(guest, folder)
    return {name: [r for r in results if r['scenario'] == name] for name in SCENARIOS}

# SPDX-License-Identifier: ISC
"""Plays scenarios in a virtual machine."""
import pathlib
import subprocess

import lab
import machine

ROOT = pathlib.Path(__file__).resolve().parents[2]


NO_PACKAGES = 3


class CannotRun(Exception):
    """This machine cannot run the other one."""


def tool(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode == NO_PACKAGES:
        raise CannotRun(done.stderr)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


def make_pki(folder):
    """With RSA keys, as most networks have."""
    made = lab.Pki(folder, key=('rsa:2048',))
    return made.user('alice', 'alice@home.example').user('bob', 'bob@home.example')


def play(folder, hokeyd, scenarios, rounds, debug=False):
    """One dict per scenario and round; see guest/main.py."""
    missing = machine.missing()
    if missing:
        raise CannotRun(missing)
    guest = tool(ROOT / 'tools' / 'build-wifi-guest')
    supplicant = tool(ROOT / 'tools' / 'build-wpa', 'wifi') / 'wpa_supplicant'
    shared = folder / 'shared'
    machine.share(guest, shared, [hokeyd, supplicant], make_pki(folder / 'pki'),
                  {'rounds': rounds, 'scenarios': scenarios}, debug)
    return machine.boot(guest, shared, rounds)

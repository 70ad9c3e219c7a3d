# SPDX-License-Identifier: ISC
"""What is installed beside the programs."""
import os
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope='module')
def installed(programs, tmp_path_factory):
    tree = tmp_path_factory.mktemp('installed')
    subprocess.run(['meson', 'install', '-C', programs, '--no-rebuild'], check=True,
                   capture_output=True, env={**os.environ, 'DESTDIR': str(tree)})
    return tree


def find(tree, name):
    found = [path for path in tree.rglob(name) if path.is_file()]
    assert len(found) == 1, (name, found)
    return found[0]


def test_the_service_has_few_rights(installed):
    if not shutil.which('systemd-analyze'):
        pytest.skip('cannot run here: there is no systemd-analyze')
    unit = find(installed, 'hokeyd.service')
    # Tenths: below 2.0 of 10.
    done = subprocess.run(['systemd-analyze', 'security', '--offline=yes', '--threshold=19', unit],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


def test_the_service_starts_what_is_installed(installed):
    unit = find(installed, 'hokeyd.service').read_text()
    start = [line for line in unit.splitlines() if line.startswith('ExecStart=')]
    program, *arguments = start[0].removeprefix('ExecStart=').split()
    assert (installed / program.lstrip('/')).exists()
    assert arguments == ['-c', '/etc/hokey/hokeyd.conf']
    assert 'User=hokeyd' in unit
    assert 'u hokeyd ' in find(installed, 'hokey.conf').read_text()


def test_man_pages_have_no_mistakes(installed):
    pages = sorted((installed / 'usr/share/man').rglob('*.[1-8]'))
    assert {page.name for page in pages} >= {'hokeyd.8', 'hokeyd.conf.5', 'hokey.1'}
    for page in pages:
        done = subprocess.run(['man', '-l', '--warnings=w', '-E', 'UTF-8', page],
                              capture_output=True, text=True, env={**os.environ, 'MANWIDTH': '80'})
        assert done.returncode == 0 and done.stderr == '', (page, done.stderr)


def test_the_example_says_what_is_missing(hokeyd, installed):
    """Nobody runs with a secret that stands in a package."""
    done = subprocess.run([hokeyd, '-c', find(installed, 'hokeyd.conf'), '--check-config'],
                          capture_output=True, text=True)
    assert done.returncode == 1
    assert 'client "accesspoints": secret-file: ' in done.stderr
    assert 'No such file or directory' in done.stderr

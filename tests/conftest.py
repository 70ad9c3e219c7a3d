# SPDX-License-Identifier: ISC
"""Fixtures for the tests with real programs."""
import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'interop'))

import lab as lab_module  # noqa: E402


@pytest.fixture(scope='session')
def programs():
    """The build folder under test: $HOKEY_BUILD, else build/."""
    folder = pathlib.Path(os.environ.get('HOKEY_BUILD', ROOT / 'build'))
    assert (folder / 'src' / 'hokeyd' / 'hokeyd').exists(), f'nothing is built in {folder}'
    return folder


@pytest.fixture(scope='session')
def sanitized(programs):
    """Whether the programs carry a sanitizer with its own memory."""
    options = json.loads((programs / 'meson-info' / 'intro-buildoptions.json').read_text())
    return next(o['value'] for o in options if o['name'] == 'b_sanitize') != 'none'


@pytest.fixture(scope='session')
def shim(tmp_path_factory):
    """Compiles tests/fault/NAME.c for LD_PRELOAD."""
    folder = tmp_path_factory.mktemp('shims')

    def build(name):
        library = folder / f'{name}.so'
        if not library.exists():
            subprocess.run(['gcc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', library,
                            ROOT / f'tests/fault/{name}.c'], check=True)
        return library
    return build


@pytest.fixture(scope='session')
def hokeyd(programs):
    return programs / 'src' / 'hokeyd' / 'hokeyd'


@pytest.fixture(scope='session')
def hokey(programs):
    return programs / 'src' / 'hokey' / 'hokey'


@pytest.fixture(scope='session')
def wpa():
    """The folder with wpa_supplicant and eapol_test built with ERP."""
    done = subprocess.run([ROOT / 'tools' / 'build-wpa'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


@pytest.fixture(scope='session')
def pki(tmp_path_factory):
    made = lab_module.Pki(tmp_path_factory.mktemp('pki'))
    made.user('client', 'alice@home.example')
    return made


@pytest.fixture
def lab(tmp_path):
    made = lab_module.Lab(tmp_path)
    try:
        yield made.open()
    finally:
        made.close()

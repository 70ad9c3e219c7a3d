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


# The build folder under test: $HOKEY_BUILD, else build/.
BUILD = pathlib.Path(os.environ.get('HOKEY_BUILD', ROOT / 'build'))


def is_sanitized():
    options = json.loads((BUILD / 'meson-info' / 'intro-buildoptions.json').read_text())
    return next(o['value'] for o in options if o['name'] == 'b_sanitize') != 'none'


def pytest_configure(config):
    config.addinivalue_line('markers', 'patient: waits for a timer of many seconds, and shows no '
                            'more with a sanitizer; for builds without one')


def pytest_collection_modifyitems(config, items):
    patient = [item for item in items if item.get_closest_marker('patient')]
    if patient and BUILD.exists() and is_sanitized():
        items[:] = [item for item in items if item not in patient]
        config.hook.pytest_deselected(items=patient)


@pytest.fixture(scope='session')
def programs():
    assert (BUILD / 'src' / 'hokeyd' / 'hokeyd').exists(), f'nothing is built in {BUILD}'
    return BUILD


@pytest.fixture(scope='session')
def sanitized(programs):
    """Whether the programs carry a sanitizer with its own memory."""
    return is_sanitized()


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

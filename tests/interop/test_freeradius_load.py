# SPDX-License-Identifier: ISC
"""rlm_hokey under load: leaks and races."""
import json
import os
import re

import pytest

from freeradius import FreeRadius, replace

SOAK = os.environ.get('HOKEY_SOAK')


@pytest.fixture
def module(programs):
    return programs / 'modules' / 'freeradius' / 'rlm_hokey.so'


@pytest.fixture
def freeradius(lab, pki, module):
    return FreeRadius(lab, pki, module).method('tls')


class Bench:
    def __init__(self, lab, hokey, pki, *options):
        secret = lab.folder / 'secret'
        secret.write_text('throw-away-secret')
        self.program = lab.start(
            [hokey, 'bench', '--server', '127.0.0.1:1812', '--secret-file', secret, '--ca', pki.ca,
             '--cert', pki.cert('client'), '--key', pki.key('client'), '--identity',
             'alice%d@home.example', '--timeout', '20', '--json', '--quiet', *options],
            name='bench')

    def report(self, timeout=600):
        assert self.program.wait(timeout) == 0, self.program.output()
        return json.loads(self.program.output())


def valgrind_reports(log):
    """Those that name the module; FreeRADIUS and its regular expressions have some, too."""
    text = re.sub(r'^==\d+== ?', '', log.read_text(), flags=re.M)
    return [part for part in text.split('\n\n') if 'rlm_hokey' in part or 'hk_' in part]


def test_logins_and_reauthentications_at_once(lab, pki, hokey, freeradius):
    """From 32 clients in parallel, under valgrind unless there is a sanitizer."""
    devices, reauths, logins = (250, 4250, 500) if SOAK else (30, 500, 30)
    log = lab.folder / 'valgrind.log'
    wrap = [] if freeradius.sanitizer.name else [
        'valgrind', '-q', '--leak-check=full', '--keep-debuginfo=yes', '--num-callers=40',
        '--show-leak-kinds=definite,indirect,possible', f'--log-file={log}']
    freeradius.enable()
    # The one for which threads wait for each other.
    replace(freeradius.file('mods-enabled', 'hokey'), r'^(\s*durability = ).*', r'\g<1>batch')
    freeradius.start(wrap=wrap, timeout=90)
    erp = Bench(lab, hokey, pki, '--devices', devices, '--requests', reauths, '--concurrency', 16,
                '--login-concurrency', 16, '--check-all')
    full = Bench(lab, hokey, pki, '--mode', 'full', '--requests', logins, '--concurrency', 16,
                 '--check-all')
    for report, wanted in ((erp.report(), reauths), (full.report(), logins)):
        count = report['load']['count']
        assert count['sent'] == count['accepted'] == wanted, report
        assert count['wrong'] == count['lost'] == count['failed'] == 0, report
    assert freeradius.stop() == 0
    if wrap:
        reports = valgrind_reports(log)
        assert not reports, reports[0]

# SPDX-License-Identifier: ISC
"""hokey bench against real servers."""
import json
import xml.etree.ElementTree as ET

STORE = 'type = memory  max-sets-per-user = 0'


def bench(lab, hokey, pki, *options, identity='alice@home.example'):
    secret = lab.folder / 'bench-secret'
    secret.write_text('throw-away-secret\n')
    secret.chmod(0o600)
    return lab.run([hokey, 'bench', '--server', '127.0.0.1', '--secret-file', secret, '--identity',
                    identity, '--ca', pki.ca, '--cert', pki.cert('client'), '--key',
                    pki.key('client'), '--sample', 1, '--timeout', 20, *options])


def report(lab, hokey, pki, *options):
    done = bench(lab, hokey, pki, '--json', *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_load_on_hokeyd(lab, pki, hokeyd, hokey):
    server = lab.configured(hokeyd, pki, store=STORE)
    devices, picture = lab.folder / 'devices', lab.folder / 'picture.svg'
    first = report(lab, hokey, pki, '--devices', 20, '--requests', 400, '--save', devices, '--pid',
                   server.pid, '--plot', picture)
    assert first['logins']['count']['accepted'] == 20
    assert first['load']['count']['accepted'] == first['load']['count']['checked'] == 400
    assert first['load']['count']['wrong'] == 0
    assert first['load']['server']['cpu_us_per_request'] > 0
    latency = first['load']['latency_ms']
    assert 0 < latency['p50'] <= latency['p99'] <= latency['max']
    assert ET.parse(picture).getroot().tag.endswith('svg')

    # The devices go on where they stopped, without a login.
    second = report(lab, hokey, pki, '--load', devices, '--rate', 500, '--duration', 1, '--prebuild')
    assert 'logins' not in second
    assert second['load']['count']['accepted'] == second['load']['count']['sent'] == 500


def test_logins_at_hokeyd(lab, pki, hokeyd, hokey):
    lab.configured(hokeyd, pki, store=STORE)
    full = report(lab, hokey, pki, '--mode', 'full', '--requests', 10, '--concurrency', 4)
    assert full['load']['count']['accepted'] == full['load']['count']['checked'] == 10
    assert full['load']['count']['resumed'] == 0


def test_strangers_are_reported(lab, pki, hokeyd, hokey):
    lab.configured(hokeyd, pki, store=STORE)
    done = bench(lab, hokey, pki, '--devices', 5, identity='alice@elsewhere.example')
    assert done.returncode == 1
    assert 'no device could log in' in done.stderr


def test_load_on_hostapd(lab, pki, hokey):
    lab.hostapd_server(pki, 'home.example')
    count = report(lab, hokey, pki, '--devices', 20, '--requests', 200)['load']['count']
    assert count['accepted'] == count['checked'] == 200
    assert count['wrong'] == 0

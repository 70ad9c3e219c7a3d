# SPDX-License-Identifier: ISC
"""`hokey peer` in front of hokeyd, and the commands that look at its key sets."""
import json

import pytest

from peer_device import Device, kinds, seq, steps


@pytest.fixture
def device(lab, hokey, pki):
    return Device(lab, hokey, pki)


@pytest.fixture
def control(lab, hokey):
    """Runs a command at the control socket; its output."""
    def call(*args, status=0):
        done = lab.run([hokey, *args, '--control', lab.folder / 'control.sock'])
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout
    return call


# E6696-5.1-10 E6696-5.1-12 E6696-5.1-30 E6696-5.2-09 E6696-5.2-25 E6696-5.2.2-15 E6696-5.2.2-16
# R6696-5.2-01
@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_handover_bootstraps_once_at_each_place(lab, pki, hokeyd, device, tls):
    lab.configured(hokeyd, pki, erp='rmsk-lifetime = 2h')
    runs = device('--tls-min', tls, '--tls-max', tls, '--count', '4', '--nas-id', 'ap1',
                  '--nas-id', 'ap2')
    assert kinds(runs) == [('full-eap', True)] + 4 * [('erp', True)]
    assert all(run['keys'] == 'match' for run in runs)
    assert [seq(run) for run in runs[1:]] == [0, 1, 2, 3]
    bootstraps = ['bootstrap' in steps(run, 'sent')[0]['eap'] for run in runs[1:]]
    assert bootstraps == [True, True, False, False]
    for run in runs[1:]:  # the server's, not ours; less the time that has gone
        assert 7100 < int(run['rmsk_lifetime'].removesuffix(' s')) <= 7200


# E6696-5.2.2-09 E6696-5.2.2-10 E6696-5.3-03 E6696-4.5-03
def test_a_refused_suite_costs_one_more_round_trip(lab, pki, hokeyd, device):
    lab.configured(hokeyd, pki, erp='cryptosuites = { hmac-sha256-128 }')
    runs = device('--suite', '3', '--suite', '2', '--count', '2')
    assert kinds(runs) == [('full-eap', True), ('erp', True), ('erp', True)]
    assert [run['round_trips'] for run in runs[1:]] == [2, 1]
    first, second = (step['eap'] for step in steps(runs[1], 'sent'))
    assert 'SEQ 0' in first and first.endswith('HMAC-SHA256-256')
    assert 'SEQ 1' in second and second.endswith('HMAC-SHA256-128')
    assert seq(runs[2]) == 2


# E6696-5.5-02 E6696-5.5-05
def test_channel_binding_that_holds(lab, pki, hokeyd, device):
    lab.configured(hokeyd, pki, erp='channel-binding = require')
    runs = device('--channel-binding', '--called-station-id', '02-00-00-00-01-00:net',
                  '--calling-station-id', '02-00-00-00-00-01', '--count', '2')
    assert kinds(runs) == [('full-eap', True), ('erp', True), ('erp', True)]


def test_a_key_set_from_login_to_revocation(lab, pki, hokeyd, device, control):
    lab.configured(hokeyd, pki)
    keys = lab.folder / 'keys'
    device('--keys', keys, '--count', '3')
    row, = [json.loads(line) for line in control('sessions', '--json').splitlines()]
    assert row['user'] == 'alice@home.example' and row['next_seq'] == 3
    assert row['name'].endswith('@home.example')
    assert control('sessions').splitlines()[1].split('\t')[0] == row['name']
    assert f'name          {row["name"]}\n' in control('show', row['name'])
    assert control('revoke', row['name']) == '1 key set revoked\n'
    control('show', row['name'], status=1)

    # The device is asked for full EAP in the same conversation, and has ERP again.
    runs = device('--keys', keys, '--count', '2', status=1)
    assert kinds(runs) == [('erp', False), ('full-eap', True), ('erp', True)]
    assert 'EAP-Request/Identity' in steps(runs[0], 'received')[0]['eap']
    assert runs[0]['ms'] < 5000  # it is told, and does not wait for a time-out
    identity = steps(runs[0], 'received')[0]['eap'].split('id ')[1].split(',')[0]
    assert f'EAP-Response/Identity id {identity},' in steps(runs[1], 'sent')[0]['eap']

    assert control('revoke', '--user', 'alice@home.example') == '1 key set revoked\n'
    assert control('sessions', '--json') == ''


def test_one_process_at_a_time_has_the_keys(lab, pki, hokeyd, hokey, device):
    lab.configured(hokeyd, pki)
    keys = lab.folder / 'keys'
    device('--keys', keys)
    first = lab.start([hokey, 'peer', *device.always, '--keys', keys, '--count', '30000'])
    first.wait_for('ERP through')
    second = device.text('--keys', keys)
    assert second.returncode == 2 and 'in use by another process' in second.stderr
    # Killed in the middle: what it may have used is never used again.
    first.kill()
    runs = device('--keys', keys)
    assert kinds(runs) == [('erp', True)]

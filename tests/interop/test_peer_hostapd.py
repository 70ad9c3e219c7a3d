# SPDX-License-Identifier: ISC
"""`hokey peer` as a device in front of Debian's hostapd as RADIUS server."""
import pytest

from lab import hexdump
from peer_device import Device, kinds, seq, steps

REALM = 'home.example'


@pytest.fixture
def device(lab, hokey, pki):
    return Device(lab, hokey, pki)


# E6696-5.2-07 E6696-5.2-25 E6696-3-20 E6696-5.4-09
@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_full_login_then_handover(lab, pki, device, tls):
    server = lab.hostapd_server(pki, REALM)
    runs = device('--tls-min', tls, '--tls-max', tls, '--count', '3', '--nas-id', 'ap1',
                  '--nas-id', 'ap2', '--called-station-id', '02-00-00-00-01-00:net')
    assert kinds(runs) == [('full-eap', True)] + 3 * [('erp', True)]
    assert runs[0]['tls'] == f'TLS {tls}'
    assert [run['nas_identifier'] for run in runs] == ['ap1', 'ap2', 'ap1', 'ap2']
    assert all(run['keys'] == 'match' for run in runs)
    assert [seq(run) for run in runs[1:]] == [0, 1, 2]
    assert all(run['round_trips'] == 1 for run in runs[1:])
    # What hostapd says it derived: as many rMSKs, and all different.
    log = server.output()
    assert log.count('EAP: ERP rMSK') == 3
    assert hexdump(log, 'EAP: ERP rMSK') != hexdump(log, 'EAP: EMSK')


# E6696-5.4-08
def test_keys_stay_in_the_file(lab, pki, device):
    lab.hostapd_server(pki, REALM)
    keys = lab.folder / 'keys'
    first = device('--keys', keys)
    second = device('--keys', keys)
    third = device('--keys', keys, '--count', '2')
    assert kinds(first) == [('full-eap', True), ('erp', True)]
    assert kinds(second) == [('erp', True)]
    assert [seq(run) for run in first[1:] + second + third] == [0, 1, 2, 3]
    assert keys.stat().st_mode & 0o777 == 0o600
    assert kinds(device('--keys', keys, '--full')) == [('full-eap', True), ('erp', True)]
    assert seq(device('--keys', keys)[0]) == 1


# E6696-5.2.2-07
def test_server_lost_its_keys(lab, pki, device):
    """hostapd says so without proof; the device goes on with full EAP and has ERP again."""
    server = lab.hostapd_server(pki, REALM)
    keys = lab.folder / 'keys'
    device('--keys', keys)
    server.stop()
    lab.hostapd_server(pki, REALM)
    runs = device('--keys', keys, '--count', '2', status=1)
    assert kinds(runs) == [('erp', False), ('full-eap', True), ('erp', True)]
    assert 'failure' in steps(runs[0], 'received')[0]['eap']
    assert seq(runs[2]) == 0


# E6696-3-08 E6696-5.4-07
def test_silence_ends_in_full_eap(lab, pki, device):
    """hostapd is silent about a suite it cannot verify (it derives one rIK for all)."""
    lab.hostapd_server(pki, REALM)
    runs = device('--suite', '3', '--timeout', '3', status=1)
    assert kinds(runs) == [('full-eap', True), ('erp', False), ('full-eap', True)]
    assert not steps(runs[1], 'received')
    assert runs[1]['ms'] > 2900


def test_fragments(lab, pki, device):
    lab.hostapd_server(pki, REALM)
    runs = device('--no-erp', '--fragment', '200')
    assert kinds(runs) == [('full-eap', True)]
    sent = [int(step['eap'].split(', ')[1].split()[0]) for step in steps(runs[0], 'sent')]
    assert max(sent) <= 210 and runs[0]['round_trips'] > 5


def test_a_server_of_another_name_is_refused(lab, pki, device):
    lab.hostapd_server(pki, REALM)
    runs = device('--server-name', 'other.example', status=1)
    assert kinds(runs) == [('full-eap', False)]
    assert 'hostname mismatch' in runs[0]['reason']


def test_another_secret(lab, pki, device):
    lab.hostapd_server(pki, REALM, secret='another-secret')
    runs = device('--timeout', '1', status=1)
    assert kinds(runs) == [('full-eap', False)]


def test_no_key_or_secret_is_printed(lab, pki, device):
    server = lab.hostapd_server(pki, REALM)
    done = device.text('--count', '2')
    assert done.returncode == 0
    shown = (done.stdout + done.stderr).replace(' ', '').lower()
    for name in ('EAP: EMSK', 'EAP: ERP rRK', 'EAP: ERP rIK', 'EAP: ERP rMSK'):
        assert hexdump(server.output(), name).hex()[:32] not in shown
    assert 'throw-away-secret' not in shown

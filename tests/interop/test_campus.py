# SPDX-License-Identifier: ISC
"""A device 270 ms away from home: what goes there, what stays on the campus, what others see."""
import pathlib
import statistics
import subprocess
import time
import xml.etree.ElementTree as ET

import pytest

import radius
from lab import hexdump, keys_of
from peer_device import Device, kinds, steps
from campus import DOMAIN, HOME_MS, KYOTO, NEAR, REALM, SITE, Campus, Capture
from test_handover import ERP, FULL, authenticator_key, hand_over

ROOT = pathlib.Path(__file__).resolve().parents[2]
KEY_REQUEST, DOMAIN_NAME, KEY = 1, 2, 3
PATHS = ['direct', 'radsecproxy', 'freeradius']


@pytest.fixture
def campus(tmp_path):
    made = Campus(tmp_path)
    try:
        yield made.open()
    finally:
        made.close()


@pytest.fixture
def device(campus, hokey, pki):
    return Device(campus, hokey, pki, server=SITE)


@pytest.fixture(scope='module')
def quick_enough_ms(hokeyd):
    """The promise; and what sanitizers make of it."""
    octets = hokeyd.read_bytes()
    return 50 if b'__asan_init' in octets or b'__tsan_init' in octets else 5


def local_client(campus):
    client = campus.radius_client(NEAR)
    client.server = (SITE, 1812)
    return client


def delivered(there, here):
    here.wait_for(rf'key for our domain from home \[{REALM}\]')
    there.wait_for(rf'key for domain \[{DOMAIN}\] given to \[tokyo\]')


# ---- near and far ----

# K5749-5-01 K5749-5-03 HKRAD-16.10-01
@pytest.mark.parametrize('path', PATHS)
def test_handovers_stay_on_the_campus(campus, hokeyd, pki, device, quick_enough_ms, path):
    there, here = campus.federation(hokeyd, pki, path)
    keys = campus.folder / 'keys'
    login, first = device('--keys', keys, '--count', '1', '--nas-id', 'ap0')
    assert login['kind'] == 'full-eap' and login['keys'] == first['keys'] == 'match'
    # Nobody told the device of the domain but the access point, which had it from its server.
    assert first['announced'] == first['er_server'] == DOMAIN and first['round_trips'] == 1
    trips = [step['round_trip_ms'] for step in steps(login, 'received')]
    assert len(trips) >= 4 and min(trips) >= HOME_MS
    assert campus.frames() >= 4 * len(trips)  # two lines, there and back
    delivered(there, here)

    # A busy machine may need more than one try to be quick. None may leave the campus.
    medians = []
    while len(medians) < 10 and (not medians or medians[-1] >= quick_enough_ms):
        before = campus.quiet()
        runs = device('--keys', keys, '--count', '20', '--domain', DOMAIN,
                      '--nas-id', 'ap1', '--nas-id', 'ap2', '--nas-id', 'ap3')
        assert kinds(runs) == 20 * [('erp', True)]
        assert all(run['round_trips'] == 1 and run['keys'] == 'match' for run in runs)
        assert campus.quiet() == before
        medians.append(statistics.median(run['ms'] for run in runs))
    assert medians[-1] < quick_enough_ms, medians
    assert there.output().count('Login OK') == 1
    assert here.stop() == 0 and there.stop() == 0


# E6696-3.1-01 E6696-5.1-08 E6696-3-21 K5749-5-04 K5749-5-05 K5749-5-06
def test_a_device_between_two_domains(campus, hokeyd, pki, device):
    """A key set for each, from one login; home is asked where no domain is known."""
    campus.federation(hokeyd, pki, 'direct')
    campus.second_campus(hokeyd, pki)
    runs = device('--count', '7', '--nas-id', 'tokyo1', '--nas-id', f'kyoto1,server={KYOTO}')
    assert kinds(runs) == [('full-eap', True)] + 7 * [('erp', True)]
    assert all(run['keys'] == 'match' for run in runs)
    assert [run['er_server'] for run in runs[1:]] == [
        REALM, DOMAIN, 'kyoto.example', DOMAIN, 'kyoto.example', DOMAIN, 'kyoto.example']
    assert runs[1]['domain'] == 'kyoto.example'


@pytest.mark.parametrize('home', ['has keys', 'has none'])
def test_a_key_that_is_not_there(campus, hokeyd, pki, device, home):
    """The home gives it in one round trip; if it cannot, full EAP goes on where ERP ended."""
    there, _ = campus.federation(hokeyd, pki, 'direct')
    campus.second_campus(hokeyd, pki)
    kyoto = '--nas-id', f'kyoto1,server={KYOTO},domain=kyoto.example'
    keys = campus.folder / 'keys'
    device('--keys', keys, '--count', '0', *kyoto[:1], f'tokyo1,domain=kyoto.example')
    if home == 'has none':
        there.stop()
        campus.home_server(hokeyd, pki, client='site')
    runs = device('--keys', keys, '--count', '2', *kyoto, status=1)
    if home == 'has keys':
        assert kinds(runs) == [('erp', False), ('erp', True), ('erp', True)]
    else:
        assert kinds(runs) == [('erp', False), ('erp', False), ('full-eap', True), ('erp', True)]
    assert all(run['round_trips'] == 1 for run in runs if run['kind'] == 'erp')
    assert runs[0]['er_server'] == runs[-1]['er_server'] == 'kyoto.example'
    assert runs[1]['er_server'] == REALM
    assert runs[-2]['keys'] == 'match'


def test_a_conversation_that_ends_at_home(campus, hokeyd, pki):
    """The campus asks who it is whose key it does not know, and has the home go on."""
    campus.federation(hokeyd, pki, 'direct')
    client = local_client(campus)
    stranger = radius.KeySet(bytes(64), b'session', REALM).visiting(DOMAIN)
    answer, _ = radius.reauthenticate(client, stranger)
    assert answer.code == radius.ACCESS_CHALLENGE and answer.eap[4] == 1
    user = f'alice@{REALM}'.encode()
    identity = bytes([2, answer.eap[1], 0, 5 + len(user), 1]) + user
    attributes = (radius.attribute(radius.USER_NAME, user) + radius.eap_attributes(identity)
                  + radius.attribute(radius.NAS_IDENTIFIER, b'ap1'))
    answer = client.ask(attributes + radius.attribute(radius.STATE, answer.first(radius.STATE)))
    assert answer.code == radius.ACCESS_CHALLENGE and answer.eap[4] == 13


@pytest.mark.patient
def test_the_line_is_cut(campus, hokeyd, pki, wpa):
    """Who was let in before goes on until the lifetime of the keys ends, and not longer."""
    lifetime_s = 8  # from three logins at a time to some handovers
    there, here = campus.federation(hokeyd, pki, 'radsecproxy', ktk=f'max-lifetime = {lifetime_s}s')
    login = campus.eapol_test(wpa, pki, server=SITE)
    first_end = time.monotonic() + lifetime_s
    logins = [campus.start(login) for _ in range(3)]
    assert [device.wait(60) for device in logins] == [0, 0, 0]
    devices = [keys_of(device.output(), f'alice@{REALM}').visiting(DOMAIN) for device in logins]
    here.wait_for('key for our domain from home', count=3)
    last_end = time.monotonic() + lifetime_s
    campus.cables['out'].cut()
    client = local_client(campus)
    while devices[0].seq == 0 or time.monotonic() < first_end - 2:
        for keys in devices:
            radius.hand_over(client, keys, f'ap{keys.seq}'.encode())
        time.sleep(0.3)
    time.sleep(max(0, last_end - time.monotonic()) + 0.1)
    for keys in devices:
        answer, _ = radius.reauthenticate(client, keys)
        assert answer is None or answer.code != radius.ACCESS_ACCEPT
    # The line is there again: a login brings new keys.
    campus.cables['out'].mend()
    keys = campus.login(wpa, pki, server=SITE).visiting(DOMAIN)
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT


@pytest.mark.patient
def test_the_demo(programs, tmp_path):
    picture = tmp_path / 'roaming.svg'
    done = subprocess.run([ROOT / 'tools/demo-roaming', '--build', programs, '--picture', picture],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Frames on the lines out of the campus during all of them: 0.' in done.stdout
    assert ET.parse(picture).getroot().tag.endswith('svg')


# ---- what those between see ----

# HKRAD-16.10-01 K5749-6.1-03 K5749-6.1-06
@pytest.mark.parametrize('path', ['radsecproxy-udp', 'freeradius-udp'])
def test_what_is_between_sees_no_key_and_changes_none(campus, hokeyd, pki, wpa, path):
    there, here = campus.federation(hokeyd, pki, path)
    before, after = Capture(campus.site, 'out'), Capture(campus.home, 'in')
    home_keys = campus.login(wpa, pki, server=SITE)
    delivered(there, here)
    keys = home_keys.visiting(DOMAIN)
    client = local_client(campus)
    for nas in (b'ap1', b'ap2'):
        assert radius.reauthenticate(client, keys, nas=nas)[0].code == radius.ACCESS_ACCEPT
    campus.quiet()
    sides = before.stop().radius(), after.stop().radius()

    def seen(packets, code, kind):
        return [p.vsa(32473, kind) for p in packets if p.code == code and p.vsa(32473, kind)]

    for code, kind in ((radius.ACCESS_REQUEST, KEY_REQUEST), (radius.ACCESS_REQUEST, DOMAIN_NAME),
                       (radius.ACCESS_ACCEPT, KEY), (radius.ACCESS_ACCEPT, DOMAIN_NAME)):
        near, far = (seen(packets, code, kind) for packets in sides)
        assert near and set(near) == set(far), kind
    key, = set(seen(sides[0], radius.ACCESS_ACCEPT, KEY))
    assert len(key) == 104 and key[20:28] == keys.name

    # In no packet and no log: not as octets, not as hex. FreeRADIUS tells all it sees.
    logs = b''.join(program.log.read_bytes() for program in campus.programs)
    packets = b'\n'.join(before.frames + after.frames)
    assert key in packets and (path != 'freeradius-udp' or key.hex().encode() in logs)
    for name, secret in (('EMSK', keys.emsk), ('DSRK', keys.root), ('DS-rRK', keys.rrk),
                         ('DS-rIK', keys.rik()), ('rRK', home_keys.rrk), ('rMSK', keys.rmsk(0)),
                         ('KTK', bytes.fromhex('a5' * 32))):
        piece = secret[:16]
        assert piece not in packets and piece not in logs, name
        for text in (piece.hex(), piece.hex(' '), piece.hex(':'), piece.hex().upper()):
            assert text.encode() not in logs, name


# ---- devices that know less ----

@pytest.mark.parametrize('path', ['radsecproxy', 'freeradius'])
def test_stock_devices_and_those_without_erp(campus, hokeyd, pki, wpa, device, path):
    """A supplicant that ignores local domains re-authenticates at home."""
    there, here = campus.federation(hokeyd, pki, path)
    aps = {port: campus.hostapd(port, f'{port}.{DOMAIN}', server=SITE,
                                extra=f'erp_domain={DOMAIN}\n') for port in ('ap1', 'ap2')}
    campus.plug('ap1')
    station = campus.supplicant(wpa, pki, f'alice@{REALM}')
    station.wait_for(FULL, 30)
    log = hand_over(campus, wpa, station, 'ap2', ERP)
    assert authenticator_key(aps['ap2']) == hexdump(log, 'EAP: ERP rMSK')
    assert there.output().count('Login OK') == 2
    delivered(there, here)

    login, = device('--no-erp', '--nas-id', 'ap3')
    assert login['kind'] == 'full-eap' and login['ok'] and login['keys'] == 'match'

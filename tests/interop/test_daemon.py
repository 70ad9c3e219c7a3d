# SPDX-License-Identifier: ISC
"""hokeyd as an operator meets it: users, bad input, reload, stop, privileges."""
import hmac
import json
import os
import pathlib
import pwd
import re
import signal
import socket
import subprocess
import time

import pytest

import lab as lab_module
import radius
from lab import wait_until
from radius import attribute

USERS = '''
alice@home.example
    Class = "staff",
    Tunnel-Type = VLAN,
    Tunnel-Medium-Type = IEEE-802,
    Tunnel-Private-Group-Id = "20",
    Filter-Id = "campus"

mallory@home.example  Auth-Type := Reject
'''


def control(lab, **request):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        s.connect(str(lab.folder / 'control.sock'))
        s.sendall(json.dumps(request).encode() + b'\n')
        reply = json.loads(s.makefile().readline())
    assert reply['ok'], reply
    return reply


def lmdb(lab):
    return f'type = lmdb  path = "{lab.folder}/keys"  wrap-key-file = "{lab.folder}/wrap.key"'


# HKRAD-6.5-06
def test_reply_attributes_come_back_at_every_reauthentication(lab, wpa, pki, hokeyd):
    (lab.folder / 'users').write_text(USERS)
    server = lab.configured(hokeyd, pki, more=f'users-file = "{lab.folder}/users"\n'
                            'log { logins = all }')
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    for _ in range(3):
        answer, _ = radius.reauthenticate(client, keys)
        assert answer.code == radius.ACCESS_ACCEPT
        assert answer.first(25) == b'staff' and answer.first(11) == b'campus'
        assert answer.first(64) == b'\0\0\0\x0d' and answer.first(65) == b'\0\0\0\x06'
        assert answer.first(81) in (b'20', b'\x0020') and answer.first(1) == b'alice@home.example'
    server.wait_for(r'Login OK: \[alice@home\.example\] .*via EAP-TLS')
    server.wait_for(r'Login OK: \[alice@home\.example\] .*via ERP', count=3)


def test_refused_user_and_wrong_certificates(lab, wpa, pki, hokeyd, tmp_path):
    (lab.folder / 'users').write_text(USERS)
    server = lab.configured(hokeyd, pki, more=f'users-file = "{lab.folder}/users"',
                            client='reject-delay = 0')
    pki.user('mallory', 'mallory@home.example')
    other = lab_module.Pki(tmp_path / 'other').user('client', 'alice@home.example')
    other.ca = pki.ca
    pki.issue('gone', 'clientAuth', 'email:alice@home.example', days='-1')
    pki.issue('host', 'serverAuth', 'email:alice@home.example')
    for made, user in ((pki, 'mallory'), (other, 'client'), (pki, 'gone'), (pki, 'host')):
        for tls in ('1.2', '1.3'):
            mark = server.mark()
            with pytest.raises(AssertionError):
                lab.login(wpa, made, tls=tls, user=user)
            server.wait_for(r'Login incorrect \(.+\): \[', since=mark)
    # None of that is in anybody's way.
    assert lab.login(wpa, pki)


MALFORMED = [
    b'', b'\x01', bytes(19),
    # Length below 20, above the datagram, above 4096
    b'\x01\x01\x00\x13' + bytes(16), b'\x01\x01\x00\x40' + bytes(16), b'\x01\x01\x10\x01' + bytes(4093),
    # attribute Length 0 and 1, attribute over the end, octets left over
    b'\x01\x01\x00\x16' + bytes(16) + b'\x01\x00', b'\x01\x01\x00\x16' + bytes(16) + b'\x01\x01',
    b'\x01\x01\x00\x17' + bytes(16) + b'\x01\x09a', b'\x01\x01\x00\x15' + bytes(16) + b'\x01',
]


# R2865-3-01 R2865-3-03 R2865-5-01
def test_bad_packets_are_dropped_counted_and_disturb_nobody(lab, wpa, pki, hokeyd):
    server = lab.configured(hokeyd, pki)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    stranger = lab.radius_client(secret=b'not-the-secret')

    def counters():
        return control(lab, command='statistics')['counters']

    before = counters()
    for octets in MALFORMED:
        client.send(octets)
    for code in (0, 4, 13, 40, 99, 255):
        client.send(radius.request(client.secret, b'', code=code))
    stranger.send(radius.request(stranger.secret, radius.erp_attributes(keys, keys.initiate(seq=0))))
    client.send(radius.request(client.secret, attribute(1, b'alice'), sign=False))
    wait_until(lambda: all(counters().get(name, 0) > before.get(name, 0)
                           for name in ('bad-authenticator', 'no-authenticator')))
    assert client.receive(0.3) is stranger.receive(0.1) is None
    after = counters()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    assert grown['malformed'] == len(MALFORMED) - 1 or grown['malformed'] == len(MALFORMED)
    assert grown['bad-code'] == 6 and grown['bad-authenticator'] == 1
    assert grown['no-authenticator'] == 1

    # Broken EAP in good RADIUS: answered or dropped, never accepted.
    good = keys.initiate(seq=0)
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    for eap in (b'\x02', b'\x02\x01\x00\x09\x01', b'\x05\x01\x00\x06\x01\x00', b'\x06' + good[1:],
                good[:-1], flipped, b'\x03\x01\x00\x04', b'\x63\x01\x00\x05\x01'):
        answer = client.ask(attribute(radius.USER_NAME, keys.nai)
                            + attribute(radius.NAS_IDENTIFIER, b'ap1')
                            + radius.eap_attributes(eap), timeout=0.3)
        assert answer is None or answer.code == radius.ACCESS_REJECT, eap.hex()
    # The number of the packet with the wrong tag was not used up.
    answer = client.ask(radius.erp_attributes(keys, good))
    assert answer.code == radius.ACCESS_ACCEPT
    assert lab.login(wpa, pki)
    assert server.stop() == 0


def test_random_octets_from_a_known_client(lab, wpa, pki, hokeyd):
    server = lab.configured(hokeyd, pki)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    rng = __import__('random').Random(6696)
    for i in range(3000):
        eap = bytes([rng.choice((1, 2, 5, 6)), rng.randrange(256)]) + rng.randbytes(rng.randrange(120))
        if i % 2:
            eap = eap[:2] + len(eap).to_bytes(2, 'big') + eap[4:]
        body = attribute(1, rng.choice((keys.nai, b'x'))) + radius.eap_attributes(eap)
        client.send(radius.request(client.secret, body, identifier=i % 256))
    assert server.running()
    client = lab.radius_client()
    answer, _ = radius.reauthenticate(client, keys, seq=60000)
    assert answer.code == radius.ACCESS_ACCEPT


def test_reload_keeps_keys_and_refuses_mistakes(lab, wpa, pki, hokeyd):
    server = lab.configured(hokeyd, pki)
    keys = lab.login(wpa, pki)
    config = lab.folder / 'hokeyd.conf'
    text = config.read_text()

    mark = server.mark()
    config.write_text(text.replace('throw-away-secret', 'another-throw-away'))
    server.signal(signal.SIGHUP)
    server.wait_for(r'(?i)reload|configuration', since=mark)
    client = lab.radius_client(secret=b'another-throw-away')
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT

    mark = server.mark()
    config.write_text(text.replace('type = memory', 'type = paper'))
    server.signal(signal.SIGHUP)
    server.wait_for(r'hokeyd\.conf:\d+: .*paper', since=mark)
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    assert server.stop() == 0


@pytest.mark.parametrize('line, message', [
    ('listen odd { port = 70000 }', r':1: .*port.*70000'),
    ('listen odd { address = "300.1.1.1" }', r':1: .*address'),
    ('client x { address = "10.0.0.0/33" secret = "0123456789abcdef" }', r':1: .*10\.0\.0\.0/33'),
    ('client x { address = "10.0.0.1" }', r':1: .*secret'),
    ('nonsense = 5', r':1: .*nonsense'),
    ('eap { min-tls = "1.1" }', r':1: .*min-tls.*1\.2'),
    ('erp { cryptosuites = { 4 } }', r':1: .*cryptosuite'),
    ('users-file = "/nowhere/users"', r':1: .*/nowhere/users.*No such file'),
])
def test_wrong_configuration_is_refused_with_file_and_line(lab, pki, hokeyd, line, message):
    config = lab.folder / 'wrong.conf'
    config.write_text(line + lab.configuration(pki))
    config.chmod(0o600)
    for args in (['--check-config'], []):
        done = lab.run([hokeyd, '--config', config, *args], timeout=10)
        assert done.returncode != 0
        assert re.search(r'wrong\.conf' + message, done.stderr), done.stderr
        assert '0123456789abcdef' not in done.stderr + done.stdout


def test_good_configuration_checks_silently(lab, pki, hokeyd):
    lab.configured(hokeyd, pki).stop()
    done = lab.run([hokeyd, '--config', lab.folder / 'hokeyd.conf', '--check-config'])
    assert done.returncode == 0, done.stderr


def test_gives_up_root_and_cannot_be_dumped(lab, wpa, pki, hokeyd, sanitized):
    nobody = pwd.getpwnam('nobody')
    keys = lab.folder / 'keys'
    keys.mkdir(mode=0o700)
    wrap = lab.folder / 'wrap.key'
    wrap.write_bytes(os.urandom(32))
    for path in (keys, wrap):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    wrap.chmod(0o600)
    for parent in lab.folder.parents:
        if parent != pathlib.Path('/'):
            parent.chmod(parent.stat().st_mode | 0o011)
    os.chown(lab.folder, nobody.pw_uid, nobody.pw_gid)
    lab.folder.chmod(0o755)
    server = lab.configured(hokeyd, pki, store=lmdb(lab), more='user = nobody')
    status = pathlib.Path(f'/proc/{server.pid}/status').read_text()
    assert re.search(rf'^Uid:\s+{nobody.pw_uid}\s+{nobody.pw_uid}\s+{nobody.pw_uid}', status, re.M)
    for which in ('Inh', 'Prm', 'Eff', 'Bnd', 'Amb'):
        assert re.search(rf'^Cap{which}:\s+0+$', status, re.M), status
    assert re.search(r'^NoNewPrivs:\s+1$', status, re.M)
    threads = list(pathlib.Path(f'/proc/{server.pid}/task').iterdir())
    assert len(threads) > 1
    for thread in threads:
        filtered = re.search(r'^Seccomp:\s+2$', (thread / 'status').read_text(), re.M)
        assert bool(filtered) != sanitized, thread
    limits = pathlib.Path(f'/proc/{server.pid}/limits').read_text()
    assert re.search(r'^Max core file size\s+0\s+0', limits, re.M)
    login = lab.login(wpa, pki)
    answer, _ = radius.reauthenticate(lab.radius_client(), login)
    assert answer.code == radius.ACCESS_ACCEPT

    # What root has read and nobody may not: said at start, and what to do at a reload.
    for file in (lab.folder / 'hokeyd.conf', pki.server_key):
        server.wait_for(rf'{file}: a reload will fail: Permission denied: user .nobody. has to be '
                        r'able to read it, as after chown root:nogroup, chmod 0640')
    mark = server.mark()
    server.signal(signal.SIGHUP)
    server.wait_for(r'reload failed, the old configuration stays: .*hokeyd\.conf: Permission denied:'
                    r' .*chmod 0640', since=mark)
    os.chown(lab.folder / 'hokeyd.conf', 0, nobody.pw_gid)
    (lab.folder / 'hokeyd.conf').chmod(0o640)
    server.signal(signal.SIGHUP)
    server.wait_for(r'eap: ca: .*ca\.pem: Permission denied: .*chmod 0640', since=mark)
    for path in pki.folder.iterdir():
        os.chown(path, 0, nobody.pw_gid)
        path.chmod(0o640)
    for parent in pki.folder.parents:
        if parent != pathlib.Path('/'):
            parent.chmod(parent.stat().st_mode | 0o011)
    pki.folder.chmod(0o755)
    server.signal(signal.SIGHUP)
    server.wait_for(r'configuration loaded', since=mark)
    assert radius.reauthenticate(lab.radius_client(), login, seq=1)[0].code == radius.ACCESS_ACCEPT
    assert server.stop() == 0


# E5295-5.1-06
def test_debug_output_has_names_and_no_secrets(lab, wpa, pki, hokeyd):
    server = lab.configured(hokeyd, pki, args=['-X'])
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    text = server.output()
    for name in ('Access-Request', 'Access-Challenge', 'Access-Accept', 'User-Name', 'EAP-Message',
                 'NAS-Identifier', 'EAP-Initiate', 'EAP-Finish'):
        assert name in text, name
    squeezed = re.sub(r'[\s:]', '', text).lower()
    secrets = [keys.rrk, keys.rik(), keys.rmsk(0), keys.rmsk(0)[:32], keys.rmsk(0)[32:]]
    for secret in secrets:
        for piece in (secret[:16], secret[16:32]):
            assert piece.hex() not in squeezed
    assert 'throw-away-secret' not in text


def test_hokey_lists_shows_and_revokes(lab, wpa, pki, hokeyd, hokey):
    lab.configured(hokeyd, pki)
    keys = lab.login(wpa, pki)
    socket_of = ['--control', lab.folder / 'control.sock']
    name = keys.nai.decode()
    listed = lab.run([hokey, 'sessions', *socket_of], check=True).stdout
    assert name in listed and 'alice@home.example' in listed
    shown = lab.run([hokey, 'show', name, *socket_of], check=True).stdout
    assert 'alice@home.example' in shown
    client = lab.radius_client()
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT
    lab.run([hokey, 'revoke', name, *socket_of], check=True)
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_CHALLENGE
    again = lab.login(wpa, pki)
    lab.run([hokey, 'revoke', '--user', 'alice@home.example', *socket_of], check=True)
    assert radius.reauthenticate(client, again)[0].code == radius.ACCESS_CHALLENGE


# R4372-2.1-01 R4372-2.1-02 R4372-2.1-03
def test_chargeable_user_identity(lab, wpa, pki, hokeyd):
    key = os.urandom(20)
    (lab.folder / 'cui.key').write_bytes(key)
    (lab.folder / 'cui.key').chmod(0o600)
    server = lab.configured(hokeyd, pki, more='cui-key-file = cui.key', args=['-X'])
    keys = lab.login(wpa, pki)
    assert 'Chargeable-User-Identity' not in server.output()
    client = lab.radius_client()
    want = hmac.digest(key, b'1campus.example\0alice@home.example', 'sha256').hex()[:32].encode()
    operator = attribute(126, b'1Campus.Example')
    for cui in (b'\0', want):
        answer, _ = radius.reauthenticate(client, keys, extra=operator + attribute(89, cui))
        assert answer.code == radius.ACCESS_ACCEPT and answer.first(89) == want
    answer, _ = radius.reauthenticate(client, keys, extra=operator)
    assert answer.code == radius.ACCESS_ACCEPT and answer.first(89) is None
    answer, _ = radius.reauthenticate(client, keys, extra=operator + attribute(89, b'0' * 32))
    assert answer.code == radius.ACCESS_REJECT and answer.first(89) is None


def test_one_client_cannot_take_all_sessions(lab, pki, hokeyd):
    config = lab.folder / 'hokeyd.conf'
    config.write_text(lab.configuration(
        pki, more='client other { address = 127.0.0.2  secret = "throw-away-secret" }')
        .replace('eap {', 'eap { max-sessions-per-client = 2', 1))
    config.chmod(0o600)
    server = lab.start([hokeyd, '--config', config])
    server.wait_for(lab_module.READY)
    identity = b'alice@home.example'
    response = bytes([2, 1, 0, 5 + len(identity), 1]) + identity
    attributes = attribute(1, identity) + attribute(32, b'ap1') + radius.eap_attributes(response)
    client, other = lab.radius_client(), lab.radius_client(address='127.0.0.2')
    for _ in range(2):
        assert client.ask(attributes).code == radius.ACCESS_CHALLENGE
    assert client.ask(attributes, timeout=0.5) is None
    assert other.ask(attributes).code == radius.ACCESS_CHALLENGE


def test_hokey_prints_statistics(lab, wpa, pki, hokeyd, hokey):
    lab.configured(hokeyd, pki, store=lmdb(lab), erp='repeat-window = 0')
    client = lab.radius_client()
    keys = lab.login(wpa, pki)
    for code in (radius.ACCESS_ACCEPT, radius.ACCESS_REJECT):
        assert radius.reauthenticate(client, keys, seq=0)[0].code == code
        time.sleep(0.05)
    command = [hokey, 'statistics', '--control', lab.folder / 'control.sock']
    table = lab.run(command, check=True).stdout
    rows = dict(line.split('\t') for line in table.splitlines())
    assert rows['erp-ok'] == '1' and rows['eap-ok'] == '1' and rows['key-sets'] == '1'
    assert rows['erp-failed-replay'] == '1' and rows['store-max-size'] == '1.0 GiB'
    whole = json.loads(lab.run([*command, '--json'], check=True).stdout)
    assert whole['counters']['erp-ok'] == 1 and whole['erp_failed'] == {'replay': 1}


def test_default_session_timeouts(lab, wpa, pki, hokeyd):
    """As long as the keys live after a login, an hour after a re-authentication."""
    server = lab.configured(hokeyd, pki, args=['-X'])
    keys = lab.login(wpa, pki)
    timeout = re.search(r'Session-Timeout = (\d+)', server.output())[1]
    assert 28700 < int(timeout) <= 28800
    answer, _ = radius.reauthenticate(lab.radius_client(), keys)
    assert answer.first(27) == (3600).to_bytes(4, 'big')
    assert answer.first(29) == (1).to_bytes(4, 'big')


def test_install_puts_things_where_they_belong(programs, tmp_path):
    done = subprocess.run(['meson', 'install', '-C', programs, '--no-rebuild', '--destdir', tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    files = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob('*')}
    for wanted in ('usr/include/hokey/erp.h', 'usr/share/man/man8/hokeyd.8', 'usr/bin/hokey',
                   'usr/share/man/man1/hokey.1', 'usr/share/man/man5/hokeyd.conf.5'):
        assert wanted in files, wanted
    for pattern in (r'usr/s?bin/hokeyd$', r'lib/.*libhokey\.so\.\d+$', r'pkgconfig/libhokey\.pc$',
                    r'systemd/system/hokeyd\.service$'):
        assert any(re.search(pattern, f) for f in files), pattern

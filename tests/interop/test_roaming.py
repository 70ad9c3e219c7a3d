# SPDX-License-Identifier: ISC
"""
Two hokeyd with the configurations of docs/roaming.md: a home in Lisbon, a visited network in
Tokyo with its local ER server. What gets keys and what does not, and how keys end.
"""
import hashlib
import hmac
import json
import pathlib
import re
import socket
import struct
import subprocess
import threading
import time

import pytest

import radius
from lab import READY, TLS_FLAGS, hexdump, inside
from peer_device import kinds, seq, steps
from test_handover import ERP, FULL, authenticator_key, hand_over
from test_radsec import BOTH

GUIDE = pathlib.Path(__file__).parents[2] / 'docs' / 'roaming.md'
LISBON, TOKYO = '127.0.0.2', '127.0.0.3'
SECRET = 'throw-away-secret'
VENDOR, KEY_REQUEST, DOMAIN_NAME, KEY, LOCAL_DOMAIN = 32473, 1, 2, 3, 33
DISCONNECT, ACK, NAK = 40, 41, 42
EVENT_TIMESTAMP, ERROR_CAUSE, OPERATOR_NAME = 55, 101, 126


def guide_block(name):
    """A file of the guide, as it is, but for addresses of this lab."""
    text = re.search(rf'^```\n# {name}\n(.*?)^```$', GUIDE.read_text(), re.M | re.S).group(1)
    for guide, here in (('192.0.2.1', LISBON), ('198.51.100.1', TOKYO), ('10.1.0.1', '127.0.0.1'),
                        ('10.1.0.0/16', '127.0.0.0/8')):
        text = text.replace(guide, here)
    return text


@pytest.fixture(scope='module')
def papers(pki):
    """All certificates, of one CA."""
    for name in ('radius.lisbon.example', 'radius.tokyo.example', 'radius.kyoto.example'):
        pki.issue(name, BOTH, f'DNS:{name}')
    pki.user('alice', 'alice@lisbon.example')
    pki.user('bob', 'bob@lisbon.example')
    return pki


class Site:
    """One of the two networks: its folder is what /etc/hokey is in the guide."""

    def __init__(self, lab, hokeyd, pki, name, folder=None):
        self.lab, self.hokeyd, self.name = lab, hokeyd, name
        self.folder = lab.folder / (folder or name)
        self.folder.mkdir()
        for place in ('tls', 'eap'):
            (self.folder / place).mkdir()
            (self.folder / place / 'ca.pem').write_bytes(pki.ca.read_bytes())
        self.put_certificate(pki, f'radius.{name}.example')
        (self.folder / 'eap/server.pem').write_bytes(pki.server_cert.read_bytes())
        self.put('eap/server.key', pki.server_key.read_text())
        self.put('lisbon-tokyo.ktk', 'a5' * 32 + '\n')
        self.put('access-points.secret', SECRET + '\n')
        if name == 'lisbon':
            self.put('users', guide_block('users'))
        self.text = guide_block(f'{name}.conf')
        self.log = 'logins = all'
        self.store = 'type = memory'
        self.program = None

    def put(self, path, text):
        (self.folder / path).write_text(text)
        (self.folder / path).chmod(0o600)

    def put_certificate(self, pki, name):
        (self.folder / 'tls' / f'{name}.pem').write_bytes(pki.cert(name).read_bytes())
        self.put(f'tls/{name}.key', pki.key(name).read_text())

    def change(self, *changes):
        """Pairs of what stands in the configuration and what is to stand there."""
        for old, new in changes:
            assert old in self.text, f'{old!r} is not in the configuration of {self.name}'
            self.text = self.text.replace(old, new)
        return self

    def write(self):
        self.put('hokeyd.conf', self.text + f'''
workers = 1
control = "control.sock"
store {{ {self.store} }}
log {{ {self.log} }}
''')

    def start(self):
        self.write()
        self.program = self.lab.start([self.hokeyd, '--config', self.folder / 'hokeyd.conf'],
                                      name=self.name)
        self.program.wait_for(READY)
        return self

    def reload(self):
        self.write()
        mark = self.program.mark()
        self.program.signal(1)
        self.program.wait_for('configuration loaded', since=mark)

    def hokey(self, hokey, *args, status=0):
        done = self.lab.run([hokey, *args, '--control', self.folder / 'control.sock'])
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def statistics(self, hokey):
        return json.loads(self.hokey(hokey, 'statistics', '--json'))

    def sessions(self, hokey):
        return [json.loads(line)['name'] for line in
                self.hokey(hokey, 'sessions', '--json').splitlines()]


@pytest.fixture
def lisbon(lab, hokeyd, papers):
    return Site(lab, hokeyd, papers, 'lisbon')


@pytest.fixture
def tokyo(lab, hokeyd, papers):
    return Site(lab, hokeyd, papers, 'tokyo')


def open_both(lisbon, tokyo):
    lisbon.start()
    tokyo.start()
    tokyo.program.wait_for('connected to home server lisbon with TLSv1.3')


def over_udp(lisbon, tokyo, home=LISBON):
    """Both without TLS, for whoever wants to sit between."""
    lisbon.change((f'address = {LISBON}\n    tls = federation\n}}', f'address = {LISBON}\n}}'),
                  ('tls = federation\n    certificate-name = radius.tokyo.example\n    er-server',
                   'address = 127.0.0.0/8\n    secret = "between-the-two"\n    er-server'),
                  ('keep-emsk = yes', 'keep-emsk = yes  key-transport = any'))
    tokyo.change((f'address = {LISBON}\n    tls = federation\n'
                  '    certificate-name = radius.lisbon.example\n    operator-name',
                  f'address = {home}\n    secret = "between-the-two"\n    operator-name'),
                 ('local-domain', 'key-transport = any  local-domain'))


def eapol_test(lab, wpa, pki, user='alice', erp=1, server='127.0.0.1'):
    """A full login at an access point in Tokyo; what the device says of it."""
    identity = f'{user}@lisbon.example'
    config = lab.folder / 'eapol_test.conf'
    config.write_text(f'''network={{
    key_mgmt=IEEE8021X
    eap=TLS
    erp={erp}
    identity="{identity}"
    ca_cert="{pki.ca}"
    client_cert="{pki.cert(user)}"
    private_key="{pki.key(user)}"
    phase1="{TLS_FLAGS['1.3']}"
}}
''')
    done = lab.run([wpa / 'eapol_test', '-c', config, '-a', server, '-A',
                    getattr(lab, 'access_point', '127.0.0.1'), '-s', SECRET, '-N',
                    '30:s:02-00-00-00-01-01:campus', '-t', '10'])
    assert done.returncode == 0 and 'SUCCESS' in done.stdout, done.stdout[-3000:]
    return done.stdout


def login(lab, wpa, pki, user='alice'):
    """The same; the device's keys of its home, and those of Tokyo."""
    said = eapol_test(lab, wpa, pki, user)
    emsk, session_id = hexdump(said, 'EAP: EMSK'), hexdump(said, 'EAP: Session-Id')
    home = radius.KeySet(emsk, session_id, 'lisbon.example')
    return home, home.visiting('tokyo.example')


def works(lab, keys, nas=b'ap1'):
    """Does a re-authentication succeed? The Access-Accept, or None."""
    client = lab.radius_client(getattr(lab, 'access_point', '127.0.0.1'))
    answer, _ = radius.reauthenticate(client, keys, nas=nas)
    if answer is None or answer.code != radius.ACCESS_ACCEPT:
        return None
    assert keys.check_finish(answer.eap)
    assert radius.reply_key(client, answer) == keys.rmsk(keys.seq - 1)
    return answer


def attributes_of_keys(answer):
    """Types of what an access point got of our vendor."""
    return [value[4] for value in answer.all(radius.VENDOR) if value[:4] == struct.pack('!I', VENDOR)]


def peer(lab, hokey, pki, *args, user='alice', server='127.0.0.1', status=0):
    """Runs of `hokey peer`."""
    lab.folder.joinpath('secret').write_text(SECRET + '\n')
    done = lab.run([hokey, 'peer', '--json', '--server', server, '--secret-file',
                    lab.folder / 'secret', '--identity', f'{user}@lisbon.example', '--ca', pki.ca,
                    '--cert', pki.cert(user), '--key', pki.key(user), '--server-name',
                    'radius.home.example', *args])
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)['runs']


# ---- keys ----

# E6696-3.2-01 E6696-3.2-02 HKRAD-16.7-01 R6696-4.2-01
def test_the_guide(lab, wpa, hokey, papers, lisbon, tokyo):
    """One login goes to Lisbon, all the rest is Tokyo's; what the home said of VLANs stays."""
    open_both(lisbon, tokyo)
    runs = peer(lab, hokey, papers, '--domain', 'tokyo.example', '--count', '3', '--nas-id', 'ap1',
                '--nas-id', 'ap2')
    assert kinds(runs) == [('full-eap', True)] + 3 * [('erp', True)]
    assert all(run['keys'] == 'match' for run in runs)
    assert lisbon.program.output().count('Login OK') == 1
    assert tokyo.program.output().count('Login OK') == 3
    lisbon.program.wait_for(
        r'key for domain \[tokyo.example\] given to \[tokyo\] by way of client tokyo')
    tokyo.program.wait_for(r'key for our domain from home \[lisbon.example\], for 14\d\d\d s')
    assert lisbon.statistics(hokey)['counters']['keys-given'] == 1
    assert tokyo.statistics(hokey)['counters']['keys-taken'] == 1
    _, keys = login(lab, wpa, papers)
    lisbon.program.kill()
    answer = works(lab, keys)
    assert answer.first(81)[-7:] == b'student' and answer.first(25) == b'lisbon-student'
    assert struct.unpack('!I', answer.first(27))[0] == 3600  # rmsk-lifetime in Tokyo
    assert answer.first(29) == struct.pack('!I', 1)
    assert attributes_of_keys(answer) == []
    assert works(lab, keys, b'ap2')
    assert tokyo.program.stop() == 0


AT_HOME = """listen at-home { address = 127.0.0.4 }
client at-home { address = 127.0.0.0/8  secret = "throw-away-secret" }
listen federation"""


def read_finish(finish):
    """Flags and TLVs of a Finish with cryptosuite 2."""
    flags, at, end, tlvs = finish[5], 8, len(finish) - 17, {}
    while at < end:
        kind = finish[at]
        size = 4 if kind in (2, 3) else finish[at + 1]  # lifetimes have no length
        at += 1 if kind in (2, 3) else 2
        tlvs[kind] = finish[at:at + size]
        at += size
    return flags, tlvs


def indicates(emsk, finish, domain):
    """Is the Authorization Indication that of the holder of the EMSK (RFC 6696 section 5.3.3)?"""
    _, tlvs = read_finish(finish)
    key = radius.kdf(emsk, 'DSRK Delivery Authorized Key@ietf.org', domain, len(emsk))
    packet = finish[:-16].replace(tlvs[6], bytes(16))
    return hmac.digest(key, packet, 'sha256')[:16] == tlvs[6]


# HKRAD-16.7-07 HKRAD-16.7-05 R6696-8-01
@pytest.mark.parametrize('indication', ['yes', 'no'])
def test_explicit_bootstrapping(lab, wpa, hokey, papers, lisbon, tokyo, indication):
    """A device comes with the keys of a login elsewhere, and Tokyo gets one with its first ERP."""
    lisbon.change(('listen federation', AT_HOME),
                  ('keep-emsk = yes', f'keep-emsk = yes  authorization-indication = {indication}'))
    open_both(lisbon, tokyo)
    said = eapol_test(lab, wpa, papers, server='127.0.0.4')
    emsk = hexdump(said, 'EAP: EMSK')
    home = radius.KeySet(emsk, hexdump(said, 'EAP: Session-Id'), 'lisbon.example')
    keys = home.visiting('tokyo.example')
    assert tokyo.sessions(hokey) == [] and works(lab, keys) is None
    keys.seq = 0

    client = lab.radius_client()
    for again in (False, True):
        answer, _ = radius.reauthenticate(client, home, flags=0x60)
        assert answer.code == radius.ACCESS_ACCEPT and home.check_finish(answer.eap)
        assert radius.reply_key(client, answer) == home.rmsk(home.seq - 1)
        assert attributes_of_keys(answer) == [LOCAL_DOMAIN]
        flags, tlvs = read_finish(answer.eap)
        assert flags == 0x60 and tlvs[4] == b'tokyo.example' and tlvs[1] == home.nai
        assert (6 in tlvs) == (again or indication == 'yes')
        assert 6 not in tlvs or indicates(emsk, answer.eap, b'tokyo.example')
        # The same key once more: Tokyo goes on with its counter.
        assert works(lab, keys)
        assert not works(lab, home.visiting('tokyo.example'), b'ap9')
    assert lisbon.program.output().count('given to [tokyo]') == 2
    # Without flag B there is no key, and no name of a domain.
    answer, _ = radius.reauthenticate(client, home)
    assert answer.code == radius.ACCESS_ACCEPT and 4 not in read_finish(answer.eap)[1]
    lisbon.program.kill()
    assert works(lab, keys)


def test_hokey_peer_with_kept_keys(lab, hokey, papers, lisbon, tokyo):
    """What the key file holds is enough to bring Tokyo its key."""
    lisbon.change(('listen federation', AT_HOME))
    open_both(lisbon, tokyo)
    kept = ['--keys', lab.folder / 'keys']
    assert kinds(peer(lab, hokey, papers, *kept, '--nas-id', 'at-home', server='127.0.0.4')) == [
        ('full-eap', True), ('erp', True)]
    run, = peer(lab, hokey, papers, *kept, '--nas-id', 'ap1')
    assert kinds([run]) == [('erp', True)] and run['keys'] == 'match' and seq(run) == 1
    assert 'bootstrap' in steps(run, 'sent')[0]['eap']
    assert len(tokyo.sessions(hokey)) == 1


# HKRAD-16.6-02
def test_without_the_emsk_no_key_comes_later(lab, hokey, papers, lisbon, tokyo):
    lisbon.change(('keep-emsk = yes', ''), ('listen federation', AT_HOME))
    open_both(lisbon, tokyo)
    kept = ['--keys', lab.folder / 'keys']
    peer(lab, hokey, papers, *kept, '--nas-id', 'at-home', server='127.0.0.4')
    runs = peer(lab, hokey, papers, *kept, '--count', '2', '--nas-id', 'ap1')
    assert kinds(runs) == 2 * [('erp', True)]  # both with Lisbon
    lisbon.program.wait_for(r'no key for domain \[tokyo.example\].*: no-key')
    assert lisbon.statistics(hokey)['keys_refused'] == {'no-key': 1}
    assert tokyo.sessions(hokey) == []


# HKRAD-16.5-01
@pytest.mark.parametrize('tokyos', [61000, VENDOR])
def test_another_vendor_number(lab, wpa, hokey, papers, lisbon, tokyo, tokyos):
    lisbon.change(('keep-emsk = yes', 'keep-emsk = yes  key-vendor = 61000'))
    tokyo.change(('local-domain', f'key-vendor = {tokyos}  local-domain'))
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    assert bool(works(lab, keys)) == (tokyos == 61000)
    assert ('key for domain' in lisbon.program.output()) == (tokyos == 61000)


# HKRAD-16.7-06 HKRAD-16.7-03
def test_a_local_er_server_behind_another(lab, wpa, hokey, papers, lisbon, tokyo):
    """Tokyo's campus has one of its own; the one in the middle lets its requests and keys pass."""
    middle = Site(lab, tokyo.hokeyd, papers, 'tokyo', 'middle')
    middle.change(('listen access-points {\n    address = 127.0.0.1',
                   'listen access-points {\n    address = 127.0.0.6'),
                  ('client access-points {', 'client access-points {\n    er-server = yes'))
    lisbon.change(('domains = { tokyo.example }', 'domains = { tokyo.example, campus.example }'))
    tokyo.text = tokyo.text.replace('tokyo.example }', 'campus.example }').replace(
        'local-domain = tokyo.example', 'local-domain = campus.example  key-transport = any')
    tokyo.change((f'address = {LISBON}\n    tls = federation\n'
                  '    certificate-name = radius.lisbon.example\n    operator-name',
                  f'address = 127.0.0.6\n    secret = "{SECRET}"\n    operator-name'),
                 (f'listen federation {{\n    address = {TOKYO}', 'listen federation {\n    address = 127.0.0.7'))
    lisbon.start()
    middle.start()
    middle.program.wait_for('connected to home server lisbon')
    tokyo.start()
    _, tokyos = login(lab, wpa, papers)
    campus = tokyos.visiting('campus.example')
    assert works(lab, campus)
    assert lisbon.program.output().count('given to [tokyo]') == 1
    assert middle.sessions(hokey) == [] and len(tokyo.sessions(hokey)) == 1


# HKRAD-16.7-03
@pytest.mark.parametrize('which', ['first', 'last'])
def test_the_request_of_the_accept_counts(lab, wpa, hokey, papers, lisbon, tokyo, which):
    """What was wrong with earlier ones does no harm, what was right about them is of no use."""
    seen, wrong = [], []

    def change(kind, value):
        if kind != KEY_REQUEST:
            return value
        seen.append(value)
        return flip(value, 36) if len(seen) in wrong else value

    over_udp(lisbon, tokyo, '127.0.0.5')
    Meddler(lab, change)
    lisbon.start()
    tokyo.start()
    _, keys = login(lab, wpa, papers, 'bob')
    assert works(lab, keys)
    wrong += [len(seen) + 1 if which == 'first' else 2 * len(seen)]
    _, keys = login(lab, wpa, papers)
    assert bool(works(lab, keys)) == (which == 'first')
    assert lisbon.statistics(hokey)['keys_refused'] == (
        {} if which == 'first' else {'not-authenticated': 1})


def test_keys_only_when_the_device_asks(lab, wpa, hokey, papers, lisbon, tokyo):
    lisbon.change(('keep-emsk = yes', 'keep-emsk = yes  require-consent = yes'))
    open_both(lisbon, tokyo)
    home, keys = login(lab, wpa, papers)
    lisbon.program.wait_for(r'no key for domain \[tokyo.example\].*: not-authorized')
    assert works(lab, keys) is None
    answer, _ = radius.reauthenticate(lab.radius_client(), home, flags=0x60)
    assert answer.code == radius.ACCESS_ACCEPT
    assert works(lab, keys)


@pytest.mark.parametrize('at', ['operator-name = tokyo.example', 'address = 127.0.0.0/8'],
                         ids=['home', 'client'])
def test_filters_hold_for_keys_too(lab, wpa, papers, lisbon, tokyo, at):
    """What Lisbon's replies may not say is not said later either, by the key it gave to Tokyo."""
    tokyo.change((at, at + '\n    filter-replies = { Tunnel-Type, Tunnel-Medium-Type, '
                  'Tunnel-Private-Group-Id }'))
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    answer = works(lab, keys)
    assert [answer.first(kind) for kind in (64, 65, 81)] == 3 * [None]
    assert answer.first(25) == b'lisbon-student'


@pytest.mark.parametrize('total, attributes', [(3800, 0), (4010, 0), (1000, 193)])
def test_a_request_without_room_for_the_question(lab, papers, lisbon, tokyo, total, attributes):
    """The login goes on, as it would without a local ER server."""
    open_both(lisbon, tokyo)
    client = lab.radius_client()
    head = radius.attribute(1, b'alice@lisbon.example') + radius.attribute(32, b'ap1')
    head += attributes * radius.attribute(25, b'x')
    room = total - 20 - 18 - len(head)
    eap = room - 2 * ((room + 254) // 255)
    identity = b'alice@lisbon.example'
    eap = struct.pack('!BBHB', 2, 7, eap, 1) + identity.ljust(eap - 5, b'\0')
    answer = client.ask(head + radius.eap_attributes(eap))
    assert len(client.last) == total
    assert answer.code == radius.ACCESS_CHALLENGE
    asked = 'no key is asked for with a request of client access-points' not in tokyo.program.output()
    assert asked == (total == 3800)


# ---- who gets none ----

def no_key(lab, wpa, hokey, papers, lisbon, tokyo, reason, user='alice'):
    """The login succeeds, no key comes, Lisbon says and counts why; ERP with Lisbon works."""
    home_keys, keys = login(lab, wpa, papers, user)
    if reason:
        lisbon.program.wait_for(rf'no key for domain .*: {reason}')
        assert lisbon.statistics(hokey)['keys_refused'].get(reason) == 1
    tokyo.program.wait_for(r'no key for our domain from home \[lisbon.example\]')
    assert not [name for name in tokyo.sessions(hokey) if name.startswith(keys.name.hex())]
    assert works(lab, keys) is None
    assert works(lab, home_keys)


# HKRAD-16.7-04 HKRAD-16.6-02
@pytest.mark.parametrize('who, reason', [
    ('a stranger', 'not-authenticated'), ('a neighbour', 'not-authorized'),
    ('with another key', 'not-authenticated')])
def test_another_operator(lab, wpa, hokey, papers, lisbon, tokyo, who, reason):
    """Kyoto may send logins on, with its own certificate, and claims to be Tokyo."""
    lisbon.change(('client tokyo', '''client kyoto {
    tls = federation
    certificate-name = radius.kyoto.example
}
ktk kyoto { key-file = "kyoto.ktk"  domains = { kyoto.example }  realms = { "*" }  allow = { dsrk } }
client tokyo'''))
    lisbon.put('kyoto.ktk', '5a' * 32)
    tokyo.put_certificate(papers, 'radius.kyoto.example')
    tokyo.change(('tls/radius.tokyo.example', 'tls/radius.kyoto.example'))
    if who != 'a neighbour':
        tokyo.put('lisbon-tokyo.ktk', '5b' * 32)
    if who != 'with another key':
        tokyo.change(('kek-id = lisbon-tokyo', 'kek-id = kyoto' if who == 'a neighbour'
                      else 'kek-id = nobody'))
    if who == 'a neighbour':
        tokyo.put('lisbon-tokyo.ktk', '5a' * 32)
    open_both(lisbon, tokyo)
    no_key(lab, wpa, hokey, papers, lisbon, tokyo, reason)
    assert 'client kyoto' in lisbon.program.output()


# HKRAD-16.9-01 HKRAD-16.9-02
@pytest.mark.parametrize('who', ['home', 'visited'])
def test_over_udp_there_are_no_keys(lab, wpa, hokey, papers, lisbon, tokyo, who):
    over_udp(lisbon, tokyo)
    (lisbon if who == 'home' else tokyo).change(('key-transport = any', ''))
    lisbon.start()
    tokyo.start()
    if who == 'home':
        no_key(lab, wpa, hokey, papers, lisbon, tokyo, 'insecure-transport')
        return
    home_keys, keys = login(lab, wpa, papers)
    tokyo.program.wait_for('no key is asked for over UDP')
    assert works(lab, keys) is None and works(lab, home_keys)
    assert 'key for domain' not in lisbon.program.output()


class Meddler(threading.Thread):
    """
    A proxy between the two that knows the secret of the hop, so that what it changes is signed
    as it should be; the keys of the pair it does not know.
    """

    def __init__(self, lab, change_request=None, change_reply=None):
        super().__init__(daemon=True)
        self.changes = change_request, change_reply
        self.packets = b''
        with inside(lab.net):
            self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.front.bind(('127.0.0.5', 1812))
            self.back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.back.connect((LISBON, 1812))
        self.start()

    def run(self):
        secret = b'between-the-two'
        while True:
            octets, sender = self.front.recvfrom(4096)
            asked = self.change(octets, self.changes[0])
            asked = radius.request(secret, asked, identifier=octets[1], authenticator=octets[4:20])
            self.back.send(asked)
            packet = radius.Packet(self.back.recv(4096))
            self.packets += asked + packet.octets
            attributes = self.change(packet.octets, self.changes[1])
            self.front.sendto(radius.reply(secret, asked, packet.code, attributes), sender)

    @staticmethod
    def change(octets, change):
        """The attributes, those between servers changed; without Message-Authenticator."""
        out = b''
        for kind, value in radius.Packet(octets).attributes:
            if kind == radius.MESSAGE_AUTHENTICATOR:
                continue
            if change and kind == radius.VENDOR and value[:4] == struct.pack('!I', VENDOR):
                value = value[:6] + change(value[4], value[6:])
                value = value[:5] + bytes([len(value) - 4]) + value[6:]
            out += radius.attribute(kind, value)
        return out


def flip(value, at):
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1:]


# HKRAD-16.6-01 HKRAD-16.6-03 HKRAD-16.5-02 K4962-3-23
@pytest.mark.parametrize('what, reason', [
    ('nonce', 'not-authenticated'), ('mac', 'not-authenticated'), ('kek-id', 'not-authenticated'),
    ('domain', 'not-authenticated'), ('reserved', 'malformed'), ('version', 'unsupported')])
def test_a_changed_request(lab, wpa, hokey, papers, lisbon, tokyo, what, reason):
    offset = {'version': 0, 'reserved': 2, 'kek-id': 4, 'nonce': 20, 'mac': 36}

    def change(kind, value):
        if what == 'domain':
            return b'kyoto.example' if kind == DOMAIN_NAME else value
        return flip(value, offset[what]) if kind == KEY_REQUEST else value

    over_udp(lisbon, tokyo, '127.0.0.5')
    Meddler(lab, change)
    lisbon.start()
    tokyo.start()
    no_key(lab, wpa, hokey, papers, lisbon, tokyo, reason)


# HKRAD-16.6-03
@pytest.mark.parametrize('what', ['wrapped', 'lifetime', 'name', 'kek-id', 'domain'])
def test_a_changed_answer(lab, wpa, hokey, papers, lisbon, tokyo, what):
    offset = {'kek-id': 4, 'name': 20, 'lifetime': 31, 'wrapped': 40}

    def change(kind, value):
        if what == 'domain':
            return b'kyoto.example' if kind == DOMAIN_NAME else value
        return flip(value, offset[what]) if kind == KEY else value

    over_udp(lisbon, tokyo, '127.0.0.5')
    Meddler(lab, change_reply=change)
    lisbon.start()
    tokyo.start()
    no_key(lab, wpa, hokey, papers, lisbon, tokyo, None)
    lisbon.program.wait_for('given to')
    assert tokyo.statistics(hokey)['counters']['keys-missed'] == 1


# HKRAD-16.7-02 K4962-3-12
def test_an_old_request(lab, wpa, hokey, papers, lisbon, tokyo):
    """What Tokyo asked for Alice is sent once more, in Bob's login."""
    heard = []

    def change(kind, value):
        if kind != KEY_REQUEST:
            return value
        heard.append(value)
        return old[0] if old else value

    old = []
    over_udp(lisbon, tokyo, '127.0.0.5')
    Meddler(lab, change)
    lisbon.start()
    tokyo.start()
    _, keys = login(lab, wpa, papers, 'alice')
    assert works(lab, keys)
    assert len({value[20:36] for value in heard}) == len(heard) > 2  # never twice the same nonce
    old.append(heard[-1])
    no_key(lab, wpa, hokey, papers, lisbon, tokyo, 'not-authenticated', 'bob')
    lisbon.program.wait_for('not-authenticated .*replay|sequence number')


# R5295-1-01 K4962-3-14 K4962-3-22
def test_no_key_is_in_any_packet_or_log(lab, wpa, hokey, papers, lisbon, tokyo):
    """Of the root keys nothing is seen between the two, and none is told to the operator."""
    over_udp(lisbon, tokyo, '127.0.0.5')
    between = Meddler(lab)
    for site in (lisbon, tokyo):
        site.log = 'logins = all  level = debug'
        site.start()
    home, keys = login(lab, wpa, papers)
    assert works(lab, keys)
    assert works(lab, home)
    seen = between.packets
    for site in (lisbon, tokyo):
        seen += site.program.output().encode()
        for command in ('sessions', 'statistics', 'show'):
            names = site.sessions(hokey) if command == 'show' else []
            seen += site.hokey(hokey, command, '--json', *names).encode()
    assert keys.name.hex().encode() in seen and keys.nai in seen
    ktk = bytes.fromhex('a5' * 32)
    for secret in (home.emsk, keys.root, home.rrk, keys.rrk, home.rik(), keys.rik(), ktk):
        for part in (secret[:16], secret[-16:]):
            assert part not in seen and part.hex().encode() not in seen.lower()


def test_what_access_points_say_of_keys_counts_for_nothing(lab, wpa, hokey, papers, lisbon, tokyo):
    """A key request and a key in what comes from an access point go no further."""
    over_udp(lisbon, tokyo, '127.0.0.5')
    seen = []

    def look(kind, value):
        seen.append((kind, value))
        return value

    Meddler(lab, look)
    lisbon.start()
    tokyo.start()
    client = lab.radius_client()
    user = b'alice@lisbon.example'
    forged = bytes([KEY_REQUEST, 54]) + b'\1' + bytes(51)
    answer = client.ask(
        radius.attribute(radius.USER_NAME, user) + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
        + radius.attribute(radius.VENDOR, struct.pack('!I', VENDOR) + forged)
        + radius.eap_attributes(bytes([2, 1, 0, 5 + len(user), 1]) + user))
    assert answer.code == radius.ACCESS_CHALLENGE
    requests = [value for kind, value in seen if kind == KEY_REQUEST]
    assert len(requests) == 1 and requests[0][4:16] == b'lisbon-tokyo'


def test_tokyo_lost_the_key(lab, hokey, papers, lisbon, tokyo):
    """The device is asked for full EAP in the same conversation, which then goes on in Lisbon."""
    open_both(lisbon, tokyo)
    kept = ['--keys', lab.folder / 'keys', '--domain', 'tokyo.example', '--nas-id', 'ap1']
    peer(lab, hokey, papers, *kept)
    name, = tokyo.sessions(hokey)
    assert tokyo.hokey(hokey, 'revoke', name) == '1 key set revoked\n'
    runs = peer(lab, hokey, papers, *kept, '--count', '2', status=1)
    assert kinds(runs) == [('erp', False), ('full-eap', True), ('erp', True)]
    assert 'EAP-Request/Identity' in steps(runs[0], 'received')[0]['eap']
    assert lisbon.program.output().count('Login OK') == 2
    assert len(tokyo.sessions(hokey)) == 1


# ---- other devices ----

# HKRAD-16.10-01
def test_stock_devices_go_home_through_tokyo(lab, wpa, hokey, papers, lisbon, tokyo):
    """wpa_supplicant and hostapd know nothing of local ER servers."""
    open_both(lisbon, tokyo)
    extra = 'erp_domain=tokyo.example\n'
    lab.hostapd('ap1', 'ap1.tokyo.example', extra=extra)
    ap2 = lab.hostapd('ap2', 'ap2.tokyo.example', extra=extra)
    lab.plug('ap1')
    station = lab.supplicant(wpa, papers, 'alice@lisbon.example', user='alice')
    station.wait_for(FULL)
    log = hand_over(lab, wpa, station, 'ap2', ERP)
    assert authenticator_key(ap2) == hexdump(log, 'EAP: ERP rMSK')
    assert lisbon.program.output().count('Login OK') == 2
    assert tokyo.program.output().count('Proxied login OK') == 2
    assert len(tokyo.sessions(hokey)) == 1  # the key came, and is of no use


def test_devices_without_erp_are_not_disturbed(lab, wpa, hokey, papers, lisbon, tokyo):
    open_both(lisbon, tokyo)
    for _ in range(2):
        eapol_test(lab, wpa, papers, erp=0)
    assert lisbon.statistics(hokey)['counters']['eap-ok'] == 2
    assert tokyo.program.output().count('Proxied login OK') == 2


def test_another_access_point_with_its_names(lab, wpa, papers, lisbon, tokyo):
    """It has heard the device and asks again as if it were the first one: no key for it."""
    open_both(lisbon, tokyo)
    home, keys = login(lab, wpa, papers)
    for each in (keys, home):
        first, second = lab.radius_client('127.0.0.1'), lab.radius_client('127.0.0.9')
        answer, initiate = radius.reauthenticate(first, each)
        assert answer.code == radius.ACCESS_ACCEPT
        answer = second.ask(radius.erp_attributes(each, initiate))
        assert answer.code == radius.ACCESS_REJECT and answer.first(radius.VENDOR) is None


# ---- the end of keys ----

# HKRAD-16.11-01 R5176-2.3-01 R8559-3.2-01
@pytest.mark.parametrize('transport', ['tls', 'udp'])
def test_revoked_everywhere(lab, wpa, hokey, papers, lisbon, tokyo, transport):
    if transport == 'udp':
        # The access points of this lab are elsewhere, so that Lisbon has an address of its own.
        lisbon.change((f'address = {TOKYO}\n    tls = federation\n'
                       '    certificate-name = radius.tokyo.example',
                       f'address = {TOKYO}\n    port = 3799\n    secret = "to-take-back"'))
        tokyo.change(('client lisbon {', """listen dynamic { address = 127.0.0.3  port = 3799 }
client lisbon-udp { address = 127.0.0.1  secret = "to-take-back"  revokes = { lisbon.example } }
client lisbon {"""), ('revokes = { lisbon.example }\n', ''))
    open_both(lisbon, tokyo)
    lab.access_point = '127.0.0.9' if transport == 'udp' else '127.0.0.1'
    home_keys, keys = login(lab, wpa, papers)
    assert works(lab, keys) and works(lab, home_keys)
    said = lisbon.hokey(hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example')
    assert said == '1 key set revoked\n1 of 1 keys at other servers ended\n'
    assert works(lab, keys) is None and works(lab, home_keys) is None
    assert tokyo.sessions(hokey) == lisbon.sessions(hokey) == []
    tokyo.program.wait_for(rf'key \[{keys.name.hex()}@tokyo.example\] was taken back by client lisbon(-udp)?$')
    # The next login gives all of it again.
    home_keys, keys = login(lab, wpa, papers)
    assert works(lab, keys) and works(lab, home_keys)
    said = json.loads(lisbon.hokey(hokey, 'revoke', '--json', '--everywhere', lisbon.sessions(hokey)[0]))
    assert said['revoked'] == 1 and said['elsewhere']['done'] == 1
    assert works(lab, keys) is None
    assert lisbon.statistics(hokey)['counters']['withdrawals-done'] == 2
    assert lisbon.program.stop() == 0 and tokyo.program.stop() == 0


def test_revoked_here_alone(lab, wpa, hokey, papers, lisbon, tokyo):
    open_both(lisbon, tokyo)
    home_keys, keys = login(lab, wpa, papers)
    assert lisbon.hokey(hokey, 'revoke', lisbon.sessions(hokey)[0]) == '1 key set revoked\n'
    assert works(lab, keys) and works(lab, home_keys) is None


# K4962-3-20
@pytest.mark.parametrize('how', ['taken out', 'rejected'])
def test_a_closed_account(lab, wpa, hokey, papers, lisbon, tokyo, how):
    """Closed in the users file: at once at home and in Tokyo, and nothing happens to others."""
    lisbon.put('users', 'alice@lisbon.example\nbob@lisbon.example\n')
    open_both(lisbon, tokyo)
    alice = login(lab, wpa, papers, 'alice')
    bob = login(lab, wpa, papers, 'bob')
    lisbon.put('users', 'bob@lisbon.example\n' + (
        '' if how == 'taken out' else 'alice@lisbon.example  Auth-Type := Reject\n'))
    lisbon.reload()
    tokyo.program.wait_for('was taken back by client lisbon')
    lisbon.program.wait_for('1 key sets of closed accounts have ended')
    assert [works(lab, keys) for keys in alice] == [None, None]
    assert all(works(lab, keys) for keys in bob)


def test_a_closed_account_that_tokyo_is_not_told_of(lab, wpa, hokey, papers, lisbon, tokyo):
    """The line is cut when the account is closed: its key in Tokyo ends after max-lifetime."""
    lisbon.change(('max-lifetime = 4h', 'max-lifetime = 4s'))
    tokyo.change(('revokes = { lisbon.example }', ''))
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    began = time.monotonic()
    said = lisbon.hokey(hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', status=1)
    assert '0 of 1 keys at other servers ended' in said and '1 end with their lifetime only' in said
    lisbon.program.wait_for('could not be taken back.*refuses with Error-Cause 406')
    lisbon.put('users', 'bob@lisbon.example\n')
    lisbon.reload()
    ends = []
    while time.monotonic() < began + 60 and not ends:
        if works(lab, keys) is None:
            ends.append(time.monotonic() - began)
        time.sleep(0.5)
    assert ends, 'the key goes on'
    with pytest.raises(AssertionError):
        login(lab, wpa, papers)


def test_what_waits_ends_with_lisbon(lab, wpa, hokey, papers, lisbon, tokyo):
    """A server that nobody answers at: Lisbon can be stopped all the same."""
    lisbon.change((f'address = {TOKYO}', 'address = 127.0.0.31'))
    open_both(lisbon, tokyo)
    login(lab, wpa, papers)
    mark = lisbon.program.mark()
    command = lab.start([hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', '--control',
                         lisbon.folder / 'control.sock'])
    lisbon.program.wait_for('tokyo cannot be told that keys have ended', since=mark)
    assert lisbon.program.stop() == 0
    assert '1 keys at other servers could not be taken back' in lisbon.program.output()
    assert command.wait() == 1


AT_HOME = """listen at-home { address = 127.0.0.4 }
client at-home { address = 127.0.0.0/8  secret = "throw-away-secret" }
listen federation"""


def test_what_gives_way_ends_in_tokyo(lab, wpa, hokey, papers, lisbon, tokyo):
    """A user has so many key sets: those that are one too many end everywhere, not only at home."""
    lisbon.change(('listen federation', AT_HOME))
    lisbon.store = 'type = memory  max-sets-per-user = 2'
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    assert works(lab, keys)
    for _ in range(2):
        eapol_test(lab, wpa, papers, server='127.0.0.4')
    tokyo.program.wait_for('was taken back by client lisbon')
    assert works(lab, keys) is None
    assert len(lisbon.sessions(hokey)) == 2


def test_a_restart_forgets_nobody(lab, wpa, hokey, papers, lisbon, tokyo):
    """Lisbon is stopped before it could tell Tokyo, and tells it when it is back."""
    tokyo.change(('listen federation {\n    address = 127.0.0.3',
                  'listen federation {\n    address = 127.0.0.13'))
    lisbon.store = f'type = lmdb  path = "store"  wrap-key-file = "wrap.key"'
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    said = lisbon.hokey(hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', status=1)
    assert '1 not yet' in said
    assert lisbon.program.stop() == 0
    tokyo.change(('127.0.0.13', TOKYO))
    tokyo.reload()
    lisbon.start()
    tokyo.program.wait_for('was taken back by client lisbon', timeout=30)
    assert works(lab, keys) is None
    assert lisbon.sessions(hokey) == []


def test_tokyo_is_told_when_it_is_there_again(lab, wpa, hokey, papers, lisbon, tokyo):
    open_both(lisbon, tokyo)
    tokyo.change(('listen federation {\n    address = 127.0.0.3', 'listen federation {\n    address = 127.0.0.13'))
    tokyo.reload()
    _, keys = login(lab, wpa, papers)
    said = lisbon.hokey(hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', status=1)
    assert '1 not yet: hokeyd goes on trying' in said
    assert works(lab, keys)
    tokyo.change(('127.0.0.13', TOKYO))
    tokyo.reload()
    tokyo.program.wait_for('was taken back by client lisbon', timeout=30)
    assert works(lab, keys) is None


# ---- Disconnect-Requests of others ----

def now():
    return int(time.time())


class Disconnector(radius.Client):
    """Sends Disconnect-Requests, and checks the answers."""

    def ask_for(self, name, more=b'', stamp=0, secret=None, sign=True, operator=None):
        attributes = radius.attribute(radius.USER_NAME, name) + more
        if stamp is not None:
            attributes += radius.attribute(EVENT_TIMESTAMP, struct.pack('!I', stamp or now()))
        if operator:
            attributes += radius.attribute(OPERATOR_NAME, operator)
        self.last = disconnect_request(secret or self.secret, self.next_identifier(), attributes, sign)
        self.send(self.last)

    def disconnect(self, *args, **kwargs):
        self.ask_for(*args, **kwargs)
        return self.result()

    def result(self):
        """(code, Error-Cause or None) of the answer, which is the one to what was sent last."""
        octets = self.receive(10)
        packet = radius.check_reply(self.secret, self.last, octets)
        cause = packet.first(ERROR_CAUSE)
        self.answer = packet
        return packet.code, cause and struct.unpack('!I', cause)[0]


def disconnect_request(secret, identifier, attributes, sign=True):
    body = (radius.attribute(radius.MESSAGE_AUTHENTICATOR, bytes(16)) if sign else b'') + attributes
    head = struct.pack('!BBH', DISCONNECT, identifier, 20 + len(body))
    if sign:
        mac = hmac.digest(secret, head + bytes(16) + body, 'md5')
        body = radius.attribute(radius.MESSAGE_AUTHENTICATOR, mac) + attributes
    return head + hashlib.md5(head + bytes(16) + body + secret).digest() + body


def tokyo_for_udp(lisbon, tokyo):
    """Tokyo also takes Disconnect-Requests over UDP, from two homes."""
    tokyo.change(('client lisbon', '''listen dynamic { address = 127.0.0.1  port = 3799 }
client lisbon-udp { address = 127.0.0.20  secret = "to-take-back"  revokes = { LISBON.example } }
client porto { address = 127.0.0.21  secret = "to-take-back"  revokes = { porto.example } }
client lisbon'''))
    open_both(lisbon, tokyo)


def disconnector(lab, address='127.0.0.20'):
    with inside(lab.net):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((address, 0))
    return Disconnector(sock, ('127.0.0.1', 3799), b'to-take-back')


# R5176-2.3-02 R5176-3-01 R5176-3-02 R5176-3.1-01 R5176-3.5-01 R5176-6.1-01 R5176-6.3-01
# R5176-6.3-02 R8559-4.3.1-01 R8559-3.2-03 R8559-3.2-02
def test_disconnect_requests(lab, wpa, hokey, papers, lisbon, tokyo):
    tokyo_for_udp(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    own, other = disconnector(lab), disconnector(lab, '127.0.0.21')
    proxy_state = radius.attribute(radius.PROXY_STATE, b'ab') + radius.attribute(
        radius.PROXY_STATE, b'cd')
    # Nobody who may not, nothing that is not of now, nothing that is not meant.
    stranger = disconnector(lab, '127.0.0.9')
    stranger.ask_for(keys.nai)
    own.ask_for(keys.nai, secret=b'wrong')
    own.ask_for(keys.nai, stamp=now() - 400)
    own.ask_for(keys.nai, stamp=now() + 400)
    own.ask_for(keys.nai, stamp=None)
    assert other.disconnect(keys.nai) == (NAK, 502)
    assert own.disconnect(keys.nai, operator=b'1kyoto.example') == (NAK, 502)
    assert own.disconnect(keys.nai, radius.attribute(radius.NAS_IDENTIFIER, b'ap1')) == (NAK, 403)
    assert own.disconnect(keys.nai, radius.attribute(6, struct.pack('!I', 8))) == (NAK, 405)
    assert own.disconnect(keys.nai, radius.attribute(27, struct.pack('!I', 8))) == (NAK, 401)
    assert own.disconnect(b'alice@lisbon.example') == (NAK, 503)
    assert stranger.receive(0.01) is None
    assert own.disconnect(keys.name[::-1].hex().encode() + b'@tokyo.example', proxy_state) == (NAK, 503)
    assert own.answer.all(radius.PROXY_STATE) == [b'ab', b'cd']
    assert works(lab, keys)
    # The one that counts; sent again it gets the same answer.
    assert own.disconnect(keys.nai.upper(), proxy_state, operator=b'1tokyo.example') == (ACK, None)
    assert own.answer.all(radius.PROXY_STATE) == [b'ab', b'cd']
    first = own.answer.octets
    own.send(own.last)
    assert own.result() == (ACK, None) and own.answer.octets == first
    assert works(lab, keys) is None
    assert own.disconnect(keys.nai) == (NAK, 503)
    counters = tokyo.statistics(hokey)['counters']
    assert counters['keys-taken-back'] == 1 and counters['bad-timestamp'] == 3
    assert tokyo.program.stop() == 0


# R5176-3-01 HKRAD-16.11-01
def test_radclient_takes_a_key_back(lab, wpa, papers, lisbon, tokyo):
    tokyo_for_udp(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)

    def radclient():
        return subprocess.run(
            ['ip', 'netns', 'exec', lab.net, 'radclient', '-x', '127.0.0.1:3799', 'disconnect',
             'to-take-back'], capture_output=True, text=True, timeout=30,
            input=f'User-Name = "{keys.nai.decode()}"\nEvent-Timestamp = {now()}\n'
                  'Packet-Src-IP-Address = 127.0.0.20\n')

    done = radclient()
    assert done.returncode == 0 and 'Disconnect-ACK' in done.stdout, done.stdout + done.stderr
    assert works(lab, keys) is None
    done = radclient()
    assert 'Disconnect-NAK' in done.stdout and 'Session-Context-Not-Found' in done.stdout


def tokyo_is_ours(lab, lisbon):
    """Lisbon is to tell a socket of the test that keys have ended."""
    lisbon.change((f'address = {TOKYO}\n    tls = federation\n'
                   '    certificate-name = radius.tokyo.example',
                   'address = 127.0.0.30\n    port = 3799\n    secret = "to-take-back"\n'
                   '    retry-interval = 200ms'))
    with inside(lab.net):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(('127.0.0.30', 3799))
    sock.settimeout(10)
    return sock


def test_a_key_that_is_still_on_its_way(lab, wpa, hokey, papers, lisbon, tokyo):
    """A server that has no such key is asked once more a little later."""
    sock = tokyo_is_ours(lab, lisbon)
    open_both(lisbon, tokyo)
    login(lab, wpa, papers)
    command = lab.start([hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', '--control',
                         lisbon.folder / 'control.sock'])
    stamps = []
    while len(set(stamps)) < 2:
        octets, sender = sock.recvfrom(4096)
        stamps.append(radius.Packet(octets).first(EVENT_TIMESTAMP))
        sock.sendto(radius.reply(b'to-take-back', octets, NAK, radius.attribute(
            ERROR_CAUSE, struct.pack('!I', 503))), sender)
    lisbon.program.wait_for(r'key \[.*@tokyo.example\] has ended at tokyo')
    command.wait()
    assert 'keys at other servers' in command.output()


# R5176-2.3-01 R5176-6.3-03
def test_what_lisbon_sends(lab, wpa, hokey, papers, lisbon, tokyo):
    """A server that is slow to answer gets the same octets again; one that says no is not asked again."""
    sock = tokyo_is_ours(lab, lisbon)
    open_both(lisbon, tokyo)
    _, keys = login(lab, wpa, papers)
    waiting = []
    command = threading.Thread(target=lambda: waiting.append(lisbon.hokey(
        hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', status=1)))
    command.start()
    octets, sender = sock.recvfrom(4096)
    assert sock.recvfrom(4096)[0] == octets
    packet = radius.Packet(octets)
    assert octets == disconnect_request(b'to-take-back', octets[1], octets[38:])
    assert packet.attributes[0][0] == radius.MESSAGE_AUTHENTICATOR
    assert packet.first(radius.USER_NAME) == keys.nai
    assert packet.first(OPERATOR_NAME) == b'1tokyo.example'
    assert abs(struct.unpack('!I', packet.first(EVENT_TIMESTAMP))[0] - now()) < 10
    assert {kind for kind, _ in packet.attributes} == {
        radius.USER_NAME, EVENT_TIMESTAMP, OPERATOR_NAME, radius.MESSAGE_AUTHENTICATOR}
    # A forged answer counts for nothing.
    sock.sendto(radius.reply(b'wrong', octets, ACK, b''), sender)
    assert sock.recvfrom(4096)[0] == octets
    sock.sendto(radius.reply(b'to-take-back', octets, NAK, radius.attribute(
        ERROR_CAUSE, struct.pack('!I', 501))), sender)
    command.join()
    assert '1 end with their lifetime only' in waiting[0]
    lisbon.program.wait_for('refuses with Error-Cause 501')
    assert lisbon.program.stop() == 0

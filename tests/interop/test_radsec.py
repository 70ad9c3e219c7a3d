# SPDX-License-Identifier: ISC
"""RADIUS/TLS (RFC 6614): hokeyd at both ends, radsecproxy between, and who is refused."""
import hashlib
import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest

import radius
from lab import READY, Pki, inside
from test_bench import bench
from test_proxy import Load, ask

RADSEC = b'radsec'
BOTH = 'serverAuth,clientAuth'


@pytest.fixture(scope='module')
def certificates(pki):
    """Certificates of a federation: each may open connections and take them."""
    for name in ('home', 'proxy', 'other', 'between'):
        pki.issue(name, BOTH, f'DNS:{name}.example')
    pki.issue('onlyserver', 'serverAuth', 'DNS:proxy.example')
    pki.issue('wrongname', BOTH, 'DNS:somebody.example', cn='proxy.example')
    pki.issue('address', BOTH, 'IP:127.0.0.2')
    pki.issue('expired', BOTH, 'DNS:proxy.example', days='-1')
    return pki


def tls_block(pki, name, more=''):
    return f'''
tls fed {{ certificate = "{pki.cert(name)}"  key = "{pki.key(name)}"  ca = "{pki.ca}"  {more} }}
'''


def start(lab, hokeyd, pki, name, blocks, realm, workers=1):
    config = lab.folder / f'{name}.conf'
    config.write_text(f'''
workers = {workers}
eap {{ ca = "{pki.ca}"  certificate = "{pki.server_cert}"  key = "{pki.server_key}" }}
erp {{ realms = {{ "{realm}" }} }}
store {{ type = memory  max-sets-per-user = 0 }}
log {{ logins = all }}
control = "{lab.folder}/{name}.sock"
{blocks}
''')
    config.chmod(0o600)
    program = lab.start([hokeyd, '--config', config], name=name)
    program.wait_for(READY)
    return program


def home(lab, hokeyd, pki, client='certificate-name = proxy.example', tls='', address='127.0.0.2',
         name='home', certificate='home', listen=''):
    return start(lab, hokeyd, pki, name, tls_block(pki, certificate, tls) + f'''
listen radsec {{ address = "{address}"  tls = fed  {listen} }}
client proxy {{ tls = fed  {client} }}
''', 'home.example')


def server_block(name='home1', address='127.0.0.2', more='certificate-name = home.example'):
    return f'home-server {name} {{ address = "{address}"  tls = fed  {more} }}\n'


def proxy(lab, hokeyd, pki, servers=None, pool='servers = { home1 }', tls='', certificate='proxy',
          more='', workers=1):
    return start(lab, hokeyd, pki, 'proxy', tls_block(pki, certificate, tls) + f'''
listen main {{ address = "127.0.0.1" }}
client lab {{ address = "127.0.0.0/8"  secret = "throw-away-secret" }}
{servers or server_block()}
pool homes {{ {pool} }}
realm "home.example" {{ pool = homes }}
{more}
''', 'visited.example', workers)


class Peer:
    """A TLS client of our own."""

    def __init__(self, lab, pki, certificate='proxy', address='127.0.0.2', version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(pki.ca)
        if certificate:
            context.load_cert_chain(pki.cert(certificate), pki.key(certificate))
        if version:
            context.minimum_version = context.maximum_version = version
        with inside(lab.net):
            sock = socket.create_connection((address, 2083), timeout=5)
        self.tls = context.wrap_socket(sock)
        self.tls.settimeout(5)
        self.identifier = 0

    def send(self, octets):
        self.tls.sendall(octets)

    def receive(self, timeout=5):
        """One packet; b'' when the connection was closed."""
        self.tls.settimeout(timeout)
        try:
            head = self.exactly(4)
            return head and head + self.exactly(struct.unpack('!H', head[2:])[0] - 4)
        except ssl.SSLError:
            return b''
        except ConnectionError:
            return b''

    def exactly(self, n):
        octets = b''
        while len(octets) < n:
            piece = self.tls.recv(n - len(octets))
            if not piece:
                return b''
            octets += piece
        return octets

    def request(self, user=b'bob@home.example', secret=RADSEC):
        self.identifier += 1
        eap = bytes([2, 7, 0, 5 + len(user)]) + b'\1' + user
        return radius.request(secret, radius.attribute(radius.USER_NAME, user)
                              + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
                              + radius.eap_attributes(eap), identifier=self.identifier)


def refused(lab, pki, **kwargs):
    """True when the server ends the connection without an answer."""
    try:
        peer = Peer(lab, pki, **kwargs)
        peer.send(peer.request())
        return peer.receive() == b''
    except (ssl.SSLError, ConnectionError):
        return True


# ---- the way there and back ----

# R6614-2.3-02 R6614-2.3-03
@pytest.mark.parametrize('version', ['1.2', '1.3'])
def test_login_and_reauthentication_over_tls(lab, wpa, certificates, hokeyd, version):
    pki = certificates
    there = home(lab, hokeyd, pki, tls=f'min-tls = {version}')
    here = proxy(lab, hokeyd, pki)
    here.wait_for('connected to home server home1 with TLSv1.3')
    radius.hand_over(lab.radius_client(), lab.login(wpa, pki), b'ap1')
    assert there.output().count('Login OK') == 2
    assert here.stop() == 0 and there.stop() == 0


def test_tls_1_2(lab, certificates, hokeyd):
    home(lab, hokeyd, certificates)
    peer = Peer(lab, certificates, version=ssl.TLSVersion.TLSv1_2)
    assert peer.tls.version() == 'TLSv1.2' and 'GCM' in peer.tls.cipher()[0]
    peer.send(peer.request())
    assert peer.receive()[0] == radius.ACCESS_CHALLENGE
    with pytest.raises((ssl.SSLError, ConnectionError)):
        old = Peer(lab, certificates, version=ssl.TLSVersion.TLSv1_1)
        old.send(old.request())


# R6614-2.3-01 R6614-2.4-01 R9813-01 R9813-02
@pytest.mark.parametrize('psk', ['right', 'wrong', 'unknown'])
def test_pre_shared_keys(lab, wpa, certificates, hokeyd, psk):
    keys = {name: hashlib.sha256(name.encode()).hexdigest() for name in ('right', 'wrong')}
    for name, key in keys.items():
        (lab.folder / name).write_text(key + '\n')
        (lab.folder / name).chmod(0o600)
    there = home(lab, hokeyd, certificates,
                 f'psk-identity = "visited"  psk-file = "{lab.folder}/right"')
    identity = 'nobody' if psk == 'unknown' else 'visited'
    file = lab.folder / ('wrong' if psk == 'wrong' else 'right')
    here = proxy(lab, hokeyd, certificates, server_block(
        more=f'psk-identity = "{identity}"  psk-file = "{file}"'))
    if psk == 'right':
        here.wait_for('connected to home server home1 with TLSv1.3')
        lab.login(wpa, certificates)
        return
    # Both look the same from outside.
    here.wait_for('connection with home server home1 ended')
    there.wait_for('refused a RADIUS/TLS connection')
    assert 'connected to' not in here.output()
    why = re.search(r'home1 ended: (.*)', here.output()).group(1)
    assert 'illegal parameter' in why, why


# R6614-2.3-01 R6614-2.4-01
@pytest.mark.parametrize('certificate', [None, 'other', 'onlyserver', 'wrongname', 'expired'])
def test_refused_clients(lab, certificates, hokeyd, certificate):
    there = home(lab, hokeyd, certificates)
    assert refused(lab, certificates, certificate=certificate)
    there.wait_for('refused a RADIUS/TLS connection from 127.0.0.1')
    assert not refused(lab, certificates)


def test_certificates_of_another_ca(lab, certificates, hokeyd, tmp_path):
    stranger = Pki(tmp_path / 'stranger')
    stranger.issue('proxy', BOTH, 'DNS:proxy.example')
    stranger.ca = certificates.ca
    home(lab, hokeyd, certificates)
    assert refused(lab, stranger)


def test_clients_by_fingerprint_and_address(lab, certificates, hokeyd):
    der = subprocess.run(['openssl', 'x509', '-in', certificates.cert('other'), '-outform', 'DER'],
                         capture_output=True, check=True).stdout
    home(lab, hokeyd, certificates, f'fingerprint = "{hashlib.sha256(der).hexdigest()}"')
    assert refused(lab, certificates)
    assert not refused(lab, certificates, certificate='other')
    home(lab, hokeyd, certificates, 'certificate-name = proxy.example  address = "192.0.2.0/24"',
         address='127.0.0.3', name='elsewhere')
    assert refused(lab, certificates, address='127.0.0.3')


# R6614-2.3-03 R6614-2.3-04 R6614-6-01
@pytest.mark.parametrize('certificate, expected, fine', [
    ('home', 'certificate-name = home.example', True),
    ('other', 'certificate-name = home.example', False),
    ('wrongname', 'certificate-name = proxy.example', False),
    ('address', '', True),
    ('home', '', False),
])
def test_the_servers_name(lab, certificates, hokeyd, certificate, expected, fine):
    home(lab, hokeyd, certificates, certificate=certificate)
    here = proxy(lab, hokeyd, certificates, server_block(more=expected))
    if fine:
        here.wait_for('connected to home server home1')
        assert ask(lab.radius_client()).code == radius.ACCESS_CHALLENGE
        return
    here.wait_for('connection with home server home1 ended', count=2)
    assert 'connected to' not in here.output()
    assert ask(lab.radius_client(), timeout=1) is None


# ---- packets ----

# R6613-2.6.4-01 R6614-2.5-01 R6613-2.6.6-01
def test_framing_and_what_ends_a_connection(lab, certificates, hokeyd):
    home(lab, hokeyd, certificates)
    peer = Peer(lab, certificates)
    one, two = peer.request(), peer.request()
    # In pieces, and two in one record.
    for octets in (one[:3], one[3:30], one[30:] + two[:50], two[50:]):
        peer.send(octets)
        time.sleep(0.05)
    first, second = peer.receive(), peer.receive()
    assert {first[1], second[1]} == {one[1], two[1]}
    # A conversation goes on over another connection.
    state = radius.check_reply(RADSEC, one, first).first(radius.STATE)
    other = Peer(lab, certificates)
    nak = bytes([2, radius.Packet(first).eap[1], 0, 6, 3, 25])
    going_on = radius.request(RADSEC, radius.attribute(radius.USER_NAME, b'bob@home.example')
                              + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
                              + radius.attribute(radius.STATE, state)
                              + radius.eap_attributes(nak), identifier=9)
    other.send(going_on)
    answer = radius.check_reply(RADSEC, going_on, other.receive())
    assert answer.code == radius.ACCESS_REJECT and answer.eap[0] == 4
    # Codes that are not wanted: discarded or refused, and the connection stays.
    body = b''
    head = struct.pack('!BBH', 40, 7, 20)
    other.send(head + hashlib.md5(head + bytes(16) + body + RADSEC).digest())
    answer = other.receive()
    assert answer[0] == 42 and radius.Packet(answer).first(101) == struct.pack('!I', 406)
    other.send(radius.request(RADSEC, b'', code=99, sign=False))
    other.send(other.request())
    assert other.receive()[0] == radius.ACCESS_CHALLENGE
    # These end it.
    for octets in (other.request(secret=b'wrong'), b'\1\1\0\x13' + bytes(30),
                   b'\1\1\xff\xff' + bytes(30), struct.pack('!BBH', 1, 1, 22) + bytes(16) + b'\1\1'):
        bad = Peer(lab, certificates)
        bad.send(octets)
        assert bad.receive() == b'', octets[:4]


# BLAST-4.2-09
def test_over_tls_nothing_needs_a_message_authenticator(lab, certificates, hokeyd):
    home(lab, hokeyd, certificates, 'certificate-name = proxy.example  reject-delay = 0')
    peer = Peer(lab, certificates)
    asked = radius.request(RADSEC, radius.attribute(radius.USER_NAME, b'bob@home.example')
                           + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
                           + radius.attribute(radius.USER_PASSWORD, bytes(16)), sign=False)
    peer.send(asked)
    assert radius.check_reply(RADSEC, asked, peer.receive()).code == radius.ACCESS_REJECT


# R6613-4-01
def test_there_is_no_radius_over_plain_tcp(lab, certificates, hokeyd):
    home(lab, hokeyd, certificates)
    peer = Peer(lab, certificates)
    with inside(lab.net):
        plain = socket.create_connection(('127.0.0.2', 2083), timeout=10)
        with pytest.raises(ConnectionError):
            socket.create_connection(('127.0.0.2', 1812), timeout=10)
    plain.sendall(peer.request())
    try:
        assert plain.recv(4096)[:1] in (b'', b'\x15')  # closed, or a TLS alert
    except ConnectionResetError:
        pass


# BCP195-01
def test_weak_tls_is_refused(lab, hokeyd, tmp_path):
    """Without ephemeral keys, without encryption, with old ciphers or versions."""
    rsa = Pki(tmp_path / 'rsa', ('rsa:2048',))
    for name in ('home', 'proxy'):
        rsa.issue(name, BOTH, f'DNS:{name}.example')
    home(lab, hokeyd, rsa)

    def connects(*options):
        done = lab.run(['openssl', 's_client', '-connect', '127.0.0.2:2083', '-CAfile', rsa.ca,
                        '-cert', rsa.cert('proxy'), '-key', rsa.key('proxy'), *options], stdin='')
        return 'Cipher is (NONE)' not in done.stdout

    good = 'ECDHE-RSA-AES128-GCM-SHA256'
    assert connects('-tls1_2', '-cipher', good) and connects('-tls1_3')
    assert not connects('-tls1_1', '-cipher', 'ALL:@SECLEVEL=0')
    for bad in ('AES128-GCM-SHA256', 'DHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-SHA',
                'NULL-SHA256', 'ECDHE-RSA-NULL-SHA', 'AECDH-AES128-SHA'):
        assert not connects('-tls1_2', '-cipher', f'{bad}:@SECLEVEL=0'), bad
    # With compression or renegotiation offered there is none of either.
    done = lab.run(['openssl', 's_client', '-connect', '127.0.0.2:2083', '-CAfile', rsa.ca, '-cert',
                    rsa.cert('proxy'), '-key', rsa.key('proxy'), '-tls1_2', '-comp'], stdin='')
    assert 'Compression: NONE' in done.stdout


def test_status_server(lab, certificates, hokeyd):
    home(lab, hokeyd, certificates)
    peer = Peer(lab, certificates)
    asked = radius.request(RADSEC, b'', code=radius.STATUS_SERVER, identifier=0)
    peer.send(asked)
    assert radius.check_reply(RADSEC, asked, peer.receive()).code == radius.ACCESS_ACCEPT


# R6613-2.6.1-02
def test_answers_die_with_their_connection(lab, certificates, hokeyd):
    """The same packet on a new connection from the same port is a new request."""
    home(lab, hokeyd, certificates)
    octets = None
    states = set()
    for _ in range(2):
        peer = Peer(lab, certificates)
        octets = octets or peer.request()
        peer.send(octets)
        states.add(radius.Packet(peer.receive()).first(radius.STATE))
        peer.send(octets)
        states.add(radius.Packet(peer.receive()).first(radius.STATE))
    assert len(states) == 2


def test_limits_of_connections(lab, certificates, hokeyd):
    there = home(lab, hokeyd, certificates,
                 'certificate-name = proxy.example  max-connections = 2')
    kept = []
    for _ in range(2):
        peer = Peer(lab, certificates)
        peer.send(peer.request())
        assert peer.receive()
        kept.append(peer)
    assert refused(lab, certificates)
    there.wait_for('max-connections')
    assert there.stop() == 0


def test_udp_of_a_tls_client_is_dropped(lab, certificates, hokeyd):
    here = start(lab, hokeyd, certificates, 'both', tls_block(certificates, 'home') + '''
listen udp { address = "127.0.0.1" }
listen radsec { address = "127.0.0.1"  tls = fed }
client any { address = "0.0.0.0/0"  secret = "throw-away-secret" }
client fed { address = "127.0.0.1"  tls = fed  certificate-name = proxy.example }
''', 'home.example')
    assert ask(lab.radius_client(), timeout=0.5) is None
    assert not refused(lab, certificates, address='127.0.0.1')
    assert here.stop() == 0
    assert 'unknown-client=1' in here.output()


# ---- many, and failing ----

# R6613-2.6.5-01 R6613-2.6.1-01
def test_many_in_flight(lab, certificates, hokeyd):
    """More requests than a connection has Identifiers; each is answered once."""
    class Slow(threading.Thread):
        """A home server that answers nothing until it has got 600 requests."""

        def __init__(self):
            super().__init__(daemon=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.cert('home'), certificates.key('home'))
            with inside(lab.net):
                self.sock = socket.create_server(('127.0.0.2', 2083))
            self.context, self.got, self.lock, self.ready = context, [], threading.Lock(), []
            self.start()

        def run(self):
            while True:
                conn, _ = self.sock.accept()
                threading.Thread(target=self.serve, args=(self.context.wrap_socket(
                    conn, server_side=True),), daemon=True).start()

        def serve(self, conn):
            number = len(self.ready)
            self.ready.append(conn)
            buffer = b''
            while True:
                piece = conn.recv(65536)
                if not piece:
                    return
                buffer += piece
                while len(buffer) >= 4 and len(buffer) >= struct.unpack('!H', buffer[2:4])[0]:
                    size = struct.unpack('!H', buffer[2:4])[0]
                    self.take(number, conn, buffer[:size])
                    buffer = buffer[size:]

        def take(self, number, conn, octets):
            if octets[0] == radius.STATUS_SERVER:
                conn.sendall(radius.reply(RADSEC, octets, radius.ACCESS_ACCEPT, b''))
                return
            with self.lock:
                self.got.append((number, conn, octets))
                if len(self.got) < 600:
                    return
                todo, self.done = self.got[:], True
            if len(todo) > 600:
                todo = todo[-1:]
            for _, where, asked in todo:
                where.sendall(radius.reply(RADSEC, asked, radius.ACCESS_REJECT, b''))

    slow = Slow()
    here = proxy(lab, hokeyd, certificates)
    here.wait_for('connected to home server home1')
    clients = [lab.radius_client() for _ in range(3)]
    for client in clients:
        for identifier in range(200):
            client.send(radius.request(
                client.secret, radius.attribute(radius.USER_NAME, b'x@home.example')
                + radius.attribute(radius.NAS_IDENTIFIER, b'a')
                + radius.eap_attributes(b'\2\1\0\6\1x'), identifier=identifier))
        time.sleep(0.1)
    for client in clients:
        assert {client.receive(10)[1] for _ in range(200)} == set(range(200))
    assert len(slow.got) == 600
    for number in range(len(slow.ready)):
        mine = [octets[1] for n, _, octets in slow.got if n == number]
        assert len(mine) == len(set(mine)) <= 255 and 0 not in mine
    assert len(slow.ready) == 3


# R6613-2.6.1-01
def test_thousands_of_reauthentications(lab, certificates, hokeyd, hokey):
    """More at a time than a connection has Identifiers, and more than all of them have."""
    there = home(lab, hokeyd, certificates)
    here = proxy(lab, hokeyd, certificates, server_block(
        more='certificate-name = home.example  connections = 2'))
    here.wait_for('connected to home server home1')
    done = bench(lab, hokey, certificates, '--json', '--devices', 1000, '--resume-logins',
                 '--requests', 4000, '--concurrency', 700)
    assert done.returncode == 0, done.stderr
    count = json.loads(done.stdout)['load']['count']
    assert count['sent'] == count['accepted'] == count['checked'] == 4000 and count['wrong'] == 0
    assert here.output().count('connected to home server home1') == 2
    assert here.stop() == 0 and there.stop() == 0


# R6614-2.3-04
def test_killed_home_server_under_load(lab, certificates, hokeyd):
    doomed = home(lab, hokeyd, certificates)
    home(lab, hokeyd, certificates, address='127.0.0.3', name='second')
    here = proxy(lab, hokeyd, certificates,
                 server_block() + server_block('home2', '127.0.0.3'), 'servers = { home1, home2 }')
    here.wait_for('connected to home server', count=2)
    load = Load(lab)
    load.go_on()
    doomed.kill()
    load.go_on()
    home(lab, hokeyd, certificates, name='again')
    here.wait_for('connected to home server home1', count=2)
    load.go_on()
    load.end()


class LateHome(threading.Thread):
    """A home server that answers its first request when its Identifier comes back."""

    def __init__(self, lab, pki):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pki.cert('home'), pki.key('home'))
        with inside(lab.net):
            self.listener = socket.create_server(('127.0.0.2', 2083))
        self.answered = 0
        self.late = threading.Event()
        self.start()

    def run(self):
        raw, _ = self.listener.accept()
        with self.context.wrap_socket(raw, server_side=True) as stream:
            self.serve(stream, stream.makefile('rb'))

    def serve(self, stream, packets):
        first = None
        while header := packets.read(4):
            asked = header + packets.read(struct.unpack('!H', header[2:])[0] - 4)
            if first is None:
                first = asked
                continue
            if asked[1] == first[1] and not self.late.is_set():
                stream.sendall(self.reply(first))
                self.late.set()
            self.answered += 1
            stream.sendall(self.reply(asked))

    @staticmethod
    def reply(asked):
        return radius.reply(RADSEC, asked, radius.ACCESS_REJECT,
                            radius.eap_attributes(bytes([4, asked[1], 0, 4])))


def test_a_late_answer(lab, certificates, hokeyd):
    """It is for a request that was given up; the one that has its Identifier now gets its own."""
    late = LateHome(lab, certificates)
    here = proxy(lab, hokeyd, certificates, server_block(
        more='certificate-name = home.example  max-request-time = 1s  response-window = 1s  '
             'connections = 1  status-check = none'))
    here.wait_for('connected to home server home1')
    client = lab.radius_client()
    identity = radius.eap_attributes(bytes([2, 1, 0, 19, 1]) + b'x@home.example')
    head = radius.attribute(1, b'x@home.example') + radius.attribute(32, b'ap1')
    assert client.ask(head + identity, 0.1) is None
    here.wait_for('no home server of pool homes answers')
    for _ in range(256):
        assert client.ask(head + identity).first(101) is None
    assert late.late.is_set() and late.answered == 256
    assert 'ended' not in here.output()


# R6613-2.6-01 R3539-3.4.1-01 R3539-3.4.1-02
@pytest.mark.patient
def test_watchdog_of_a_frozen_home_server(lab, certificates, hokeyd):
    frozen = home(lab, hokeyd, certificates)
    home(lab, hokeyd, certificates, address='127.0.0.3', name='second')
    started = time.monotonic()
    here = proxy(lab, hokeyd, certificates, server_block(
        more='certificate-name = home.example  check-interval = 6s')
        + server_block('home2', '127.0.0.3'), 'servers = { home1, home2 }')
    here.wait_for('connected to home server', count=2)
    frozen.signal(19)
    client = lab.radius_client()
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(ask(client, timeout=60)))
    waiting.start()
    here.wait_for('home server home1 is zombie', timeout=60)
    assert time.monotonic() - started > 7.5  # not before two intervals
    waiting.join()
    assert answers[0].code == radius.ACCESS_CHALLENGE
    here.wait_for('home server home1 is dead', timeout=60)
    frozen.signal(18)


# R6613-2.6.1-02
def test_reload_shuts_out_a_client(lab, certificates, hokeyd):
    there = home(lab, hokeyd, certificates)
    peer = Peer(lab, certificates)
    peer.send(peer.request())
    assert peer.receive()
    there.signal(1)
    there.wait_for('configuration loaded')
    peer.send(peer.request())
    assert peer.receive()[0] == radius.ACCESS_CHALLENGE
    config = lab.folder / 'home.conf'
    config.write_text(config.read_text().replace('proxy.example', 'other.example'))
    there.signal(1)
    there.wait_for('configuration loaded', count=2)
    assert peer.receive() == b''
    assert there.stop() == 0


# ---- radsecproxy ----

def radsecproxy(lab, pki, incoming, outgoing):
    config = lab.folder / 'radsecproxy.conf'
    config.write_text(f'''
ListenUDP 127.0.0.4:1812
ListenTLS 127.0.0.4:2083
SourceTLS 127.0.0.4
LogLevel 3
LoopPrevention Off
tls default {{
    CACertificateFile {pki.ca}
    CertificateFile {pki.cert('between')}
    CertificateKeyFile {pki.key('between')}
}}
{incoming}
{outgoing}
realm * {{
    server up
}}
''')
    program = lab.start(['/usr/sbin/radsecproxy', '-f', '-d', '3', '-c', config])
    program.wait_for('listening|createlistener')
    return program


# HKRAD-16.10-01 HKRAD-6.5-05
@pytest.mark.parametrize('before, after', [('tls', 'tls'), ('udp', 'tls'), ('tls', 'udp')])
def test_radsecproxy_in_the_middle(lab, wpa, certificates, hokeyd, before, after):
    pki = certificates
    if after == 'tls':
        there = home(lab, hokeyd, pki, 'certificate-name = between.example')
        up = 'type tls\n certificateNameCheck off\n StatusServer on'
    else:
        there = start(lab, hokeyd, pki, 'home', '''
listen main { address = "127.0.0.2" }
client between { address = "127.0.0.0/8"  secret = "after-the-proxy" }
''', 'home.example')
        up = 'type udp\n secret after-the-proxy'
    if before == 'tls':
        down = 'type tls\n matchCertificateAttribute SubjectAltName:DNS:/^proxy\\.example$/\n' \
               ' certificateNameCheck off'
        block = server_block(address='127.0.0.4', more='certificate-name = between.example')
    else:
        down = 'type udp\n secret before-the-proxy'
        block = 'home-server home1 { address = "127.0.0.4"  secret = "before-the-proxy" }\n'
    radsecproxy(lab, pki, f'client 127.0.0.1 {{\n {down}\n}}',
                f'server up {{\n host 127.0.0.2\n {up}\n}}')
    here = proxy(lab, hokeyd, pki, block)
    if before == 'tls':
        here.wait_for('connected to home server home1')
    radius.hand_over(lab.radius_client(), lab.login(wpa, pki), b'ap1', b'ap2')
    assert there.output().count('Login OK') == 3

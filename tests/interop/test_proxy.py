# SPDX-License-Identifier: ISC
"""hokeyd as a proxy between access points and home servers."""
import json
import re
import socket
import struct
import threading
import time

import pytest

import freeradius
import radius
from lab import READY, hexdump, inside, wait_until
from test_handover import FULL, authenticator_key, hand_over

HOP_SECRET = 'secret-between-proxy-and-home'


def home(lab, hokeyd, pki, address='127.0.0.2', name='home', more=''):
    """A home server on an address of its own."""
    config = lab.folder / f'{name}.conf'
    config.write_text(f'''
listen main {{ address = "{address}" }}
client proxy {{ address = "127.0.0.0/8"  secret = "{HOP_SECRET}" }}
eap {{ ca = "{pki.ca}"  certificate = "{pki.server_cert}"  key = "{pki.server_key}" }}
erp {{ realms = {{ "home.example" }} }}
store {{ type = memory }}
log {{ logins = all }}
control = "{lab.folder}/{name}.sock"
{more}
''')
    config.chmod(0o600)
    program = lab.start([hokeyd, '--config', config], name=name)
    program.wait_for(READY)
    return program


def server_block(name, address, more=''):
    return f'''
home-server {name} {{ address = "{address}"  secret = "{HOP_SECRET}"  {more} }}
'''


def proxy(lab, hokeyd, pki, servers, pool='servers = { home1 }', more='', client='',
          realm='home.example', workers=2):
    """The proxy under test; its own ER realm is visited.example."""
    config = lab.folder / 'proxy.conf'
    config.write_text(f'''
workers = {workers}
listen main {{ address = "127.0.0.1" }}
client lab {{ address = "127.0.0.0/8"  secret = "throw-away-secret"  {client} }}
eap {{ ca = "{pki.ca}"  certificate = "{pki.server_cert}"  key = "{pki.server_key}" }}
erp {{ realms = {{ "visited.example" }} }}
store {{ type = memory }}
log {{ logins = all }}
control = "{lab.folder}/proxy.sock"
{servers}
pool homes {{ {pool} }}
realm "{realm}" {{ pool = homes }}
{more}
''')
    config.chmod(0o600)
    program = lab.start([hokeyd, '--config', config], name='proxy')
    program.wait_for(READY)
    return program


class Upstream:
    """A home server of our own that answers as it is told, in a thread."""

    def __init__(self, lab, address, answer, port=1812):
        with inside(lab.net):
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((address, port))
        self.sock.settimeout(0.1)
        self.answer, self.seen, self.going = answer, [], True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.going:
            try:
                octets, self.peer = self.sock.recvfrom(4096)
            except (socket.timeout, OSError):
                continue
            packet = radius.Packet(octets)
            self.seen.append(octets)
            reply = self.answer(packet, octets)
            if reply is not None:
                self.sock.sendto(reply, self.peer)

    def requests(self, code=radius.ACCESS_REQUEST):
        return [radius.Packet(octets) for octets in self.seen if octets[0] == code]

    def close(self):
        self.going = False
        self.thread.join()
        self.sock.close()


def accept(packet, octets, attributes=b''):
    states = b''.join(radius.attribute(radius.PROXY_STATE, v)
                      for v in packet.all(radius.PROXY_STATE))
    return radius.reply(HOP_SECRET.encode(), octets, radius.ACCESS_ACCEPT, attributes + states)


def silent(packet, octets):
    return None


def ask(client, user='bob@home.example', extra=b'', timeout=5):
    eap = bytes([2, 7, 0, 5 + len(user)]) + b'\1' + user.encode()
    return client.ask(radius.attribute(radius.USER_NAME, user.encode())
                      + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
                      + radius.attribute(radius.CALLING_STATION_ID, b'02-00-00-00-00-01')
                      + radius.eap_attributes(eap) + extra, timeout)


@pytest.fixture
def upstreams(lab):
    """Makes home servers of our own, and ends them."""
    made = []

    def make(address='127.0.0.2', answer=accept):
        made.append(Upstream(lab, address, answer))
        return made[-1]

    yield make
    for upstream in made:
        upstream.close()


# R2865-2.3-05 HKRAD-6.5-05
@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_login_and_reauthentication_at_the_home_server(lab, wpa, pki, hokeyd, tls):
    """The keys at both ends are the same: re-hidden on the way, unchanged inside."""
    there = home(lab, hokeyd, pki)
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    keys = lab.login(wpa, pki, tls=tls)
    radius.hand_over(lab.radius_client(), keys, b'ap1', b'ap2')
    assert there.output().count('Login OK') == 3
    assert here.output().count('Proxied login OK') == 3
    assert here.stop() == 0
    assert 'proxied=' in here.output()


def test_stock_access_points_and_supplicant(lab, wpa, pki, hokeyd):
    home(lab, hokeyd, pki)
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    ap1 = lab.hostapd('ap1', 'ap1.visited.example')
    ap2 = lab.hostapd('ap2', 'ap2.visited.example')
    lab.plug('ap1')
    station = lab.supplicant(wpa, pki, 'alice@home.example')
    station.wait_for(FULL)

    assert authenticator_key(ap1) == hexdump(station.output(), 'EAP-TLS: Derived key')[:64]
    log = hand_over(lab, wpa, station, 'ap2')
    assert authenticator_key(ap2) == hexdump(log, 'EAP: ERP rMSK')


def far_away(lab, address, gate=None):
    """An answer for Upstream: that of a server behind it, once the gate is open."""
    with inside(lab.net):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def answer(packet, octets):
        sock.sendto(octets, (address, 1812))
        reply = sock.recv(4096)
        assert not gate or gate.wait(30)
        return reply

    return answer


def test_the_same_question_before_the_answer(lab, wpa, pki, hokeyd, hokey, upstreams):
    """
    A device repeats its FILS frame after 100 ms, hostapd makes a new request of it and wants
    the answer to that one: the first answer that comes from home is the answer to both.
    """
    home(lab, hokeyd, pki, '127.0.0.3')
    gate = threading.Event()
    gate.set()
    way = upstreams(answer=far_away(lab, '127.0.0.3', gate))
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    before = len(way.requests())
    asked = radius.erp_attributes(keys, keys.initiate())
    requests = [radius.request(client.secret, asked, identifier=n) for n in (1, 2, 3)]
    gate.clear()
    for octets in requests:
        client.send(octets)
    statistics = hokey, 'statistics', '--json', '--control', lab.folder / 'proxy.sock'
    wait_until(lambda: json.loads(lab.run(statistics).stdout)['counters']['proxy-joined'] == 2)
    gate.set()
    answers = {octets[1]: octets for octets in (client.receive() for _ in requests)}
    assert len(way.requests()) - before == 1
    for octets in requests:
        answer = radius.check_reply(client.secret, octets, answers[octets[1]])
        assert answer.code == radius.ACCESS_ACCEPT and keys.check_finish(answer.eap)
        client.last = octets
        assert radius.reply_key(client, answer) == keys.rmsk(0)
    assert here.stop() == 0
    assert re.search(r'proxied=\d+ .*proxy-joined=2\b', here.output())


def test_requests_for_keys_are_asked_each(lab, wpa, pki, hokeyd, upstreams):
    """What an ER server behind us adds is new each time; so are its answers."""
    way = upstreams(answer=silent)
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    keys = radius.KeySet(bytes(64), bytes(33), 'home.example')
    client = lab.radius_client()
    asked = radius.erp_attributes(keys, keys.initiate())
    for nonce in b'aab':
        vendor = struct.pack('!IBB', 61000, 1, 18) + 16 * bytes([nonce])
        client.send(radius.request(client.secret, asked + radius.attribute(radius.VENDOR, vendor),
                                   identifier=client.next_identifier()))
    wait_until(lambda: len(way.requests()) >= 2)
    assert [packet.all(radius.VENDOR)[0][-1] for packet in way.requests()][:2] == [*b'ab']


def test_another_question_is_asked(lab, wpa, pki, hokeyd, upstreams):
    """Another device, another access point, another sequence number, or much later."""
    home(lab, hokeyd, pki, '127.0.0.3')
    way = upstreams(answer=far_away(lab, '127.0.0.3'))
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    before = len(way.requests())
    initiate = keys.initiate()
    questions = [radius.erp_attributes(keys, initiate),
                 radius.erp_attributes(keys, initiate, station=b'02-00-00-00-00-02'),
                 radius.erp_attributes(keys, initiate, nas=b'ap2'),
                 radius.erp_attributes(keys, keys.initiate())]
    for n, asked in enumerate(questions):
        client.send(radius.request(client.secret, asked, identifier=n))
    answers = [client.receive() for _ in questions]
    assert len(way.requests()) - before == 4
    codes = {octets[1]: octets[0] for octets in answers}
    assert codes == {0: radius.ACCESS_ACCEPT, 1: radius.ACCESS_REJECT, 2: radius.ACCESS_REJECT,
                     3: radius.ACCESS_ACCEPT}
    # It may have crossed the answer on its way; later it is one for the home server.
    for seconds, asked in ((0, 4), (0.6, 5)):
        time.sleep(seconds)
        request = radius.request(client.secret, questions[3], identifier=10 + asked)
        client.send(request)
        answer = radius.check_reply(client.secret, request, client.receive())
        assert answer.code == radius.ACCESS_ACCEPT
        client.last = request
        assert radius.reply_key(client, answer) == keys.rmsk(1)
        assert len(way.requests()) - before == asked


def test_those_who_asked_the_same_share_the_bad_news(lab, pki, hokeyd, upstreams):
    way = upstreams(answer=silent)
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2',
                                         'response-window = 1s  max-request-time = 1s'),
          client='unreachable = reject')
    client = lab.radius_client()
    keys = radius.KeySet(bytes(64), bytes(65), 'home.example')
    asked = radius.erp_attributes(keys, keys.initiate())
    requests = [radius.request(client.secret, asked, identifier=n) for n in (1, 2)]
    for octets in requests:
        client.send(octets)
    answers = {octets[1]: octets for octets in (client.receive() for _ in requests)}
    for octets in requests:
        answer = radius.check_reply(client.secret, octets, answers[octets[1]])
        assert answer.code == radius.ACCESS_REJECT
    assert len(way.requests()) == 1


# R7542-3-01 HKRAD-16.10-01 R2865-2.3-01
def test_what_passes_unchanged(lab, pki, hokeyd, upstreams):
    unknown = radius.attribute(250, b'unknown') + radius.attribute(
        radius.VENDOR, struct.pack('!I', 32473) + bytes([1, 10]) + b'\0\1\2\3\4\5\6\7')

    def answer(packet, octets):
        return accept(packet, octets, unknown + radius.attribute(25, b'class'))

    there = upstreams(answer=answer)
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2', 'operator-name = visited.example'))
    client = lab.radius_client()
    states = [b'first', b'\0second']
    reply = ask(client, 'Bob@HOME.Example', unknown + b''.join(
        radius.attribute(radius.PROXY_STATE, s) for s in states))
    assert reply.code == radius.ACCESS_ACCEPT
    sent = there.requests()[0]
    assert sent.first(radius.USER_NAME) == b'Bob@HOME.Example'
    assert sent.all(radius.PROXY_STATE) == reply.all(radius.PROXY_STATE) == states
    assert sent.first(250) == reply.first(250) == b'unknown'
    assert sent.vsa(32473, 1) == reply.vsa(32473, 1) == bytes(range(8))
    assert sent.first(126) == b'1visited.example'
    assert sent.attributes[0][0] == radius.MESSAGE_AUTHENTICATOR
    assert reply.first(25) == b'class'


# R7542-3-01 R7542-2.2-01 R7542-2.6.1-01
def test_realms(lab, pki, hokeyd, upstreams):
    there = upstreams()
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'),
          realm='.example', more='realm "near.example" { }\nrealm NULL { pool = homes }')
    client = lab.radius_client()
    for user in ('x@home.example', 'x@a.home.example', 'alice', 'alice@single'):
        assert ask(client, user).code == radius.ACCESS_ACCEPT, user
    assert len(there.requests()) == 4
    for user in ('x@home..example', 'x@-home.example'):
        reply = ask(client, user)
        assert reply.code == radius.ACCESS_REJECT and reply.first(101) == struct.pack('!I', 502)
    # Served here: EAP begins, nothing is sent on.
    for user in ('x@near.example', 'x@visited.example', 'x@example.org'):
        assert ask(client, user).code == radius.ACCESS_CHALLENGE, user
    assert len(there.requests()) == 4


# R2865-2.5-01
def test_retransmission_is_identical(lab, pki, hokeyd, upstreams):
    there = upstreams(answer=lambda packet, octets: accept(packet, octets)
                      if len(there.seen) == 3 else None)
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2', 'retry-interval = 300ms'))
    client = lab.radius_client()
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert len(there.seen) == 3 and len(set(there.seen)) == 1
    # A repeated request gets the stored answer, and nothing is sent on.
    client.send(client.last)
    assert client.receive() is not None
    assert len(there.seen) == 3


# R2865-2.3-06 R5080-2.2.2-08
def test_forged_replies_do_not_count(lab, pki, hokeyd, upstreams):
    def answer(packet, octets):
        good = accept(packet, octets)
        bad = radius.reply(b'wrong', octets, radius.ACCESS_ACCEPT, b'')
        foreign = radius.reply(HOP_SECRET.encode(), octets, radius.ACCESS_ACCEPT,
                               radius.attribute(radius.PROXY_STATE, b'collision'))
        for reply in (bad, foreign, bad[:30], good):
            there.sock.sendto(reply, there.peer)
        return good

    there = upstreams(answer=answer)
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'))
    client = lab.radius_client()
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert client.receive(0.5) is None
    here.wait_for('dropped a reply of home server home1')
    assert here.stop() == 0
    assert 'proxy-bad-replies=4' in here.output()


# OPS-10.4-01 OPS-10.4-02 OPS-10.4-03 R5997-4.1-01 R5997-4.3-01
def test_fail_over_and_back(lab, pki, hokeyd, upstreams):
    first, second = upstreams('127.0.0.2', silent), upstreams('127.0.0.3')
    times = '''response-window = 500ms  response-timeouts = 2  retry-interval = 10s
               status-check = status-server  check-interval = 1s  check-timeout = 500ms
               num-answers-to-alive = 2  zombie-period = 2s'''
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2', times)
                 + server_block('home2', '127.0.0.3', times), 'servers = { home1, home2 }',
                 workers=1)
    client = lab.radius_client()
    for _ in range(2):
        assert ask(client).code == radius.ACCESS_ACCEPT
    here.wait_for('home server home1 is zombie')
    assert len(first.requests()) == 2
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert len(first.requests()) == 2 and len(second.requests()) == 3
    here.wait_for('home server home1 is dead')
    first.answer = accept
    here.wait_for('home server home1 is alive: it answered Status-Server')
    probes = [packet.authenticator for packet in first.requests(radius.STATUS_SERVER)]
    assert probes and len(probes) == len(set(probes))
    assert not second.requests(radius.STATUS_SERVER)
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert len(first.requests()) == 3 and len(second.requests()) == 3


# OPS-10.4-04
def test_conversation_stays(lab, pki, hokeyd, upstreams):
    def challenge(mark):
        def answer(packet, octets):
            return radius.reply(
                HOP_SECRET.encode(), octets, radius.ACCESS_CHALLENGE,
                radius.attribute(radius.STATE, mark + bytes(str(len(octets)), 'ascii'))
                + radius.eap_attributes(bytes([1, 8, 0, 6, 13, 0x20])))
        return answer

    servers = {b'one': upstreams('127.0.0.2', challenge(b'one')),
               b'two': upstreams('127.0.0.3', challenge(b'two'))}
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2')
          + server_block('home2', '127.0.0.3'),
          'servers = { home1, home2 }  type = load-balance')
    begun = set()
    for _ in range(20):
        client = lab.radius_client()
        state = ask(client).first(radius.STATE)
        begun.add(state[:3])
        for _ in range(3):
            # Another socket: it may reach another worker.
            client = lab.radius_client()
            reply = ask(client, extra=radius.attribute(radius.STATE, state))
            assert reply.first(radius.STATE)[:3] == state[:3]
            state = reply.first(radius.STATE)
    assert begun == {b'one', b'two'}


# OPS-10.4-05
def test_the_realm_is_to_blame(lab, pki, hokeyd, upstreams):
    there = upstreams(answer=lambda packet, octets: None
                      if packet.first(radius.USER_NAME).endswith(b'@down.example')
                      else accept(packet, octets))
    here = proxy(lab, hokeyd, pki,
                 server_block('home1', '127.0.0.2', '''response-window = 500ms
                     max-request-time = 1s  response-timeouts = 2'''),
                 realm='DEFAULT', client='unreachable = reject', workers=1)
    client, other = lab.radius_client(), lab.radius_client()
    for _ in range(2):
        thread = threading.Thread(target=ask, args=(other,))
        thread.start()
        reply = ask(client, 'x@down.example')
        assert reply.code == radius.ACCESS_REJECT and reply.first(101) == struct.pack('!I', 502)
        assert reply.eap[0] == 4
        thread.join()
    if 'is given up for a while' not in here.output():
        for _ in range(3):
            threading.Timer(0.2, ask, args=(lab.radius_client(),)).start()
            ask(client, 'x@down.example')
    here.wait_for(r'realm \[down.example\] is given up')
    assert 'zombie' not in here.output()
    before = len(there.requests())
    assert ask(client, 'x@down.example').code == radius.ACCESS_REJECT
    assert len(there.requests()) == before
    assert ask(client, 'x@up.example').code == radius.ACCESS_ACCEPT


# R7930-4-01
def test_a_protocol_error_goes_no_further(lab, pki, hokeyd, upstreams):
    """A home server that cannot: another one is asked, and the client hears nothing of it."""
    def cannot(packet, octets):
        return radius.reply(HOP_SECRET.encode(), octets, 52, b'')

    first, second = upstreams('127.0.0.2', cannot), upstreams('127.0.0.3')
    proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2') + server_block('home2', '127.0.0.3'),
          'servers = { home1, home2 }')
    client = lab.radius_client()
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert len(first.requests()) == len(second.requests()) == 1
    second.answer = cannot
    assert ask(client, timeout=0.5) is None
    assert len(first.requests()) == len(second.requests()) == 2


# OPS-10.4-06 OPS-10.4-07
@pytest.mark.parametrize('policy, code', [('silent', None), ('reject', 3), ('protocol-error', 52)])
def test_unreachable(lab, pki, hokeyd, upstreams, policy, code):
    kept = []
    there = upstreams(answer=lambda packet, octets: kept.append((packet, octets)))
    here = proxy(lab, hokeyd, pki, server_block(
        'home1', '127.0.0.2', 'response-window = 500ms  max-request-time = 1s'),
        client=f'unreachable = {policy}')
    client = lab.radius_client()
    reply = ask(client, timeout=20 if code else 2)
    assert (reply and reply.code) == code
    here.wait_for('no home server of pool homes answers')
    # Too late.
    there.sock.sendto(accept(*kept[0]), ('127.0.0.1', 9))
    assert client.receive(0.3) is None


# R2865-2.3-08
def test_loops(lab, pki, hokeyd, upstreams):
    """Two proxies that send to each other; hops are counted, also where nobody asked for it."""
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2'),
                 client='unreachable = reject')
    config = lab.folder / 'other.conf'
    config.write_text((lab.folder / 'proxy.conf').read_text()
                      .replace('"127.0.0.1"', '"127.0.0.2"')
                      .replace('home1 { address = "127.0.0.2"', 'home1 { address = "127.0.0.1"')
                      .replace('throw-away-secret', HOP_SECRET)
                      .replace(f'home1 {{ address = "127.0.0.1"  secret = "{HOP_SECRET}"',
                               'home1 { address = "127.0.0.1"  secret = "throw-away-secret"')
                      .replace('proxy.sock', 'other.sock'))
    config.chmod(0o600)
    other = lab.start([hokeyd, '--config', config], name='other')
    other.wait_for(READY)
    client = lab.radius_client()
    assert ask(client, timeout=2) is None
    wait_until(lambda: 'passed too many proxies' in here.output() + other.output())


class Load:
    """Eight clients, each with one request after the other."""

    def __init__(self, lab):
        self.clients = [lab.radius_client() for _ in range(8)]
        self.sent, self.answered = [0] * 8, [0] * 8
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(8)]
        for thread in self.threads:
            thread.start()

    def run(self, i):
        while not self.ended.wait(0.005):  # the home server keeps a conversation for each
            self.sent[i] += 1
            reply = ask(self.clients[i], timeout=20)
            self.answered[i] += reply is not None and reply.code == radius.ACCESS_CHALLENGE

    def go_on(self):
        """Until there are a hundred more answers."""
        enough = sum(self.answered) + 100
        wait_until(lambda: sum(self.answered) >= enough, 60)

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        assert self.answered == self.sent


def test_load_and_a_killed_home_server(lab, pki, hokeyd, upstreams):
    """No request is lost that the other server could answer."""
    doomed = home(lab, hokeyd, pki, '127.0.0.2', 'one')
    home(lab, hokeyd, pki, '127.0.0.3', 'two')
    times = 'response-window = 1s  response-timeouts = 2  retry-interval = 500ms'
    here = proxy(lab, hokeyd, pki, server_block('home1', '127.0.0.2', times)
                 + server_block('home2', '127.0.0.3', times), 'servers = { home1, home2 }')
    load = Load(lab)
    load.go_on()
    doomed.kill()
    here.wait_for('home server home1 is zombie')
    load.go_on()
    load.end()


def test_reload_moves_requests(lab, pki, hokeyd, upstreams):
    """A request at a server that is taken out of the configuration goes to the next."""
    first, second = upstreams('127.0.0.2', silent), upstreams('127.0.0.3')
    both = server_block('home1', '127.0.0.2') + server_block('home2', '127.0.0.3')
    here = proxy(lab, hokeyd, pki, both, 'servers = { home1, home2 }')
    client = lab.radius_client()
    config = lab.folder / 'proxy.conf'
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(client)))
    thread.start()
    wait_until(first.requests)
    config.write_text(config.read_text().replace(server_block('home1', '127.0.0.2'), '')
                      .replace('{ home1, home2 }', '{ home2 }'))
    here.signal(1)
    thread.join()
    assert answers[0].code == radius.ACCESS_ACCEPT
    assert len(second.requests()) == 1
    assert ask(client).code == radius.ACCESS_ACCEPT
    assert here.stop() == 0


# ---- FreeRADIUS in the middle ----

# HKRAD-16.10-01 HKRAD-6.5-05 R2865-2.3-01
def test_freeradius_in_the_middle(lab, wpa, pki, hokeyd):
    config = lab.folder / 'home.conf'
    home(lab, hokeyd, pki)
    lab.programs[-1].stop()
    config.write_text(config.read_text().replace(HOP_SECRET, 'after-the-proxy'))
    there = lab.start([hokeyd, '--config', config], name='home')
    there.wait_for(READY)
    freeradius.start_proxy(lab, '127.0.0.1', '127.0.0.5', '127.0.0.2', 'home.example',
                           'before-the-proxy', 'after-the-proxy')
    # FreeRADIUS before 3.2.5 does not put Message-Authenticator first; it is there all the same.
    proxy(lab, hokeyd, pki,
          'home-server home1 { address = "127.0.0.5"  secret = "before-the-proxy" }\n')
    radius.hand_over(lab.radius_client(), lab.login(wpa, pki), b'ap1', b'ap2')
    assert there.output().count('Login OK') == 3

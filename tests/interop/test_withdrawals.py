# SPDX-License-Identifier: ISC
"""How the keys that Tokyo has of Lisbon's devices end: in Lisbon, and by Disconnect-Requests."""
import hashlib
import hmac
import json
import socket
import struct
import subprocess
import threading
import time

import pytest

import radius
from lab import inside, wait_until
from roaming import (AT_HOME, TOKYO, eapol_test, lisbon, login, open_both, papers, tokyo, works)

DISCONNECT, ACK, NAK = 40, 41, 42
EVENT_TIMESTAMP, ERROR_CAUSE, OPERATOR_NAME = 55, 101, 126


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
    said = lisbon.hokey(hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', status=1)
    assert '0 of 1 keys at other servers ended' in said and '1 end with their lifetime only' in said
    lisbon.program.wait_for('could not be taken back.*refuses with Error-Cause 406')
    lisbon.put('users', 'bob@lisbon.example\n')
    lisbon.reload()
    wait_until(lambda: works(lab, keys) is None, 60)
    with pytest.raises(AssertionError):
        login(lab, wpa, papers)


def begin_to_revoke(lab, hokey, lisbon):
    """`hokey revoke` with nobody to wait for it."""
    return lab.start([hokey, 'revoke', '--everywhere', '--user', 'alice@lisbon.example', '--control',
                      lisbon.folder / 'control.sock'])


def test_what_waits_ends_with_lisbon(lab, wpa, hokey, papers, lisbon, tokyo):
    """A server that nobody answers at: Lisbon can be stopped all the same."""
    lisbon.change((f'address = {TOKYO}', 'address = 127.0.0.31'))
    open_both(lisbon, tokyo)
    login(lab, wpa, papers)
    mark = lisbon.program.mark()
    command = begin_to_revoke(lab, hokey, lisbon)
    lisbon.program.wait_for('tokyo cannot be told that keys have ended', since=mark)
    assert lisbon.program.stop() == 0
    assert '1 keys at other servers could not be taken back' in lisbon.program.output()
    assert command.wait() == 1


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
    begin_to_revoke(lab, hokey, lisbon)
    lisbon.program.wait_for('tokyo cannot be told that keys have ended')
    assert lisbon.program.stop() == 0
    tokyo.change(('127.0.0.13', TOKYO))
    tokyo.reload()
    lisbon.start()
    tokyo.program.wait_for('was taken back by client lisbon', timeout=30)
    assert works(lab, keys) is None
    assert lisbon.sessions(hokey) == []


@pytest.mark.patient
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
    command = begin_to_revoke(lab, hokey, lisbon)
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

# SPDX-License-Identifier: ISC
"""
Two hokeyd with the configurations of docs/roaming.md: a home in Lisbon, a visited network in
Tokyo with its local ER server. What gets keys and what does not.
"""
import hmac
import socket
import struct
import threading

import pytest

import radius
from lab import hexdump, inside, keys_of
from peer_device import kinds, seq, steps
from roaming import (AT_HOME, LISBON, SECRET, TOKYO, VENDOR, Site, attributes_of_keys, eapol_test,
                     lisbon, login, open_both, over_udp, papers, peer, tokyo, works)
from test_handover import ERP, FULL, authenticator_key, hand_over

KEY_REQUEST, DOMAIN_NAME, KEY, LOCAL_DOMAIN = 1, 2, 3, 33


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
    home = keys_of(said, 'alice@lisbon.example')
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
        assert 6 not in tlvs or indicates(home.emsk, answer.eap, b'tokyo.example')
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

# SPDX-License-Identifier: ISC
"""RADIUS and ERP in Python's standard library, written apart from libhokey.

A second reading of the RFCs: where it and the server agree, both had to
misunderstand in the same way to be wrong. For tests only: it
checks, it does not defend itself.
"""
import copy
import hashlib
import hmac
import os
import socket
import struct

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT = 1, 2, 3
ACCESS_CHALLENGE, STATUS_SERVER = 11, 12

USER_NAME, USER_PASSWORD, NAS_IP_ADDRESS, STATE, VENDOR = 1, 2, 4, 24, 26
CALLED_STATION_ID, CALLING_STATION_ID, NAS_IDENTIFIER, PROXY_STATE = 30, 31, 32, 33
EAP_MESSAGE, MESSAGE_AUTHENTICATOR = 79, 80


class Packet:
    def __init__(self, octets):
        self.octets = octets
        self.code, self.identifier, length = struct.unpack('!BBH', octets[:4])
        assert length == len(octets), 'length field'
        self.authenticator = octets[4:20]
        self.attributes = []
        at = 20
        while at < length:
            kind, size = octets[at], octets[at + 1]
            assert size >= 2 and at + size <= length, 'attribute'
            self.attributes.append((kind, octets[at + 2:at + size]))
            at += size

    def all(self, kind):
        return [value for k, value in self.attributes if k == kind]

    def first(self, kind):
        return next(iter(self.all(kind)), None)

    @property
    def eap(self):
        return b''.join(self.all(EAP_MESSAGE))

    def vsa(self, vendor, kind):
        for value in self.all(VENDOR):
            if struct.unpack('!I', value[:4])[0] == vendor and value[4] == kind:
                return value[6:4 + value[5]]
        return None


def attribute(kind, value):
    return bytes([kind, len(value) + 2]) + value


def eap_attributes(eap):
    pieces = [eap[i:i + 253] for i in range(0, len(eap), 253)] or [b'']
    return b''.join(attribute(EAP_MESSAGE, p) for p in pieces)


def request(secret, attributes, code=ACCESS_REQUEST, identifier=0, authenticator=None, sign=True):
    """A request; with `sign`, Message-Authenticator comes first."""
    authenticator = authenticator or os.urandom(16)
    head = attribute(MESSAGE_AUTHENTICATOR, bytes(16)) if sign else b''
    body = head + attributes
    packet = struct.pack('!BBH', code, identifier, 20 + len(body)) + authenticator + body
    if sign:
        mac = hmac.digest(secret, packet, 'md5')
        packet = packet[:22] + mac + packet[38:]
    return packet


def reply(secret, asked, code, attributes):
    """A signed reply to a request packet (octets)."""
    body = attribute(MESSAGE_AUTHENTICATOR, bytes(16)) + attributes
    head = struct.pack('!BBH', code, asked[1], 20 + len(body))
    mac = hmac.digest(secret, head + asked[4:20] + body, 'md5')
    body = attribute(MESSAGE_AUTHENTICATOR, mac) + body[18:]
    return head + hashlib.md5(head + asked[4:20] + body + secret).digest() + body


def check_reply(secret, asked, octets):
    """The reply as Packet, after both authenticators were found right."""
    packet = Packet(octets)
    assert packet.identifier == asked[1], 'identifier'
    whole = octets[:4] + asked[4:20] + octets[20:] + secret
    assert hashlib.md5(whole).digest() == octets[4:20], 'Response Authenticator'
    assert packet.attributes[0][0] == MESSAGE_AUTHENTICATOR, 'Message-Authenticator is first'
    zeroed = octets[:4] + asked[4:20] + octets[20:22] + bytes(16) + octets[38:]
    assert hmac.digest(secret, zeroed, 'md5') == octets[22:38], 'Message-Authenticator'
    return packet


def unhide(secret, request_authenticator, hidden):
    """The key in an MS-MPPE attribute (RFC 2548 section 2.4)."""
    rest, plain, last = hidden[2:], b'', request_authenticator + hidden[:2]
    while rest:
        stream = hashlib.md5(secret + last).digest()
        plain += bytes(a ^ b for a, b in zip(rest[:16], stream))
        last, rest = rest[:16], rest[16:]
    return plain[1:1 + plain[0]]


class Client:
    """A RADIUS client on one socket."""

    def __init__(self, sock, server=('127.0.0.1', 1812), secret=b'throw-away-secret'):
        self.sock, self.server, self.secret = sock, server, secret
        self.identifier = 0

    def next_identifier(self):
        self.identifier = (self.identifier + 1) % 256
        return self.identifier

    def send(self, octets):
        self.sock.sendto(octets, self.server)

    def receive(self, timeout=10):
        """The next datagram, or None."""
        self.sock.settimeout(timeout)
        try:
            return self.sock.recv(4096)
        except socket.timeout:
            return None

    def ask(self, attributes, timeout=10, **kwargs):
        """Sends a request; the checked reply, or None when nobody answers."""
        octets = request(self.secret, attributes, identifier=self.next_identifier(), **kwargs)
        self.last = octets
        self.send(octets)
        while True:
            answer = self.receive(timeout)
            if answer is None or answer[1] == octets[1]:
                break
        return answer and check_reply(self.secret, octets, answer)


# ---- ERP ----

def kdf(key, label, data, length):
    s = label.encode() + b'\0' + data + struct.pack('!H', length)
    out, t, i = b'', b'', 1
    while len(out) < length:
        t = hmac.digest(key, t + s + bytes([i]), 'sha256')
        out += t
        i += 1
    return out[:length]


class KeySet:
    """What a peer derives from one full authentication."""

    def __init__(self, emsk, session_id, realm):
        self.emsk, self.root = emsk, emsk
        self.name = kdf(session_id, 'EMSK', b'', 8)
        self._settle(realm)

    def _settle(self, realm):
        self.nai = (self.name.hex() + '@' + realm).encode()
        self.rrk = kdf(self.root, 'EAP Re-authentication Root Key@ietf.org', b'', 64)
        self.seq = 0

    def visiting(self, domain):
        """The keys of one domain below the same EMSK; root is its DSRK."""
        keys = copy.copy(self)
        keys.root = kdf(self.emsk, 'dsrk@ietf.org', domain.encode(), 64)
        keys._settle(domain)
        return keys

    def rik(self, suite=2):
        return kdf(self.rrk, 'Re-authentication Integrity Key@ietf.org', bytes([suite]), 64)

    def rmsk(self, seq):
        return kdf(self.rrk, 'Re-authentication Master Session Key@ietf.org',
                   struct.pack('!H', seq), 64)

    def initiate(self, seq=None, identifier=1, flags=0x20, suite=2, tlvs=b'', nai=None):
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        nai = nai or self.nai
        tag_len = {1: 8, 2: 16, 3: 32}[suite]
        body = bytes([2, flags]) + struct.pack('!H', seq) + bytes([1, len(nai)]) + nai + tlvs
        body += bytes([suite])
        packet = struct.pack('!BBH', 5, identifier, 4 + len(body) + tag_len) + body
        return packet + hmac.digest(self.rik(suite), packet, 'sha256')[:tag_len]

    def check_finish(self, finish, suite=2):
        """True when the tag is right."""
        tag_len = {1: 8, 2: 16, 3: 32}[suite]
        assert finish[-tag_len - 1] == suite, 'cryptosuite'
        return hmac.digest(self.rik(suite), finish[:-tag_len], 'sha256')[:tag_len] == finish[-tag_len:]


def reauthenticate(client, keys, nas=b'ap1', station=b'02-00-00-00-00-01', timeout=10, extra=b'',
                   user_name=None, **kwargs):
    """One ERP exchange; (reply packet or None, the Initiate)."""
    initiate = keys.initiate(**kwargs)
    answer = client.ask(erp_attributes(keys, initiate, nas, station, user_name) + extra, timeout)
    return answer, initiate


def hand_over(client, keys, *places):
    """To each of these access points in turn; both ends have the same key, a new one each time."""
    for nas in places:
        answer, _ = reauthenticate(client, keys, nas=nas)
        assert answer.code == ACCESS_ACCEPT and keys.check_finish(answer.eap)
        assert reply_key(client, answer) == keys.rmsk(keys.seq - 1)


def erp_attributes(keys, initiate, nas=b'ap1', station=b'02-00-00-00-00-01', user_name=None):
    return (attribute(USER_NAME, user_name or keys.nai) + attribute(NAS_IDENTIFIER, nas)
            + attribute(CALLING_STATION_ID, station) + eap_attributes(initiate))


def reply_key(client, answer):
    """MSK or rMSK as the authenticator gets it: Recv-Key then Send-Key."""
    ra = client.last[4:20]
    return (unhide(client.secret, ra, answer.vsa(311, 17))
            + unhide(client.secret, ra, answer.vsa(311, 16)))

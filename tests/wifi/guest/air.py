# SPDX-License-Identifier: ISC
"""What went over the air: the frames of one scenario, from hwsim's monitor interface."""
import socket
import struct

RECEIVE_BUFFER = 8 << 20
AUTH_NAMES = {0: 'open', 2: 'ft', 4: 'fils', 5: 'fils-pfs', 6: 'fils-pk'}
ETH_P_ALL = 3


class Air:
    """Frames are kept by the kernel and read afterwards: it costs the scenario nothing."""

    def __init__(self, interface='hwsim0'):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER)  # SO_RCVBUFFORCE
        self.socket.bind((interface, 0))
        self.socket.setblocking(False)

    def frames(self):
        """The frames since the last call, as words; beacons, scans and ACKs left out."""
        seen = []
        while True:
            try:
                frame = self.socket.recv(4096)
            except BlockingIOError:
                return seen
            word = describe(frame)
            if word:
                seen.append(word)


def describe(frame):
    start = struct.unpack_from('<H', frame, 2)[0]  # behind the radiotap header
    if len(frame) < start + 24:
        return None
    kind, subtype = frame[start] >> 2 & 3, frame[start] >> 4
    flags = frame[start + 1]
    body = start + 24 + (6 if flags & 3 == 3 else 0)
    if kind == 0:
        if subtype == 11:
            algorithm, transaction, status = struct.unpack_from('<HHH', frame, body)
            return (f'auth-{AUTH_NAMES.get(algorithm, algorithm)}-{transaction}'
                    + (f'-status-{status}' if status else ''))
        name = {0: 'assoc-req', 1: 'assoc-resp', 2: 'reassoc-req', 3: 'reassoc-resp',
                10: 'disassoc', 12: 'deauth'}.get(subtype)
        status = struct.unpack_from('<H', frame, body + 2)[0] if subtype in (1, 3) else 0
        return f'{name}-status-{status}' if status else name
    if kind == 2 and not flags & 0x40:  # data, not encrypted
        body += 2 if subtype & 8 else 0
        if frame[body:body + 8] == b'\xaa\xaa\x03\0\0\0\x88\x8e':
            return describe_eapol(frame[body + 8:])
    return None


def describe_eapol(packet):
    if packet[1] != 0:
        return {1: 'eapol-start', 2: 'eapol-logoff', 3: 'eapol-key'}.get(packet[1], 'eapol')
    names = {1: 'eap-request', 2: 'eap-response', 3: 'eap-success', 4: 'eap-failure',
             5: 'eap-initiate', 6: 'eap-finish'}
    name = names.get(packet[4], 'eap')
    if packet[4] == 5 and packet[8] == 1:
        return 'eap-reauth-start'
    return name

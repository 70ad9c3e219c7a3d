# SPDX-License-Identifier: ISC
"""What went over the wire: the RADIUS packets of one scenario, at the server's cable."""
import socket
import struct

from air import ETH_P_ALL, RECEIVE_BUFFER

NAMES = {1: 'Access-Request', 2: 'Access-Accept', 3: 'Access-Reject', 11: 'Access-Challenge'}
STATE, VENDOR_SPECIFIC, CALLING_STATION_ID, EAP_MESSAGE = 24, 26, 31, 79
MICROSOFT, MPPE_SEND_KEY, MPPE_RECV_KEY = 311, 16, 17
EAP_NAMES = {1: 'request', 2: 'response', 3: 'success', 4: 'failure', 5: 'initiate', 6: 'finish'}


class Packet:
    def __init__(self, octets, at):
        self.at = at
        self.code, self.identifier, length = struct.unpack_from('>BBH', octets)
        self.name = NAMES.get(self.code, self.code)
        self.attributes = []
        offset = 20
        while offset + 1 < min(length, len(octets)):  # less, when it came in IP fragments
            kind, size = octets[offset], octets[offset + 1]
            self.attributes.append((kind, octets[offset + 2:offset + size]))
            offset += size
        self.eap = b''.join(v for k, v in self.attributes if k == EAP_MESSAGE)

    def has(self, kind):
        return any(k == kind for k, _ in self.attributes)

    @property
    def eap_name(self):
        return EAP_NAMES.get(self.eap[0]) if self.eap else None

    def hidden_keys(self):
        """Lengths of the hidden MS-MPPE keys, by type: 34 with the salt is 32 octets of key."""
        return {v[4]: len(v) - 6 for k, v in self.attributes
                if k == VENDOR_SPECIFIC and v[:4] == struct.pack('>I', MICROSOFT)
                and v[4] in (MPPE_SEND_KEY, MPPE_RECV_KEY)}


class Wire:
    """Packets are kept by the kernel and read afterwards: it costs the scenario nothing."""

    def __init__(self, interface='server'):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, 33, RECEIVE_BUFFER)  # SO_RCVBUFFORCE
        self.socket.setsockopt(socket.SOL_SOCKET, 35, 1)  # SO_TIMESTAMPNS
        self.socket.bind((interface, 0))
        self.socket.setblocking(False)

    def packets(self):
        """The RADIUS packets since the last call."""
        seen = []
        while True:
            try:
                ip, extra, _, _ = self.socket.recvmsg(4096, 64)
            except BlockingIOError:
                return seen
            seconds, nanoseconds = struct.unpack('qq', extra[0][2])
            udp = (ip[0] & 15) * 4
            if ip[0] >> 4 == 4 and ip[9] == 17 and 1812 in struct.unpack_from('>HH', ip, udp):
                seen.append(Packet(ip[udp + 8:], seconds + nanoseconds / 1e9))

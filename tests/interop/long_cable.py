#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A cable of a length: carries frames between two interfaces, each after a delay.

    long_cable.py INTERFACE INTERFACE MILLISECONDS

For kernels without netem. Says "ready" when both ends are plugged in. What comes
while an interface is down is lost, as it is when a line is cut.
"""
import collections
import selectors
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
LONGEST = 70000


def plug(interface):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    # Frames come with what is left to do for their checksums and segments, and go on with it.
    sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    sock.bind((interface, ETH_P_ALL))
    sock.setblocking(False)
    return sock


def take_in(end, other, delay_s, queue):
    try:
        while True:
            frame = end.recv(LONGEST)
            queue.append((time.monotonic() + delay_s, other, frame))
    except OSError:
        return


def send_due(queue):
    """Seconds until the next frame is due; None: there is none."""
    while queue:
        due, end, frame = queue[0]
        left = due - time.monotonic()
        if left > 0:
            return left
        queue.popleft()
        try:
            end.send(frame)
        except OSError:
            pass  # the line is cut
    return None


def main():
    ends = plug(sys.argv[1]), plug(sys.argv[2])
    delay_s = float(sys.argv[3]) / 1000
    queue = collections.deque()  # one delay for all: it stays in order
    selector = selectors.DefaultSelector()
    selector.register(ends[0], selectors.EVENT_READ, ends[1])
    selector.register(ends[1], selectors.EVENT_READ, ends[0])
    print('ready', flush=True)
    while True:
        for key, _ in selector.select(send_due(queue)):
            take_in(key.fileobj, key.data, delay_s, queue)


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: ISC
"""Clocks that are set, certificates that end, descriptors that run out, senders that do harm."""
import contextlib
import os
import resource
import signal
import socket
import threading
import time

import pytest

import radius
from lab import Pki, inside
from test_radsec import Peer, home

DAY = 86400


class Clocks:
    """What clock.c goes by."""

    def __init__(self, lab, shim):
        self.path = lab.folder / 'clocks'
        self.env = {'LD_PRELOAD': str(shim('clock')), 'CLOCKS': str(self.path),
                    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}

    def set(self, day, start=0):
        new = self.path.with_suffix('.new')
        new.write_text(f'{day} {start}\n')
        new.rename(self.path)

    @contextlib.contextmanager
    def here(self):
        """For programs that are started meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            for name in 'LD_PRELOAD', 'CLOCKS':
                patch.setenv(name, self.env[name])
            yield


@pytest.fixture
def clocks(lab, shim):
    return Clocks(lab, shim)


@pytest.fixture
def old_pki(lab, clocks):
    """Certificates made ten days ago, good for thirty."""
    clocks.set(-10 * DAY)
    with clocks.here():
        made = Pki(lab.folder / 'old-pki').user('client', 'alice@home.example')
    clocks.set(0)
    return made


def test_clock_set_back_by_a_day(lab, wpa, old_pki, hokeyd, clocks):
    """While it runs and before a start: keys go on, no number is taken twice, devices log in."""
    store = f'type = lmdb  path = "{lab.folder}/keys"  wrap-key-file = "{lab.folder}/wrap.key"'
    server = lab.configured(hokeyd, old_pki, store=store, env=clocks.env)
    keys = lab.login(wpa, old_pki)
    client = lab.radius_client()
    answered = []

    def go_on():
        answer, initiate = radius.reauthenticate(client, keys)
        assert answer.code == radius.ACCESS_ACCEPT
        answered.append(initiate)
        assert radius.reauthenticate(client, lab.login(wpa, old_pki))[0].code == radius.ACCESS_ACCEPT

    def refuses_replays():
        for initiate in answered:
            replay = client.ask(radius.erp_attributes(keys, initiate, nas=b'another'), timeout=0.5)
            assert replay is None or replay.code == radius.ACCESS_REJECT

    go_on()
    clocks.set(-DAY)
    go_on()
    refuses_replays()
    for how in ('stop', 'kill'):
        getattr(server, how)()
        server = lab.configured(hokeyd, old_pki, store=store, env=clocks.env)
        refuses_replays()
        go_on()
    assert server.stop() == 0


def test_certificates_that_end_meanwhile(lab, wpa, pki, hokeyd, clocks):
    """A key ends with the certificate it was made with; that ours has ended is said at once."""
    pki.issue('short', 'clientAuth', 'email:alice@home.example', days='10')
    server = lab.configured(hokeyd, pki, erp='rrk-lifetime = 30d', env=clocks.env)
    keys, short = lab.login(wpa, pki), lab.login(wpa, pki, user='short')
    client = lab.radius_client()

    def pass_days(n):
        clocks.set(n * DAY, n * DAY)

    def answers():
        return [radius.reauthenticate(client, k)[0].code for k in (keys, short)]

    pass_days(9)
    assert answers() == [radius.ACCESS_ACCEPT, radius.ACCESS_ACCEPT]
    pass_days(11)
    assert answers() == [radius.ACCESS_ACCEPT, radius.ACCESS_CHALLENGE]  # that is, full EAP
    mark = server.mark()
    with pytest.raises(AssertionError):
        lab.login(wpa, pki, user='short')
    server.wait_for(r'Login incorrect \(.*expired', since=mark)
    assert lab.login(wpa, pki)
    pass_days(31)
    server.wait_for(r'our certificate has expired', since=mark)
    assert server.stop() == 0


# ---- RADIUS/TLS ----

@pytest.fixture
def certificates(pki):
    for name in ('home', 'proxy'):
        if not pki.cert(name).exists():
            pki.issue(name, 'serverAuth,clientAuth', f'DNS:{name}.example')
    return pki


def is_served(lab, certificates):
    peer = Peer(lab, certificates)
    peer.send(peer.request())
    return bool(peer.receive())


def silent(lab, n):
    with inside(lab.net):
        return [socket.create_connection(('127.0.0.2', 2083), timeout=20) for _ in range(n)]


def is_closed(sock, timeout=20):
    sock.settimeout(timeout)
    try:
        return sock.recv(100) == b''
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_slow_handshakes_end_and_give_way(lab, certificates, hokeyd):
    """Those who connect and then dawdle take no place from others, and not for long."""
    there = home(lab, hokeyd, certificates, listen='max-connections = 4')
    slow = silent(lab, 4)
    stop = threading.Event()

    def dawdle(sock):
        # A record of 16,000 octets, one now and then: no single pause is long.
        with contextlib.suppress(OSError):
            sock.sendall(b'\x16\x03\x01\x3e\x80')
            while not stop.wait(0.5):
                sock.sendall(b'\x01')

    threads = [threading.Thread(target=dawdle, args=(sock,), daemon=True) for sock in slow]
    for thread in threads:
        thread.start()
    assert is_served(lab, certificates)
    assert is_closed(slow[0])  # the oldest made room
    there.wait_for('others want its place')
    for sock in slow[1:]:
        assert is_closed(sock)
    stop.set()
    for thread in threads:
        thread.join()
    assert is_served(lab, certificates)
    assert there.stop() == 0


def test_no_descriptors_left(lab, certificates, hokeyd):
    """Connections that cannot be taken are closed, known ones go on; then all is well again."""
    there = home(lab, hokeyd, certificates)
    known = Peer(lab, certificates)
    known.send(known.request())
    assert known.receive()
    now = len(os.listdir(f'/proc/{there.pid}/fd'))
    soft, hard = resource.prlimit(there.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(there.pid, resource.RLIMIT_NOFILE, (now + 3, hard))
    crowd = silent(lab, 12)
    assert all(is_closed(sock) for sock in crowd[-6:])
    there.wait_for('no descriptors left')
    known.send(known.request())
    assert known.receive()
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(10)
        control.connect(str(lab.folder / 'home.sock'))
        control.settimeout(20)
        with contextlib.suppress(ConnectionError):
            assert control.recv(100) == b''
    mark = there.mark()
    there.signal(signal.SIGHUP)
    there.wait_for(r'reload failed, the old configuration stays: .*Too many open files', since=mark)
    for sock in crowd:
        sock.close()
    resource.prlimit(there.pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert is_served(lab, certificates)
    there.signal(signal.SIGHUP)
    there.wait_for(r'configuration loaded', since=mark)
    assert there.stop() == 0


# ---- floods ----

def test_a_client_that_floods(lab, wpa, pki, hokeyd):
    """Garbage, forged packets and logins without end from one address; another is served."""
    server = lab.configured(hokeyd, pki, more='client other { address = "127.0.0.5"  '
                            'secret = "another-throw-away" }')
    keys = lab.login(wpa, pki)
    stop = threading.Event()
    sent = [0] * 3

    def flood(kind):
        client = lab.radius_client('127.0.0.5' if kind else '127.0.0.9',
                                   secret=b'another-throw-away')
        client.sock.setblocking(False)
        eap = bytes([2, 7, 0, 23]) + b'\1alice@home.example'
        # As much as a slow machine can read: what the kernel drops says nothing of the server.
        while not stop.wait(0.005):
            attributes = (radius.attribute(radius.USER_NAME, b'alice@home.example')
                          + radius.attribute(radius.NAS_IDENTIFIER, b'ap1')
                          + radius.eap_attributes(eap))
            secret = client.secret if kind == 2 else b'somebody else'
            octets = radius.request(secret, attributes, identifier=client.next_identifier())
            with contextlib.suppress(BlockingIOError, ConnectionError):
                for _ in range(1 if kind == 2 else 20):
                    client.send(octets if kind else octets[:40] + os.urandom(8))
                    sent[kind] += 1

    threads = [threading.Thread(target=flood, args=(kind,), daemon=True) for kind in range(3)]
    for thread in threads:
        thread.start()
    client = lab.radius_client()
    deadline = time.monotonic() + 60
    while min(sent) < 500 and time.monotonic() < deadline:
        time.sleep(0.02)
    served = 0
    for _ in range(30):
        initiate = keys.initiate()
        # As access points do: the same again.
        for _ in range(10):
            answer = client.ask(radius.erp_attributes(keys, initiate), timeout=1)
            if answer is not None:
                break
        served += answer is not None and answer.code == radius.ACCESS_ACCEPT
    for _ in range(4):
        with contextlib.suppress(AssertionError):
            fresh = lab.login(wpa, pki, timeout=30)
            break
    stop.set()
    for thread in threads:
        thread.join()
    assert served == 30, sent
    assert min(sent) >= 500
    assert radius.reauthenticate(client, fresh)[0].code == radius.ACCESS_ACCEPT
    assert server.stop() == 0

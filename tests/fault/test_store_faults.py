# SPDX-License-Identifier: ISC
"""Disks that fill up or are read-only; servers that are killed."""
import contextlib
import os
import random
import re
import subprocess
import threading
import time

import pytest

import radius
from lab import keys_of, wait_until


@contextlib.contextmanager
def small_disk(folder, size):
    folder.mkdir()
    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={size},mode=0700', 'tmpfs', folder],
                   check=True)
    try:
        yield folder
    finally:
        subprocess.run(['umount', '-l', folder])


def fill(disk):
    with open(disk / 'fill', 'wb', buffering=0) as f, contextlib.suppress(OSError):
        while True:
            f.write(bytes(4096))


def test_full_disk(lab, wpa, pki, hokeyd):
    """Devices that are known go on; a new login succeeds and it is said that it leaves no keys."""
    with small_disk(lab.folder / 'disk', '4m') as disk:
        store = f'type = lmdb  path = "{disk}/keys"  wrap-key-file = "{disk}/wrap.key"'
        server = lab.configured(hokeyd, pki, store=store)
        keys = lab.login(wpa, pki)
        client = lab.radius_client()
        fill(disk)
        mark = server.mark()
        for _ in range(40):
            answer, initiate = radius.reauthenticate(client, keys)
            assert answer.code == radius.ACCESS_ACCEPT
        latecomers = [lab.login(wpa, pki) for _ in range(20)]
        server.wait_for(r'(?i)store.*(full|space)', since=mark)
        server.kill()
        server = lab.configured(hokeyd, pki, store=store)
        assert client.ask(radius.erp_attributes(keys, initiate, nas=b'x')).code != radius.ACCESS_ACCEPT
        codes = {radius.reauthenticate(client, k)[0].code for k in latecomers}
        assert radius.ACCESS_CHALLENGE in codes  # not stored: full EAP

        (disk / 'fill').unlink()
        assert radius.reauthenticate(client, lab.login(wpa, pki))[0].code == radius.ACCESS_ACCEPT


def test_quick_starts_again_on_a_full_disk(lab, wpa, pki, hokeyd):
    """What it wrote at the first start is right, so nothing has to be written."""
    with small_disk(lab.folder / 'disk', '4m') as disk:
        server = lab.quick(hokeyd, pki, state=disk)
        keys = lab.login(wpa, pki)
        assert server.stop() == 0
        fill(disk)
        server = lab.quick(hokeyd, pki, state=disk)
        answer, _ = radius.reauthenticate(lab.radius_client(), keys)
        assert answer.code == radius.ACCESS_ACCEPT
        assert server.stop() == 0


CALLS = {
    'write': 'write writev pwrite pwrite64 pwritev pwritev64',
    'sync': 'fdatasync fsync',
    'space': 'ftruncate ftruncate64 posix_fallocate posix_fallocate64',
    'map': 'mmap mmap64',
}


class FailingDisk:
    """What failing_disk.c goes by: calls on files of the store that fail from now on."""

    def __init__(self, lab, shim):
        self.trigger = lab.folder / 'failing-calls'
        self.env = {'LD_PRELOAD': str(shim('failing_disk')), 'FAILING_DISK': str(self.trigger),
                    'FAILING_FILES': f'{lab.folder}/keys',
                    'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}
        self.store = (f'type = lmdb  path = "{lab.folder}/keys"  '
                      f'wrap-key-file = "{lab.folder}/wrap.key"  durability = full')

    def fails(self, kind):
        self.trigger.write_text(CALLS[kind])

    def works(self):
        self.trigger.unlink()


@pytest.fixture
def disk(lab, shim):
    return FailingDisk(lab, shim)


@pytest.mark.parametrize('kind', ['write', 'sync'])
def test_failing_disk_is_reported_and_nothing_is_answered(lab, wpa, pki, hokeyd, disk, kind):
    """Nor forgotten: once the disk works, what was answered before is refused, and the rest goes on."""
    server = lab.configured(hokeyd, pki, store=disk.store, env=disk.env)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    answer, answered = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    disk.fails(kind)
    mark = server.mark()
    for _ in range(3):
        answer, _ = radius.reauthenticate(client, keys, timeout=0.5)
        assert answer is None
    server.wait_for(r'(?i)store.*(fail|error)', since=mark)
    assert lab.login(wpa, pki)  # without keys for later, but in
    assert server.running()
    disk.works()
    server.kill()
    lab.configured(hokeyd, pki, store=disk.store, env=disk.env)
    client = lab.radius_client()
    replay = client.ask(radius.erp_attributes(keys, answered, nas=b'another'))
    assert replay.code == radius.ACCESS_REJECT
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT


def test_disk_that_does_not_grow(lab, wpa, pki, hokeyd, disk):
    """Key sets that are there work, new ones come while there is room; nobody is kept out."""
    server = lab.configured(hokeyd, pki, store=disk.store, env=disk.env)
    keys = lab.login(wpa, pki)
    disk.fails('space')
    client = lab.radius_client()
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT
    assert lab.login(wpa, pki)
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT
    disk.works()
    assert server.stop() == 0


@pytest.mark.parametrize('kind', ['write', 'sync', 'map'])
def test_store_that_cannot_be_opened_is_refused_and_stays(lab, wpa, pki, hokeyd, disk, kind):
    server = lab.configured(hokeyd, pki, store=disk.store, env=disk.env)
    keys = lab.login(wpa, pki)
    assert server.stop() == 0
    disk.fails(kind)
    broken = lab.start([hokeyd, '--config', lab.folder / 'hokeyd.conf'], env=disk.env)
    assert broken.wait() == 1
    assert re.search(r'store: .*keys: (Input/output error|Cannot allocate memory|out of memory)',
                     broken.output()), broken.output()
    disk.works()
    lab.configured(hokeyd, pki, store=disk.store, env=disk.env)
    assert radius.reauthenticate(lab.radius_client(), keys)[0].code == radius.ACCESS_ACCEPT


def test_read_only_disk_is_refused_at_start(lab, pki, hokeyd):
    with small_disk(lab.folder / 'disk', '4m') as disk:
        subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
        server = lab.start([hokeyd, '--quick', '--listen', '127.0.0.1:1812', '--secret',
                            'throw-away-secret', '--certs', pki.folder, '--state', disk])
        assert server.wait() != 0
        assert 'Read-only file system' in server.output()


class Load:
    """Devices that re-authenticate and log in until the server is gone."""

    def __init__(self, lab, wpa, pki, sets):
        self.answered, self.new, self.wrong = [], [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.reauthenticate, args=(lab, keys)) for keys in sets]
        self.threads.append(threading.Thread(target=self.log_in, args=(lab, wpa, pki)))
        self.device = None
        for thread in self.threads:
            thread.start()

    def reauthenticate(self, lab, keys):
        client = lab.radius_client()
        while not self.stop.is_set():
            answer, initiate = radius.reauthenticate(client, keys, timeout=0.2)
            if answer is not None and answer.code != radius.ACCESS_ACCEPT:
                self.wrong.append(answer.code)
            elif answer is not None:
                self.answered.append((keys, initiate))

    def log_in(self, lab, wpa, pki):
        while not self.stop.is_set():
            self.device = lab.start(lab.eapol_test(wpa, pki))
            if self.device.wait(60) == 0:
                self.new.append(keys_of(self.device.output(), 'alice@home.example'))

    def end(self):
        self.stop.set()
        for thread in self.threads:
            while thread.is_alive():
                self.device.kill()  # it would wait for an answer
                thread.join(0.1)


# E6696-5.2-19 E6696-8-02
def test_killed_at_any_moment_nothing_is_lost_or_accepted_twice(lab, wpa, pki, hokeyd):
    """kill -9 under load, start again: what was answered is refused, all key sets work."""
    store = (f'type = lmdb  path = "{lab.folder}/keys"  wrap-key-file = "{lab.folder}/wrap.key"  '
             'max-sets-per-user = 0')
    erp = 'failures-per-second = 0'
    server = lab.configured(hokeyd, pki, store=store, erp=erp)
    sets = [lab.login(wpa, pki) for _ in range(2)]
    rng = random.Random(20261122)
    for _ in range(int(os.environ.get('KILL_ROUNDS', 4))):
        busy = lab.login(wpa, pki)  # another one: a device has 65,536 numbers
        load = Load(lab, wpa, pki, [busy])
        wait_until(lambda: load.answered and load.new)
        time.sleep(rng.uniform(0, 0.3))
        server.kill()
        load.end()
        assert not load.wrong
        server = lab.configured(hokeyd, pki, store=store, erp=erp)
        client = lab.radius_client()
        for keys, initiate in load.answered[-20:]:
            replay = client.ask(radius.erp_attributes(keys, initiate, nas=b'another'))
            assert replay.code == radius.ACCESS_REJECT
        for keys in [*sets, busy, *load.new]:
            answer, _ = radius.reauthenticate(client, keys)
            assert answer.code == radius.ACCESS_ACCEPT

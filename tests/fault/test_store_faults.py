# SPDX-License-Identifier: ISC
"""Disks that fill up or are read-only; servers that are killed."""
import contextlib
import os
import pathlib
import random
import subprocess
import threading
import time

import radius


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


def test_failing_disk_is_reported_and_nothing_is_answered(lab, wpa, pki, hokeyd):
    shim, trigger = lab.folder / 'failing_disk.so', lab.folder / 'fail'
    subprocess.run(['gcc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', shim,
                    pathlib.Path(__file__).with_name('failing_disk.c')], check=True)
    env = {'LD_PRELOAD': str(shim), 'FAILING_DISK': str(trigger),
           'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}
    server = lab.quick(hokeyd, pki, env=env)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    assert radius.reauthenticate(client, keys)[0].code == radius.ACCESS_ACCEPT
    trigger.touch()
    mark = server.mark()
    for _ in range(3):
        answer, _ = radius.reauthenticate(client, keys, timeout=0.5)
        assert answer is None
    server.wait_for(r'(?i)store.*(fail|error)', since=mark)
    assert server.running()


def test_read_only_disk_is_refused_at_start(lab, pki, hokeyd):
    with small_disk(lab.folder / 'disk', '4m') as disk:
        subprocess.run(['mount', '-o', 'remount,ro', disk], check=True)
        server = lab.start([hokeyd, '--quick', '--listen', '127.0.0.1:1812', '--secret',
                            'throw-away-secret', '--certs', pki.folder, '--state', disk])
        assert server.wait() != 0
        assert 'Read-only file system' in server.output()


# E6696-5.2-19 E6696-8-02
def test_killed_at_any_moment_no_number_is_accepted_twice(lab, wpa, pki, hokeyd):
    """kill -9 under load, start again: what was answered is refused, all key sets work."""
    server = lab.quick(hokeyd, pki)
    sets = [lab.login(wpa, pki) for _ in range(2)]
    rng = random.Random(20261122)
    for _ in range(int(os.environ.get('KILL_ROUNDS', 6))):
        answered, stop = [], threading.Event()

        def load(keys):
            client = lab.radius_client()
            while not stop.is_set():
                answer, initiate = radius.reauthenticate(client, keys, timeout=0.2)
                if answer is not None:
                    assert answer.code == radius.ACCESS_ACCEPT
                    answered.append((keys, initiate))

        threads = [threading.Thread(target=load, args=(keys,)) for keys in sets[:-1]]
        for thread in threads:
            thread.start()
        time.sleep(rng.uniform(0.1, 0.4))
        server.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert answered
        server = lab.quick(hokeyd, pki)
        client = lab.radius_client()
        refused = 0
        for keys, initiate in answered[-20:]:
            replay = client.ask(radius.erp_attributes(keys, initiate, nas=b'another'), timeout=0.3)
            # Over the rate of protected failures it is silent; never does it accept.
            assert replay is None or replay.code == radius.ACCESS_REJECT
            refused += replay is not None
        assert refused
        for keys in sets:
            answer, _ = radius.reauthenticate(client, keys)
            assert answer.code == radius.ACCESS_ACCEPT

# SPDX-License-Identifier: ISC
"""What the daemon leaves of the keys of a device: in memory, on disk, in its log.

The device is eapol_test, which prints the keys of its throw-away login; with
those the test takes part in re-authentications and looks for all of them.
"""
import os
import pathlib
import re

import pytest

import memory
import radius
import test_radsec

CAP_FILES_AND_PORTS = 1 << 1 | 1 << 2 | 1 << 10  # DAC_OVERRIDE, DAC_READ_SEARCH, NET_BIND_SERVICE


def status(pid):
    lines = pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
    return dict(line.split(':\t', 1) for line in lines if ':\t' in line)


@pytest.fixture
def scannable(sanitized):
    if os.geteuid():
        pytest.skip('cannot run here: only root may look into the daemon')
    if sanitized:
        pytest.skip('cannot run here: a sanitizer keeps what was freed')


class Device:
    """One login, with all secrets that it made."""

    def __init__(self, lab, wpa, pki, shim, tls='1.3', **kwargs):
        log = lab.folder / 'keylog'
        log.unlink(missing_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv('LD_PRELOAD', str(shim('keylog')))
            patch.setenv('KEYLOG', str(log))
            self.keys = lab.login(wpa, pki, tls=tls, **kwargs)
        self.secrets = {'MSK': self.keys.msk, 'EMSK': self.keys.emsk, 'rRK': self.keys.rrk}
        for suite in (1, 2, 3):
            self.secrets[f'rIK of suite {suite}'] = self.keys.rik(suite)
        for line in log.read_text().splitlines():
            label, _, secret = line.split()
            self.secrets['TLS ' + label] = bytes.fromhex(secret)
        assert any(name.startswith('TLS ') for name in self.secrets)

    def reauthenticate(self, client, suite=2):
        seq = self.keys.seq
        answer, _ = radius.reauthenticate(client, self.keys, suite=suite)
        assert answer.code == radius.ACCESS_ACCEPT
        assert radius.reply_key(client, answer) == self.keys.rmsk(seq)
        self.secrets[f'rMSK {seq}'] = self.keys.rmsk(seq)

    def states(self):
        """Of keys, as HMAC is done with them."""
        return {f'HMAC state of {name}, {where}': memory.hmac_state(self.secrets[name], pad)
                for name in ('rRK', 'rIK of suite 2') for where, pad in (('inner', 0x36), ('outer', 0x5c))}


def use(lab, wpa, pki, shim, tls):
    device = Device(lab, wpa, pki, shim, tls)
    client = lab.radius_client()
    for suite in (2, 2, 3, 2):
        device.reauthenticate(client, suite)
    return device


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_memory_store_keeps_only_what_reauthenticates(lab, wpa, pki, hokeyd, shim, scannable, tls):
    """HMAC states of rRK and rIK, by design; no key, and nothing that one can be computed from."""
    server = lab.configured(hokeyd, pki, erp='cryptosuites = { hmac-sha256-128, hmac-sha256-256 }')
    device = use(lab, wpa, pki, shim, tls)
    assert memory.find(server.pid, device.secrets) == {}
    states = device.states()
    # That they are found also shows that the search finds.
    assert set(memory.find(server.pid, states)) == set(states)


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_lmdb_store_keeps_nothing_in_memory(lab, wpa, pki, hokeyd, shim, scannable, tls):
    store = f'type = lmdb  path = "{lab.folder}/keys"  wrap-key-file = "{lab.folder}/wrap.key"'
    server = lab.configured(hokeyd, pki, store=store,
                            erp='cryptosuites = { hmac-sha256-128, hmac-sha256-256 }')
    device = use(lab, wpa, pki, shim, tls)
    assert memory.find(server.pid, {**device.secrets, **device.states()}) == {}
    wrap = {'the wrapping key': (lab.folder / 'wrap.key').read_bytes()}
    assert set(memory.find(server.pid, wrap)) == set(wrap)
    for path in (lab.folder / 'keys').iterdir():
        octets = path.read_bytes()
        for name, secret in {**device.secrets, **device.states(), **wrap}.items():
            for form, piece in memory.forms(secret):
                assert piece not in octets, (path.name, name, form)


def test_kept_emsk_is_kept_as_a_state(lab, wpa, pki, hokeyd, shim, scannable):
    """keep-emsk = yes: what derives keys for other domains stays, not the EMSK itself."""
    server = lab.configured(hokeyd, pki, erp='keep-emsk = yes')
    device = Device(lab, wpa, pki, shim)
    device.reauthenticate(lab.radius_client())
    assert memory.find(server.pid, device.secrets) == {}
    state = {'HMAC state of EMSK': memory.hmac_state(device.keys.emsk)}
    assert set(memory.find(server.pid, state)) == set(state)


def test_a_proxy_keeps_no_key_that_went_through(lab, wpa, pki, hokeyd, shim, scannable):
    """It unhides MSK and rMSK for the one side and hides them for the other."""
    for name in 'home', 'proxy':
        pki.issue(name, 'serverAuth,clientAuth', f'DNS:{name}.example')
    servers = [test_radsec.home(lab, hokeyd, pki), test_radsec.proxy(lab, hokeyd, pki)]
    servers[1].wait_for('is connected|connected to')
    device = Device(lab, wpa, pki, shim)
    client = lab.radius_client()
    for _ in range(3):
        device.reauthenticate(client)
    for server in servers:
        assert memory.find(server.pid, device.secrets) == {}, server.name
    assert memory.find(servers[0].pid, device.states())
    assert not memory.find(servers[1].pid, device.states())


def test_removed_keys_are_gone_from_memory(lab, wpa, pki, hokeyd, hokey, shim, scannable):
    server = lab.configured(hokeyd, pki)
    device = Device(lab, wpa, pki, shim)
    device.reauthenticate(lab.radius_client())
    states = device.states()
    assert memory.find(server.pid, states)
    lab.run([hokey, 'revoke', device.keys.nai.decode(), '--control', lab.folder / 'control.sock'],
            check=True)
    assert memory.find(server.pid, {**device.secrets, **states}) == {}


def test_no_key_in_the_transcript(lab, wpa, pki, hokeyd, shim):
    """Nor the RADIUS secret, in any way of writing that is in use."""
    server = lab.configured(hokeyd, pki, args=['-X'])
    device = Device(lab, wpa, pki, shim)
    client = lab.radius_client()
    for _ in range(3):
        device.reauthenticate(client)
    server.wait_for(r'EAP-Finish')
    assert server.stop() == 0
    text = server.output()
    assert len(text) > 5000 and 'throw-away-secret' not in text
    dense = re.sub(r'[^0-9a-f]', '', text.lower().replace('0x', ''))
    for name, secret in {**device.secrets, **device.states()}.items():
        for at in range(0, len(secret) - 7, 8):
            piece = secret[at:at + 8]
            for form in (piece, piece[::-1], memory.swapped(piece)):
                assert form.hex() not in dense, name
            assert piece not in server.log.read_bytes(), name


# ---- what the system lets others see ----

def test_key_pages_are_locked_and_in_no_core_dump(lab, pki, hokeyd, sanitized):
    server = lab.configured(hokeyd, pki)
    limits = pathlib.Path(f'/proc/{server.pid}/limits').read_text()
    assert re.search(r'^Max core file size\s+0\s+0\s', limits, re.M)
    heaps = [m for m in memory.mappings(server.pid)
             if {'lo', 'dd'} <= m['flags'] and m['end'] - m['start'] >= 16 << 20]
    assert heaps, 'no heap that is locked and not dumped'
    assert heaps[0]['Locked'] > 0
    assert int(status(server.pid)['VmLck'].split()[0]) >= 16 << 10
    # Not dumpable: what belongs to root in /proc, whoever the process is.
    assert os.stat(f'/proc/{server.pid}/mem').st_uid == 0


def test_root_keeps_only_what_opens_files_and_ports(lab, pki, hokeyd, sanitized):
    if os.geteuid():
        pytest.skip('cannot run here: needs root')
    server = lab.configured(hokeyd, pki)
    lines = [line.split(':') for line in
             pathlib.Path(f'/proc/{server.pid}/status').read_text().splitlines()]
    sets = {name: int(value, 16) for name, value in lines if name.startswith('Cap')}
    debugger = 1 << 19 if sanitized else 0  # SYS_PTRACE, to look for leaks
    assert sets['CapPrm'] | sets['CapEff'] | sets['CapBnd'] == CAP_FILES_AND_PORTS | debugger
    assert sets['CapInh'] == sets['CapAmb'] == 0
    assert server.stop() == 0


def test_the_filter_can_be_turned_off(lab, pki, hokeyd, sanitized):
    server = lab.configured(hokeyd, pki, args=['--syscall-filter', 'off'])
    assert status(server.pid)['Seccomp'] == '0'
    assert server.stop() == 0
    done = lab.run([hokeyd, '--syscall-filter', 'maybe'])
    assert done.returncode == 2

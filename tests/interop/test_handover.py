# SPDX-License-Identifier: ISC
"""Stock access points and a stock supplicant with hokeyd behind them."""
import shutil

import pytest

import radius
from lab import hexdump

FULL = r'CTRL-EVENT-EAP-SUCCESS'
ERP = r'EAP re-authentication completed successfully'


def authenticator_key(ap):
    """Recv-Key and Send-Key of the last Access-Accept: 64 octets of MSK or rMSK."""
    log = ap.output()
    return hexdump(log, 'MS-MPPE-Recv-Key') + hexdump(log, 'MS-MPPE-Send-Key')


def hand_over(lab, wpa, station, port, expect=ERP, timeout=20):
    mark = station.mark()
    lab.plug(port)
    lab.wpa_cli(wpa, 'reassociate')
    lab.announce(station, mark)
    station.wait_for(expect, timeout, mark)
    return station.output()[mark:]


# E6696-3-15 E6696-5.2-10 E6696-5.2-23 E6696-5.2-25 E6696-5.2-17 E6696-7-01
@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_full_login_then_handover(lab, wpa, pki, hokeyd, tls):
    server = lab.quick(hokeyd, pki)
    ap1 = lab.hostapd('ap1', 'ap1.home.example')
    ap2 = lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = lab.supplicant(wpa, pki, 'alice@home.example', tls)
    station.wait_for(FULL)
    assert f'Using TLS version TLSv{tls}' in station.output()
    msk = hexdump(station.output(), 'EAP-TLS: Derived key')[:64]
    assert authenticator_key(ap1) == msk

    log = hand_over(lab, wpa, station, 'ap2')
    assert authenticator_key(ap2) == hexdump(log, 'EAP: ERP rMSK') != msk
    assert ap2.output().count('RADIUS message: code=1 (Access-Request)') == 1
    assert server.stop() == 0


# K4962-3-04 K4962-3-06
def test_repeated_handover_to_and_fro(lab, wpa, pki, hokeyd):
    lab.quick(hokeyd, pki)
    aps = {'ap1': lab.hostapd('ap1', 'one.home.example'),
           'ap2': lab.hostapd('ap2', 'two.home.example')}
    lab.plug('ap1')
    station = lab.supplicant(wpa, pki, 'alice@home.example')
    station.wait_for(FULL)
    keys = set()
    for port in ('ap2', 'ap1', 'ap2'):
        lab.forget(port)
        log = hand_over(lab, wpa, station, port)
        rmsk = hexdump(log, 'EAP: ERP rMSK')
        assert authenticator_key(aps[port]) == rmsk
        keys.add(rmsk)
    assert len(keys) == 3


def test_server_lost_its_keys(lab, wpa, pki, hokeyd):
    """The device goes on with full EAP in the same conversation, and then has ERP again."""
    server = lab.quick(hokeyd, pki)
    lab.hostapd('ap1', 'ap1.home.example')
    ap2 = lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = lab.supplicant(wpa, pki, 'alice@home.example')
    station.wait_for(FULL)
    assert server.stop() == 0
    shutil.rmtree(lab.folder / 'state')
    lab.quick(hokeyd, pki)
    hand_over(lab, wpa, station, 'ap2', FULL)
    assert authenticator_key(ap2) == hexdump(station.output(), 'EAP-TLS: Derived key')[:64]
    lab.forget('ap1')
    hand_over(lab, wpa, station, 'ap1')


def test_keys_survive_a_killed_server(lab, wpa, pki, hokeyd):
    server = lab.quick(hokeyd, pki)
    lab.hostapd('ap1', 'ap1.home.example')
    lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = lab.supplicant(wpa, pki, 'alice@home.example')
    station.wait_for(FULL)
    server.kill()
    lab.quick(hokeyd, pki)
    hand_over(lab, wpa, station, 'ap2')


def test_a_device_that_begins_with_number_0_in_every_run(lab, wpa, pki, hokeyd):
    """
    iwd 2.3 keeps its key but not the sequence number, so in FILS its packet is the same in each
    run. A second access point never gets the key of the first.
    """
    server = lab.quick(hokeyd, pki)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()

    def run(nas):
        answer, _ = radius.reauthenticate(client, keys, nas, seq=0, identifier=0, flags=0)
        assert keys.check_finish(answer.eap)
        return answer

    answer = run(b'ap1')
    assert answer.code == radius.ACCESS_ACCEPT
    assert radius.reply_key(client, answer) == keys.rmsk(0)
    for nas in (b'ap2', b'ap3'):
        refusal = run(nas)
        assert refusal.code == radius.ACCESS_REJECT and refusal.eap[5] & 0x80
        assert not refusal.vsa(311, 16) and not refusal.vsa(311, 17)
    assert server.stop() == 0

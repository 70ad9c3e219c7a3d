# SPDX-License-Identifier: ISC
"""radclient, eapol_test and a client of our own against hokeyd."""
import socket
import threading

import pytest

import radius
from lab import inside
from radius import attribute


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_eapol_test_full_login(lab, wpa, pki, hokeyd, tls):
    lab.quick(hokeyd, pki)
    lab.login(wpa, pki, tls=tls)
    log = (lab.folder / 'state').parent
    done = lab.run([wpa / 'eapol_test', '-c', log / 'eapol_test.conf', '-a', '127.0.0.1', '-p', '1812',
                    '-s', 'throw-away-secret', '-r', '2', '-t', '20'])
    assert 'MPPE keys OK: 3  mismatch: 0' in done.stdout, done.stdout[-2000:]


def relay(lab, client_port, server_port, secret, stop):
    """Asks for ERP: answers EAP-Response/Identity with EAP-Initiate/Re-auth-Start once keys exist.

    eapol_test never starts ERP by itself; an access point would ask it to in the same way.
    """
    with inside(lab.net):
        front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        front.bind(('127.0.0.1', client_port))
        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.bind(('127.0.0.1', 0))
    front.settimeout(0.2)
    back.settimeout(3)
    logged_in = False
    while not stop.is_set():
        try:
            octets, source = front.recvfrom(4096)
        except socket.timeout:
            continue
        asked = radius.Packet(octets)
        if logged_in and asked.eap[0] == 2 and asked.eap[4] == 1:
            start = bytes([5, 77, 0, 6, 1, 0])
            front.sendto(radius.reply(secret, octets, radius.ACCESS_CHALLENGE,
                                      attribute(radius.STATE, b'relay')
                                      + radius.eap_attributes(start)), source)
            continue
        back.sendto(octets, ('127.0.0.1', server_port))
        answer = back.recv(4096)
        logged_in |= answer[0] == radius.ACCESS_ACCEPT
        front.sendto(answer, source)


def test_eapol_test_reauthenticates(lab, wpa, pki, hokeyd):
    lab.configured(hokeyd, pki, erp='require-name-match = no')
    lab.login(wpa, pki)  # leaves eapol_test.conf behind
    stop = threading.Event()
    thread = threading.Thread(target=relay, args=(lab, 1900, 1812, b'throw-away-secret', stop))
    thread.start()
    try:
        done = lab.run([wpa / 'eapol_test', '-c', lab.folder / 'eapol_test.conf', '-a', '127.0.0.1',
                        '-p', '1900', '-s', 'throw-away-secret', '-r', '2', '-t', '20'])
    finally:
        stop.set()
        thread.join()
    assert done.stdout.count('EAP re-authentication completed successfully') == 2, done.stdout[-3000:]
    assert 'MPPE keys OK: 3  mismatch: 0' in done.stdout, done.stdout[-2000:]


# R5997-2-01 R5997-3-01
def test_radclient_status_server(lab, pki, hokeyd):
    lab.quick(hokeyd, pki)
    done = lab.run(['radclient', '-x', '-t', '2', '-r', '1', '127.0.0.1:1812', 'status',
                    'throw-away-secret'], stdin='Message-Authenticator = 0x00\n')
    assert 'Received Access-Accept' in done.stdout, done.stdout + done.stderr
    wrong = lab.run(['radclient', '-x', '-t', '1', '-r', '1', '127.0.0.1:1812', 'status',
                     'another-secret'], stdin='Message-Authenticator = 0x00\n')
    assert 'Received' not in wrong.stdout


# R5080-2.2.2-01
def test_retransmission_gets_the_same_octets(lab, wpa, pki, hokeyd):
    lab.quick(hokeyd, pki)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    answer, initiate = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    for _ in range(3):
        client.send(client.last)
        assert client.receive() == answer.octets

    # The same EAP-Initiate in a new RADIUS packet of the same access point: same Finish, same rMSK.
    again = client.ask(radius.erp_attributes(keys, initiate))
    assert again.code == radius.ACCESS_ACCEPT and again.eap == answer.eap
    assert radius.reply_key(client, again) == keys.rmsk(0)

    # Of another access point it is a replay, and is told so under the peer's own key.
    stolen = client.ask(radius.erp_attributes(keys, initiate, nas=b'ap2'))
    assert stolen.code == radius.ACCESS_REJECT
    assert stolen.eap[0] == 6 and stolen.eap[5] & 0x80 and keys.check_finish(stolen.eap)
    assert stolen.vsa(311, 16) is None and stolen.vsa(311, 17) is None


# E6696-5.2-16 E6696-5.2-18 E6696-5.2-21 E6696-5.4-06 E6696-5.3-04
def test_erp_answers_are_what_the_rfc_says(lab, wpa, pki, hokeyd):
    lab.quick(hokeyd, pki)
    keys = lab.login(wpa, pki)
    client = lab.radius_client()
    for seq, identifier, suite in ((0, 0, 2), (1, 255, 3), (40000, 7, 2), (65535, 1, 2)):
        answer, _ = radius.reauthenticate(client, keys, seq=seq, identifier=identifier, suite=suite,
                                          extra=attribute(radius.PROXY_STATE, b'P1')
                                          + attribute(radius.PROXY_STATE, b'P2'))
        assert answer.code == radius.ACCESS_ACCEPT
        finish = answer.eap
        assert finish[:2] == bytes([6, identifier]) and finish[4] == 2 and finish[5] == 0x20
        assert int.from_bytes(finish[6:8], 'big') == seq
        assert keys.check_finish(finish, suite) and len(finish) <= 254
        assert radius.reply_key(client, answer) == keys.rmsk(seq)
        assert answer.attributes[-2:] == [(33, b'P1'), (33, b'P2')]
        assert answer.first(radius.USER_NAME) == b'alice@home.example'
    exhausted, _ = radius.reauthenticate(client, keys, seq=65535, nas=b'ap2')
    assert exhausted.code == radius.ACCESS_REJECT


def test_unknown_key_goes_on_with_full_eap(lab, wpa, pki, hokeyd):
    lab.quick(hokeyd, pki)
    keys = radius.KeySet(bytes(64), bytes(65), 'home.example')
    client = lab.radius_client()
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_CHALLENGE and answer.first(radius.STATE)
    assert answer.eap[0] == 1 and answer.eap[4] == 1


def test_ipv6(lab, wpa, pki, hokeyd):
    """Over IPv6, with the answer coming from the address that was asked."""
    lab.configured(hokeyd, pki, listen='::',
                   more='client six { address = "::1"  secret = "throw-away-secret" }')
    with inside(lab.net):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind(('::1', 0))
    client = radius.Client(sock, server=('::1', 1812))
    answer = client.ask(b'', code=radius.STATUS_SERVER)
    assert answer and answer.code == radius.ACCESS_ACCEPT
    client.send(client.last)
    assert client.sock.recvfrom(4096)[1][:2] == ('::1', 1812)

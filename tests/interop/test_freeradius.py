# SPDX-License-Identifier: ISC
"""Debian's FreeRADIUS with rlm_hokey as home server."""
import itertools
import pathlib
import re
import shutil
import time

import pytest

import radius
from freeradius import RADDB, FreeRadius, install_like_a_user, replace
from lab import hexdump
from radius import attribute
from test_handover import FULL, authenticator_key, hand_over

# What a site may do: one attribute at the full login alone, which then has to come back from
# the key set, and one by the user's name, each time.
POLICY = '''
	if (&reply:EAP-EMSK) {
		update reply {
			&Class := "staff"
			&Tunnel-Type:1 := VLAN
			&Tunnel-Medium-Type:1 := IEEE-802
			&Tunnel-Private-Group-Id:1 := "20"
		}
	}
	if (&reply:User-Name == "alice@home.example") {
		update reply {
			&Filter-Id := "campus"
		}
	}
'''


@pytest.fixture
def module(programs):
    return programs / 'modules' / 'freeradius' / 'rlm_hokey.so'


@pytest.fixture
def freeradius(lab, pki, module):
    return FreeRadius(lab, pki, module).post_auth(POLICY)


def check_attributes(answer):
    assert answer.all(radius.USER_NAME) == [b'alice@home.example']
    assert answer.all(25) == [b'staff'] and answer.all(11) == [b'campus']
    assert answer.all(64) == [b'\1\0\0\x0d'] and answer.all(65) == [b'\1\0\0\x06']
    assert answer.all(81) == [b'\x0120']


def reauthenticate(client, keys, times=3):
    for seq in range(times):
        answer, _ = radius.reauthenticate(client, keys)
        assert answer.code == radius.ACCESS_ACCEPT
        assert keys.check_finish(answer.eap)
        assert radius.reply_key(client, answer) == keys.rmsk(seq)
        check_attributes(answer)


# ---- every method ----

@pytest.mark.parametrize('method,tls,resumed', [
    (method, tls, resumed)
    for method, tls, resumed in itertools.product(('tls', 'ttls', 'peap'), ('1.2', '1.3'),
                                                  (False, True))])
def test_full_login_then_three_reauthentications(lab, wpa, freeradius, method, tls, resumed):
    freeradius.method(method).resumption().enable().start()
    # FreeRADIUS 3.2.1 loses what it has cached of a TLS 1.3 session: a resumed tunnel has no
    # other name than the outer one.
    outer = 'alice@home.example' if tls == '1.3' and resumed else 'anonymous@home.example'
    keys, log = freeradius.login(wpa, method, tls, resumed, outer=outer)
    assert f'Using TLS version TLSv{tls}' in log
    assert ('resumed=1' in log) == resumed
    reauthenticate(lab.radius_client(), keys)
    assert freeradius.stop() == 0


def test_keys_of_the_outer_method_are_taken(lab, wpa, freeradius):
    """EAP-TLS inside of TTLS exports keys, too, and with use_tunneled_reply they come first."""
    eap = freeradius.file('mods-available', 'eap')
    replace(eap, r'^(\tttls \{\n(?:.*\n)*?\s*default_eap_type = )md5', r'\1tls')
    replace(eap, r'^(\tttls \{\n(?:.*\n)*?\s*use_tunneled_reply = )no', r'\1yes')
    freeradius.method('ttls').enable().start()
    keys, log = freeradius.login(wpa, 'ttls-tls', '1.2')
    assert 'phase 2 EAP' in log.lower() or 'Phase 2 EAP' in log
    reauthenticate(lab.radius_client(), keys)
    assert freeradius.stop() == 0


def test_keys_end_with_the_certificate(lab, wpa, pki, freeradius):
    """Where the site keeps what rlm_eap says about it, as docs/freeradius.md has it."""
    pki.issue('client', 'clientAuth', 'email:alice@home.example', days='1')
    replace(freeradius.file('sites-available', 'default'), r'^\tPost-Auth-Type Challenge \{',
            r'\g<0>\n\t\tupdate session-state {\n'
            r'\t\t\t&TLS-Client-Cert-Expiration := &request:TLS-Client-Cert-Expiration\n\t\t}')
    freeradius.method('tls').enable()
    mod = freeradius.file('mods-enabled', 'hokey')
    replace(mod, r'^(\s*rrk_lifetime = ).*', r'\g<1>7d')
    replace(mod, r'^(\s*rmsk_lifetime = ).*', r'\g<1>0')
    freeradius.start()
    try:
        for tls in ('1.2', '1.3'):
            keys, _ = freeradius.login(wpa, tls=tls)
            answer, _ = radius.reauthenticate(lab.radius_client(), keys)
            assert answer.code == radius.ACCESS_ACCEPT
            assert 86000 < int.from_bytes(answer.first(27), 'big') <= 86400
    finally:
        pki.user('client', 'alice@home.example')
    assert freeradius.stop() == 0


@pytest.mark.parametrize('action,longest', [('Default', 600), ('RADIUS-Request', 3600)])
def test_sessions_end_where_the_site_ends_them(lab, wpa, freeradius, action, longest):
    freeradius.post_auth(f'''
	if (&reply:EAP-EMSK) {{
		update reply {{
			&Session-Timeout := 600
			&Termination-Action := {action}
		}}
	}}
''').method('tls').enable()
    freeradius.start()
    keys, _ = freeradius.login(wpa)
    answer, _ = radius.reauthenticate(lab.radius_client(), keys)
    assert answer.code == radius.ACCESS_ACCEPT
    assert longest - 300 < int.from_bytes(answer.first(27), 'big') <= longest
    assert freeradius.stop() == 0


def test_a_name_that_many_share_has_no_limit(lab, wpa, freeradius):
    """One device more than max_sets_per_user, all of them anonymous outside."""
    replace(freeradius.file('sites-available', 'inner-tunnel'), r'^\thokey_inner_identity\n', '')
    freeradius.method('ttls').enable()
    replace(freeradius.file('mods-enabled', 'hokey'), r'^(\s*max_sets_per_user = ).*', r'\g<1>1')
    freeradius.start()
    devices = [freeradius.login(wpa, 'ttls', '1.2')[0] for _ in range(3)]
    for keys in devices:
        answer, _ = radius.reauthenticate(lab.radius_client(), keys)
        assert answer.code == radius.ACCESS_ACCEPT
        assert answer.first(radius.USER_NAME) == b'anonymous@home.example'
    assert freeradius.stop() == 0


def test_a_user_has_so_many_devices(lab, wpa, freeradius):
    freeradius.method('ttls').enable()
    replace(freeradius.file('mods-enabled', 'hokey'), r'^(\s*max_sets_per_user = ).*', r'\g<1>1')
    freeradius.start()
    devices = [freeradius.login(wpa, 'ttls', '1.2')[0] for _ in range(2)]
    codes = [radius.reauthenticate(lab.radius_client(), keys)[0].code for keys in devices]
    assert codes == [radius.ACCESS_CHALLENGE, radius.ACCESS_ACCEPT]
    assert freeradius.stop() == 0


# ---- real access points ----

@pytest.mark.parametrize('method,tls', [('tls', '1.3'), ('ttls', '1.2'), ('peap', '1.2')])
def test_handover(lab, wpa, freeradius, method, tls):
    freeradius.method(method).enable().start()
    lab.hostapd('ap1', 'ap1.home.example')
    ap2 = lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = freeradius.supplicant(wpa, method, tls)
    station.wait_for(FULL)
    log = hand_over(lab, wpa, station, 'ap2')
    assert authenticator_key(ap2) == hexdump(log, 'EAP: ERP rMSK')
    assert ap2.output().count('RADIUS message: code=1 (Access-Request)') == 1
    assert freeradius.stop() == 0


def test_lost_keys_end_in_a_full_login_at_once(lab, wpa, freeradius):
    freeradius.method('tls').enable().start()
    lab.hostapd('ap1', 'ap1.home.example')
    ap2 = lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = freeradius.supplicant(wpa, 'tls', '1.3')
    station.wait_for(FULL)
    assert freeradius.stop() == 0
    shutil.rmtree(freeradius.store)
    freeradius.store.mkdir(mode=0o700)
    freeradius.start()
    hand_over(lab, wpa, station, 'ap2', FULL)
    assert authenticator_key(ap2) == hexdump(station.output(), 'EAP-TLS: Derived key')[:64]
    # That login has keys for the way back.
    lab.forget('ap1')
    hand_over(lab, wpa, station, 'ap1')
    assert freeradius.stop() == 0


# ---- secrets ----

def hexes(key):
    """A key in pieces of 16 octets, as any of our or FreeRADIUS's output would show it."""
    for i in range(0, len(key), 16):
        piece = key[i:i + 16]
        yield piece.hex()
        yield piece.hex(' ')
        yield piece.hex(':')


@pytest.mark.parametrize('method,tls', [('tls', '1.2'), ('ttls', '1.3'), ('peap', '1.2')])
def test_no_key_in_debug_output_and_detail_files(lab, wpa, freeradius, method, tls):
    freeradius.method(method).enable().log_replies().keep_secrets().start('-X')
    keys, log = freeradius.login(wpa, method, tls)
    client = lab.radius_client()
    reauthenticate(client, keys, 2)
    msk = hexdump(log, r'MS-MPPE-Recv-Key \(crypt\)') + hexdump(log, r'MS-MPPE-Send-Key \(sign\)')
    assert freeradius.stop() == 0
    details = freeradius.details()
    assert details.count('Packet-Type = Access-Accept') == 3
    written = (freeradius.program.output() + details).lower()
    assert '<<< secret >>>' in written
    for name, key in (('EMSK', keys.emsk), ('MSK', msk), ('rRK', keys.rrk), ('rIK', keys.rik()),
                      ('rMSK', keys.rmsk(0)), ('rMSK', keys.rmsk(1))):
        for text in hexes(key):
            assert text not in written, name


def test_no_root_key_with_a_stock_log_configuration(lab, wpa, freeradius):
    """Without a line against it the server shows MS-MPPE keys, but nothing above them."""
    freeradius.method('tls').enable().log_replies().start('-X')
    keys, log = freeradius.login(wpa)
    reauthenticate(lab.radius_client(), keys, 1)
    assert freeradius.stop() == 0
    written = (freeradius.program.output() + freeradius.details()).lower()
    assert keys.rmsk(0)[:32].hex() in written  # what the next test is not about
    assert 'eap-msk = ' not in written and 'eap-emsk = ' not in written
    for key in (keys.emsk, keys.rrk, keys.rik()):
        assert not any(text in written for text in hexes(key))


# ---- refusals ----

def test_refusals_are_not_delayed(lab, wpa, freeradius):
    freeradius.method('tls').enable(erp='failures_per_second = 2').reject_delay(10).start()
    keys, _ = freeradius.login(wpa)
    client = lab.radius_client()
    answer, initiate = radius.reauthenticate(client, keys, seq=5)
    assert answer.code == radius.ACCESS_ACCEPT

    # Once more, octet for octet: the answer was lost, and is the same.
    again = client.ask(radius.erp_attributes(keys, initiate))
    assert again.code == radius.ACCESS_ACCEPT and again.eap == answer.eap
    assert radius.reply_key(client, again) == keys.rmsk(5)

    # From another access point it is a replay.
    started = time.monotonic()
    stolen = client.ask(radius.erp_attributes(keys, initiate, nas=b'ap2'), timeout=20)
    assert stolen.code == radius.ACCESS_REJECT and time.monotonic() - started < 9
    assert stolen.eap[0] == 6 and stolen.eap[5] & 0x80 and keys.check_finish(stolen.eap)
    assert stolen.vsa(311, 16) is None and stolen.all(11) == []

    # A wrong tag; then over the limit: silence.
    forged = initiate[:-1] + bytes([initiate[-1] ^ 1])
    assert client.ask(radius.erp_attributes(keys, forged)).code == radius.ACCESS_REJECT
    answers = [client.ask(radius.erp_attributes(keys, forged), timeout=0.3) for _ in range(4)]
    assert None in answers
    answer, _ = radius.reauthenticate(client, keys, seq=6)
    assert answer.code == radius.ACCESS_ACCEPT
    assert freeradius.stop() == 0


def test_what_is_not_for_us(lab, wpa, freeradius):
    freeradius.method('tls').enable().reject_delay(3).start()
    client = lab.radius_client()
    other = radius.KeySet(bytes(64), bytes(65), 'other.example')
    answer, _ = radius.reauthenticate(client, other)
    assert answer.code == radius.ACCESS_CHALLENGE and answer.eap[4] == 1

    good = radius.KeySet(bytes(64), bytes(65), 'home.example').initiate()
    for eap in (b'\5', b'\5\1', b'\5\1\0\6\1\0', good[:-1], b'\5' + bytes(40),
                good[:4] + b'\1' + good[5:], b'\5\1\0\x0c' + good[4:12]):
        started = time.monotonic()
        answer = client.ask(attribute(1, b'x@home.example') + radius.eap_attributes(eap))
        assert answer.code == radius.ACCESS_REJECT, eap.hex()
        assert answer.eap[0] == 4 and time.monotonic() - started < 2.9
    # The password of somebody who does not use EAP is none of our business.
    client.send(radius.request(client.secret, attribute(1, b'bob')
                               + attribute(radius.USER_PASSWORD, bytes(16))))
    assert radius.Packet(client.receive()).code == radius.ACCESS_REJECT
    assert freeradius.login(wpa)
    assert freeradius.stop() == 0


def test_other_realms_go_where_the_server_sends_them(lab, wpa, pki, freeradius, hokeyd):
    """Full EAP and re-authentication of another realm, through our server to its own."""
    freeradius.file('proxy.conf').write_text('''
proxy server {
}
home_server other {
	type = auth
	ipaddr = 127.0.0.1
	port = 1912
	secret = throw-away-secret
}
home_server_pool other {
	home_server = other
}
realm other.example {
	auth_pool = other
	nostrip
}
realm home.example {
}
''')
    freeradius.method('tls').enable().start()
    config = lab.folder / 'hokeyd.conf'
    config.write_text(lab.configuration(pki).replace('1812', '1912')
                      .replace('home.example"', 'other.example"'))
    config.chmod(0o600)
    lab.start([hokeyd, '--config', config]).wait_for(r'hokeyd [0-9.]+: \d+ worker')
    pki.user('olivia', 'olivia@other.example')
    keys = lab.login(wpa, pki, identity='olivia@other.example', user='olivia')
    client = lab.radius_client()
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    assert radius.reply_key(client, answer) == keys.rmsk(0)
    assert answer.first(radius.USER_NAME) == b'olivia@other.example'
    # Ours stays here, also when it is a realm of the server's configuration.
    keys, _ = freeradius.login(wpa)
    reauthenticate(client, keys)
    assert freeradius.stop() == 0


# ---- the operator's side ----

@pytest.mark.parametrize('loaded', [True, False])
def test_stock_server_without_the_two_lines(lab, wpa, freeradius, loaded):
    """Also when the module is still there."""
    site = freeradius.method('tls').file('sites-available', 'default')
    stock = site.read_text()
    freeradius.enable().disable(loaded=loaded)
    assert site.read_text() == stock
    freeradius.start('-X')
    keys, _ = freeradius.login(wpa)
    started = time.monotonic()
    client = lab.radius_client()
    client.send(radius.request(client.secret, radius.erp_attributes(keys, keys.initiate())))
    answer = radius.Packet(client.receive())
    assert answer.code == radius.ACCESS_REJECT and not answer.attributes
    assert time.monotonic() - started > 0.9
    assert freeradius.stop() == 0
    assert ('rlm_hokey' in freeradius.program.output()) == loaded
    assert 'hokey: ' not in freeradius.program.output()


def test_defaults_are_those_of_hokeyd(lab, wpa, freeradius):
    """With nothing in the blocks but what must be there."""
    freeradius.method('tls').enable()
    mod = freeradius.file('mods-enabled', 'hokey')
    for option in ('rrk_lifetime', 'rmsk_lifetime', 'max_sets_per_user', 'max_size'):
        replace(mod, rf'^\s*{option} = .*\n', '')
    freeradius.start()
    keys, _ = freeradius.login(wpa)
    answer, _ = radius.reauthenticate(lab.radius_client(), keys)
    assert answer.code == radius.ACCESS_ACCEPT
    assert int.from_bytes(answer.first(27), 'big') == 3600
    assert freeradius.stop() == 0


@pytest.mark.parametrize('wrong,message', [
    ({'erp': 'cryptosuites = "md5"'}, r'hokey\[\d+\]: cryptosuites: expected .*hmac-sha256-128'),
    ({'erp': 'rrk-lifetime = soon'}, r'rrk-lifetime: expected a time'),
    ({'erp': 'on_unknown_key = panic'}, r'on_unknown_key: expected challenge or finish'),
    ({'erp': 'colour = blue'}, r'erp: there is no option colour'),
    ({'store': 'durability = maybe'}, r'durability: expected full, batch or process'),
])
def test_wrong_configuration_is_found_at_start(freeradius, wrong, message):
    freeradius.enable(**wrong)
    said, status = freeradius.check()
    assert status == 1 and re.search(message, said), said[-1500:]


def test_good_configuration_checks(freeradius):
    said, status = freeradius.enable().check()
    assert status == 0, said[-1500:]
    assert 'rlm_hokey (' not in said


def break_store(freeradius):
    """A store that cannot be opened."""
    keys = freeradius.store / 'keys'
    keys.mkdir(mode=0o700)
    (keys / 'data.mdb').write_bytes(b'not a database' * 5000)


@pytest.mark.patient
def test_broken_store_blocks_no_login(lab, wpa, freeradius):
    freeradius.method('tls').enable()
    break_store(freeradius)
    server = freeradius.start()
    server.wait_for(r'rlm_hokey \(hokey\): store: ')
    for _ in range(2):
        keys, _ = freeradius.login(wpa)
        answer, _ = radius.reauthenticate(lab.radius_client(), keys)
        assert answer.code == radius.ACCESS_CHALLENGE and answer.eap[4] == 1
    # When it is there again it is used, without a restart.
    shutil.rmtree(freeradius.store / 'keys')
    time.sleep(10.5)
    keys, _ = freeradius.login(wpa)
    reauthenticate(lab.radius_client(), keys)
    assert freeradius.stop() == 0


def test_disk_that_fails_blocks_no_login(lab, wpa, freeradius):
    trigger = freeradius.method('tls').enable().start_on_failing_disk()
    client = lab.radius_client()
    keys, _ = freeradius.login(wpa)
    trigger.write_text('pwrite pwrite64 fdatasync')
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_CHALLENGE and answer.eap[4] == 1
    lost, _ = freeradius.login(wpa)
    answer, _ = radius.reauthenticate(client, lost)
    assert answer.code == radius.ACCESS_CHALLENGE
    trigger.unlink()
    # The number that could not be noted is not used; the next one is.
    answer, _ = radius.reauthenticate(client, keys)
    assert answer.code == radius.ACCESS_ACCEPT
    assert freeradius.stop() == 0


def test_keys_survive_a_restart_and_a_daemon_that_forks(lab, wpa, freeradius):
    freeradius.method('tls').enable().start()
    keys, _ = freeradius.login(wpa)
    client = lab.radius_client()
    reauthenticate(client, keys, 1)
    freeradius.program.kill()
    # Without -f: the server goes to the background.
    freeradius.start_in_background()
    try:
        answer, _ = radius.reauthenticate(client, keys)
        assert answer.code == radius.ACCESS_ACCEPT
        check_attributes(answer)
        stolen, _ = radius.reauthenticate(client, keys, seq=1, nas=b'ap2')
        assert stolen.code == radius.ACCESS_REJECT
    finally:
        freeradius.stop_in_background()


def test_store_is_shared_with_hokeyd(lab, wpa, pki, freeradius, hokeyd):
    """Keys of a login through FreeRADIUS work at a hokeyd beside it, each number once."""
    freeradius.method('tls').enable().start()
    config = lab.folder / 'hokeyd.conf'
    config.write_text(lab.configuration(
        pki, store=f'path = "{freeradius.store}/keys"  '
                   f'wrap-key-file = "{freeradius.store}/wrap.key"').replace('1812', '1912'))
    config.chmod(0o600)
    lab.start([hokeyd, '--config', config]).wait_for(r'hokeyd [0-9.]+: \d+ worker')
    here = lab.radius_client()
    there = lab.radius_client(server=('127.0.0.1', 1912))
    keys, _ = freeradius.login(wpa)
    for seq, client in enumerate((there, here, there, there, here)):
        answer, _ = radius.reauthenticate(client, keys)
        assert answer.code == radius.ACCESS_ACCEPT
        assert radius.reply_key(client, answer) == keys.rmsk(seq)
        assert answer.first(radius.USER_NAME) == b'alice@home.example'
        assert answer.first(81) == b'\x0120' and answer.first(25) == b'staff'
        stolen, _ = radius.reauthenticate(here if client is there else there, keys, seq=seq,
                                          nas=b'ap2')
        assert stolen.code == radius.ACCESS_REJECT
    # And the other way round.
    keys = lab.login(wpa, pki, port=1912)
    answer, _ = radius.reauthenticate(here, keys)
    assert answer.code == radius.ACCESS_ACCEPT and radius.reply_key(here, answer) == keys.rmsk(0)
    assert freeradius.stop() == 0


def table(name, pattern):
    """Entries of one of our tables about our vendor."""
    text = (pathlib.Path(__file__).parents[2] / 'src' / 'radius' / name).read_text()
    return re.findall(pattern, text)


def test_dictionary(freeradius):
    """dictionary.hokey says what libhokey's own says, and FreeRADIUS can read it."""
    text = (RADDB / 'dictionary.hokey').read_text()
    formats = {'OCTETS': 'octets', 'TEXT': 'string', 'INTEGER': 'integer'}
    ours = [(name, number, formats[kind]) for name, number, kind in
            table('attributes.c', r'\{"([^"]+)", HK_VENDOR_HOKEY, (\d+), 0, HK_FORMAT_(\w+)\}')]
    assert len(ours) > 5
    assert re.findall(r'^ATTRIBUTE\s+(\S+)\s+(\d+)\s+(\S+)$', text, re.M) == ours
    names = {number: name for name, number, _ in ours}
    values = [(names[attribute], value, number) for value, attribute, number in
              table('values.c', r'\{"([^"]+)", HK_VENDOR_HOKEY, (\d+), (\d+)\}')]
    assert re.findall(r'^VALUE\s+(\S+)\s+(\S+)\s+(\d+)$', text, re.M) == values
    number = table('../../include/hokey/radius.h', r'#define HK_VENDOR_HOKEY\s+(\d+)u')
    assert re.findall(r'^VENDOR\s+HOKEY\s+(\d+)$', text, re.M) == number

    with open(freeradius.file('dictionary'), 'a') as f:
        f.write(f'$INCLUDE {RADDB}/dictionary.hokey\n')
    freeradius.post_auth('\tupdate reply {\n\t\t&HOKEY-Local-Domain := "home.example"\n\t}\n')
    said, status = freeradius.check()
    assert status == 0, said[-1500:]


def test_the_guide(lab, wpa, pki, module):
    """docs/freeradius.md, its ten lines as they are: then a device hands over."""
    text = (pathlib.Path(__file__).parents[2] / 'docs' / 'freeradius.md').read_text()
    guide = re.search(r'^```sh\n(.*?)^```$', text, re.M | re.S).group(1)
    assert len(guide.splitlines()) == 10
    fr = install_like_a_user(lab, pki, module, guide)
    lab.hostapd('ap1', 'ap1.home.example')
    ap2 = lab.hostapd('ap2', 'ap2.home.example')
    lab.plug('ap1')
    station = fr.supplicant(wpa, 'tls', '1.3')
    station.wait_for(FULL)
    log = hand_over(lab, wpa, station, 'ap2')
    assert authenticator_key(ap2) == hexdump(log, 'EAP: ERP rMSK')
    # It says so, in the words of the guide.
    for words in re.findall(r'`(hokey: [^`]+)`', text):
        fr.program.wait_for(re.escape(words).replace(r'\.\.\.', '.+'))
    assert fr.stop() == 0

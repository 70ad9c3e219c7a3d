# SPDX-License-Identifier: ISC
"""FreeRADIUS with rlm_hokey as home, hokeyd as local ER server of a visited network."""
import re

import pytest

import radius
from freeradius import RADDB, FreeRadius, replace
from lab import READY
from test_freeradius import hexes
from test_radsec import certificates, tls_block  # noqa: F401

KEY_REQUEST, DOMAIN_NAME, KEY, KEY_ERROR = range(1, 5)
VISITED = 1912
UDP = 'key_transport = any'
KTK = '''
		kek_id = pair-1
		key_file = %(folder)s/%(key)s
		domains = "visited.example elsewhere.example"
		realms = home.example
		allow = "%(allow)s"
'''


@pytest.fixture
def module(programs):
    return programs / 'modules' / 'freeradius' / 'rlm_hokey.so'


@pytest.fixture
def freeradius(lab, certificates, module):  # noqa: F811
    for name, key in (('ktk', 'a5' * 32), ('other-ktk', '5a' * 32)):
        (lab.folder / name).write_text(key + '\n')
        (lab.folder / name).chmod(0o600)
    return FreeRadius(lab, certificates, module).method('tls')


def enable(freeradius, erp=UDP, key='ktk', allow='dsrk', **options):
    freeradius.enable(erp=erp, **options)
    return freeradius.ktk('lisbon', KTK % {'folder': freeradius.lab.folder, 'key': key,
                                           'allow': allow})


def visited(lab, hokeyd, pki, tls=False, vendor=32473):
    """Forwards to FreeRADIUS, asks for the key of its domain, and answers alone from then on."""
    home = ('address = "127.0.0.1"  port = 2083  tls = fed  certificate-name = home.example' if tls
            else 'address = "127.0.0.1"  port = 1812  secret = "throw-away-secret"')
    config = lab.folder / 'visited.conf'
    config.write_text(f'''
{tls_block(pki, 'proxy')}
listen main {{ address = "127.0.0.1"  port = {VISITED} }}
client lab {{ address = "127.0.0.0/8"  secret = "throw-away-secret" }}
home-server home1 {{ {home} }}
pool homes {{ servers = {{ home1 }} }}
realm "home.example" {{ pool = homes }}
eap {{ ca = "{pki.ca}"  certificate = "{pki.server_cert}"  key = "{pki.server_key}" }}
erp {{ realms = {{ "visited.example" }}  local-domain = visited.example
      key-transport = {'tls' if tls else 'any'}  key-vendor = {vendor} }}
ktk home {{ kek-id = pair-1  key-file = "{lab.folder}/ktk"  domains = {{ visited.example }}
           realms = {{ home.example }} }}
store {{ type = memory }}
log {{ logins = all }}
control = "{lab.folder}/visited.sock"
''')
    config.chmod(0o600)
    program = lab.start([hokeyd, '--config', config], name='visited')
    program.wait_for(READY)
    if tls:
        program.wait_for('connected to home server home1')
    return program


def client_of(lab):
    return lab.radius_client(server=('127.0.0.1', VISITED))


def reauthenticates(client, keys, **kwargs):
    answer, _ = radius.reauthenticate(client, keys, **kwargs)
    return (answer is not None and answer.code == radius.ACCESS_ACCEPT
            and keys.check_finish(answer.eap)
            and radius.reply_key(client, answer) == keys.rmsk(keys.seq - 1))


def local(keys):
    return keys.visiting('visited.example')


@pytest.mark.parametrize('transport', ['tls', 'udp'])
def test_the_visited_network_reauthenticates_alone(lab, wpa, certificates, freeradius,  # noqa: F811
                                                   hokeyd, transport):
    if transport == 'tls':
        enable(freeradius, erp='').radsec('home')
    else:
        enable(freeradius)
        # With the dictionary attributes have types, without it they are octets.
        with open(freeradius.file('dictionary'), 'a') as f:
            f.write(f'$INCLUDE {RADDB}/dictionary.hokey\n')
    home = freeradius.start()
    here = visited(lab, hokeyd, certificates, tls=transport == 'tls')
    home_keys, _ = freeradius.login(wpa, port=VISITED)
    home.wait_for(r'key for domain \[visited.example\] given to \[lisbon\]')
    here.wait_for(r'key for our domain from home \[home.example\]')
    client = client_of(lab)
    assert reauthenticates(client, home_keys)

    # Without a packet to FreeRADIUS: it is not there any more.
    assert freeradius.stop() == 0
    keys = local(home_keys)
    for nas in (b'ap2', b'ap3', b'ap4'):
        assert reauthenticates(client, keys, nas=nas)
    answer, _ = radius.reauthenticate(client, keys, seq=0, nas=b'ap9')
    assert answer is None or answer.code != radius.ACCESS_ACCEPT
    assert here.stop() == 0


@pytest.mark.parametrize('why,erp,options', [
    ('not-authenticated', UDP, {'key': 'other-ktk'}),
    ('not-authorized', UDP, {'allow': ''}),
    ('insecure-transport', '', {}),
    ('not-authorized', f'{UDP}\nrequire_consent = yes', {}),
])
def test_no_key_and_the_login_succeeds(lab, wpa, certificates, freeradius, hokeyd,  # noqa: F811
                                       why, erp, options):
    home = enable(freeradius, erp=erp, **options).start()
    here = visited(lab, hokeyd, certificates)
    keys, _ = freeradius.login(wpa, port=VISITED)
    home.wait_for(rf'no key for domain \[visited.example\]: {why}')
    here.wait_for(r'no key for our domain from home \[home.example\]')
    client = client_of(lab)
    assert not reauthenticates(client, local(keys))
    assert reauthenticates(client, keys)
    assert freeradius.stop() == 0


@pytest.mark.parametrize('theirs', [61000, 32473])
def test_another_vendor_number(lab, wpa, certificates, freeradius, hokeyd, theirs):  # noqa: F811
    home = enable(freeradius, erp=f'{UDP}\nkey_vendor = 61000\nkeep_emsk = yes').start()
    visited(lab, hokeyd, certificates, vendor=theirs)
    home_keys, _ = freeradius.login(wpa, port=VISITED)
    client = client_of(lab)
    assert reauthenticates(client, local(home_keys)) == (theirs == 61000)
    assert reauthenticates(client, home_keys, flags=0x60)
    if theirs == 61000:
        home.wait_for(r'key for domain \[visited.example\] given to \[lisbon\], again')
    assert ('key for domain' in home.output()) == (theirs == 61000)
    assert freeradius.stop() == 0


def test_a_server_that_hands_out_nothing(lab, wpa, certificates, freeradius, hokeyd):  # noqa: F811
    """Without a block ktk a request for a key means nothing."""
    freeradius.enable().start()
    here = visited(lab, hokeyd, certificates)
    keys, _ = freeradius.login(wpa, port=VISITED)
    here.wait_for(r'no key for our domain from home \[home.example\]')
    assert reauthenticates(client_of(lab), keys)
    assert freeradius.stop() == 0


def test_no_key_leaves_without_its_grant(lab, wpa, certificates, freeradius, hokeyd):  # noqa: F811
    """A disk that fails costs the key and nothing else."""
    trigger = enable(freeradius).start_on_failing_disk()
    here = visited(lab, hokeyd, certificates)
    trigger.write_text('pwrite pwrite64 fdatasync')
    keys, _ = freeradius.login(wpa, port=VISITED)
    freeradius.program.wait_for(r'no key for domain \[visited.example\]: temporary-failure')
    here.wait_for(r'no key for our domain from home \[home.example\]')
    assert not reauthenticates(client_of(lab), local(keys))
    trigger.unlink()
    keys, _ = freeradius.login(wpa, port=VISITED)
    assert reauthenticates(client_of(lab), local(keys))
    assert freeradius.stop() == 0


DOMAIN_TLV = b'\4\x0fvisited.example'  # of an EAP-Finish
INDICATION = b'\6\x10'  # Authorization Indication, which follows it


@pytest.mark.parametrize('kept', ['yes', 'no'])
def test_explicit_bootstrapping(lab, wpa, certificates, freeradius, hokeyd, kept):  # noqa: F811
    """A device that logged in at home asks with flag B from where it is now."""
    home = enable(freeradius, erp=f'{UDP}\nkeep_emsk = {kept}').start()
    here = visited(lab, hokeyd, certificates)
    home_keys, _ = freeradius.login(wpa)
    client = client_of(lab)
    answer, _ = radius.reauthenticate(client, home_keys, flags=0x60)
    assert answer.code == radius.ACCESS_ACCEPT and home_keys.check_finish(answer.eap)
    assert radius.reply_key(client, answer) == home_keys.rmsk(0)
    assert [answer.vsa(32473, n) for n in (KEY_REQUEST, KEY, KEY_ERROR)] == [None] * 3
    keys = local(home_keys)
    if kept == 'no':
        home.wait_for(r'no key for domain \[visited.example\]: no-key')
        assert DOMAIN_TLV not in answer.eap
        assert not reauthenticates(client, keys)
    else:
        home.wait_for(r'key for domain \[visited.example\] given to \[lisbon\]')
        assert DOMAIN_TLV + INDICATION in answer.eap
        assert freeradius.stop() == 0
        assert reauthenticates(client, keys) and reauthenticates(client, keys)
    assert here.stop() == 0


def test_a_key_goes_to_one_owner_only(lab, wpa, certificates, freeradius, hokeyd):  # noqa: F811
    """The grant is stored with the keys: also after a restart nobody else gets the key."""
    enable(freeradius, erp=f'{UDP}\nkeep_emsk = yes').start()
    here = visited(lab, hokeyd, certificates)
    keys, _ = freeradius.login(wpa, port=VISITED)
    assert reauthenticates(client_of(lab), local(keys))
    assert freeradius.stop() == 0
    replace(freeradius.file('mods-enabled', 'hokey'), r'^\tktk lisbon', '\tktk porto')
    home = freeradius.start()
    answer, _ = radius.reauthenticate(client_of(lab), keys, flags=0x60)
    assert answer.code == radius.ACCESS_ACCEPT
    home.wait_for(r'no key for domain \[visited.example\]: already-delivered')
    assert freeradius.stop() == 0

    # The same one has a new block: owner says so.
    replace(freeradius.file('mods-enabled', 'hokey'), r'^\tktk porto \{',
            '\tktk porto {\n\t\towner = lisbon')
    home = freeradius.start()
    answer, _ = radius.reauthenticate(client_of(lab), keys, flags=0x60)
    assert answer.code == radius.ACCESS_ACCEPT
    home.wait_for(r'key for domain \[visited.example\] given to \[lisbon\], again')
    assert freeradius.stop() == 0 and here.stop() == 0


def test_no_key_in_debug_output_and_detail_files(lab, wpa, certificates, freeradius,  # noqa: F811
                                                 hokeyd):
    """Of those that go to another domain, and of what they come from."""
    enable(freeradius, erp=f'{UDP}\nkeep_emsk = yes').log_replies().keep_secrets().start('-X')
    visited(lab, hokeyd, certificates)
    home_keys, _ = freeradius.login(wpa, port=VISITED)
    client, keys = client_of(lab), local(home_keys)
    assert reauthenticates(client, home_keys, flags=0x60) and reauthenticates(client, keys)
    assert freeradius.stop() == 0
    details = freeradius.details()
    assert details.count('Packet-Type = Access-Accept') == 2 and '32473.3' in details
    written = (freeradius.program.output() + details).lower()
    for name, key in (('EMSK', home_keys.emsk), ('DSRK', keys.root), ('rRK', keys.rrk),
                      ('rRK', home_keys.rrk), ('KTK', bytes([0xa5] * 32))):
        for text in hexes(key):
            assert text not in written, name


@pytest.mark.parametrize('line,message', [
    ('key_file = /nonexistent', r'key_file: /nonexistent: '),
    ('allow = everything', r"allow: expected .*dsrk.*, found 'everything'"),
    ('domains = ".."', r'domains: one of them is no domain name'),
    ('colour = blue', r'ktk: there is no option colour'),
    ('kek_id = a-name-of-17-octets', r'kek.id: expected'),
    ('revoke_at = tokyo', r'ktk: revoke_at is for hokeyd alone'),
])
def test_wrong_keys_are_found_at_start(freeradius, line, message):
    enable(freeradius)
    name = line.split(' ')[0]
    mod = freeradius.file('mods-enabled', 'hokey')
    text = mod.read_text()
    mod.write_text('\n'.join(old for old in text.split('\n') if not old.startswith(f'\t\t{name}')))
    replace(mod, r'^\tktk lisbon \{', f'\tktk lisbon {{\n\t\t{line}')
    said, status = freeradius.check()

    assert status == 1 and re.search(message, said), said[-1500:]


def test_a_name_on_the_wire_is_of_one_key(freeradius):
    enable(freeradius)
    freeradius.ktk('porto', KTK % {'folder': freeradius.lab.folder, 'key': 'other-ktk',
                                   'allow': 'dsrk'})
    said, status = freeradius.check()
    assert status == 1 and 'kek_id: another ktk has the same' in said, said[-1500:]


@pytest.mark.parametrize('option', ['local_domain = home.example', 'msk_lifetime = 1h'])
def test_what_is_for_hokeyd_alone(freeradius, option):
    said, status = freeradius.enable(erp=option).check()
    assert status == 1 and 'is for hokeyd alone' in said, said[-1500:]

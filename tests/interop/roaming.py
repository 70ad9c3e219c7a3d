# SPDX-License-Identifier: ISC
"""Two hokeyd with the configurations of docs/roaming.md: a home in Lisbon, and Tokyo."""
import json
import pathlib
import re
import struct

import pytest

import radius
from lab import READY, keys_of
from test_radsec import BOTH

GUIDE = pathlib.Path(__file__).parents[2] / 'docs' / 'roaming.md'
LISBON, TOKYO = '127.0.0.2', '127.0.0.3'
SECRET = 'throw-away-secret'
VENDOR = 32473
# A way into Lisbon for devices that are there.
AT_HOME = """listen at-home { address = 127.0.0.4 }
client at-home { address = 127.0.0.0/8  secret = "throw-away-secret" }
listen federation"""


def guide_block(name):
    """A file of the guide, as it is, but for addresses of this lab."""
    text = re.search(rf'^```\n# {name}\n(.*?)^```$', GUIDE.read_text(), re.M | re.S).group(1)
    for guide, here in (('192.0.2.1', LISBON), ('198.51.100.1', TOKYO), ('10.1.0.1', '127.0.0.1'),
                        ('10.1.0.0/16', '127.0.0.0/8')):
        text = text.replace(guide, here)
    return text


@pytest.fixture(scope='module')
def papers(pki):
    """All certificates, of one CA."""
    for name in ('radius.lisbon.example', 'radius.tokyo.example', 'radius.kyoto.example'):
        pki.issue(name, BOTH, f'DNS:{name}')
    pki.user('alice', 'alice@lisbon.example')
    pki.user('bob', 'bob@lisbon.example')
    return pki


class Site:
    """One of the two networks: its folder is what /etc/hokey is in the guide."""

    def __init__(self, lab, hokeyd, pki, name, folder=None):
        self.lab, self.hokeyd, self.name = lab, hokeyd, name
        self.folder = lab.folder / (folder or name)
        self.folder.mkdir()
        for place in ('tls', 'eap'):
            (self.folder / place).mkdir()
            (self.folder / place / 'ca.pem').write_bytes(pki.ca.read_bytes())
        self.put_certificate(pki, f'radius.{name}.example')
        (self.folder / 'eap/server.pem').write_bytes(pki.server_cert.read_bytes())
        self.put('eap/server.key', pki.server_key.read_text())
        self.put('lisbon-tokyo.ktk', 'a5' * 32 + '\n')
        self.put('access-points.secret', SECRET + '\n')
        if name == 'lisbon':
            self.put('users', guide_block('users'))
        self.text = guide_block(f'{name}.conf')
        self.log = 'logins = all'
        self.store = 'type = memory'
        self.program = None

    def put(self, path, text):
        (self.folder / path).write_text(text)
        (self.folder / path).chmod(0o600)

    def put_certificate(self, pki, name):
        (self.folder / 'tls' / f'{name}.pem').write_bytes(pki.cert(name).read_bytes())
        self.put(f'tls/{name}.key', pki.key(name).read_text())

    def change(self, *changes):
        """Pairs of what stands in the configuration and what is to stand there."""
        for old, new in changes:
            assert old in self.text, f'{old!r} is not in the configuration of {self.name}'
            self.text = self.text.replace(old, new)
        return self

    def write(self):
        self.put('hokeyd.conf', self.text + f'''
workers = 1
control = "control.sock"
store {{ {self.store} }}
log {{ {self.log} }}
''')

    def start(self):
        self.write()
        self.program = self.lab.start([self.hokeyd, '--config', self.folder / 'hokeyd.conf'],
                                      name=self.name)
        self.program.wait_for(READY)
        return self

    def reload(self):
        self.write()
        mark = self.program.mark()
        self.program.signal(1)
        self.program.wait_for('configuration loaded', since=mark)

    def hokey(self, hokey, *args, status=0):
        done = self.lab.run([hokey, *args, '--control', self.folder / 'control.sock'])
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    def statistics(self, hokey):
        return json.loads(self.hokey(hokey, 'statistics', '--json'))

    def sessions(self, hokey):
        return [json.loads(line)['name'] for line in
                self.hokey(hokey, 'sessions', '--json').splitlines()]


@pytest.fixture
def lisbon(lab, hokeyd, papers):
    return Site(lab, hokeyd, papers, 'lisbon')


@pytest.fixture
def tokyo(lab, hokeyd, papers):
    return Site(lab, hokeyd, papers, 'tokyo')


def open_both(lisbon, tokyo):
    lisbon.start()
    tokyo.start()
    tokyo.program.wait_for('connected to home server lisbon with TLSv1.3')


def over_udp(lisbon, tokyo, home=LISBON):
    """Both without TLS, for whoever wants to sit between."""
    lisbon.change((f'address = {LISBON}\n    tls = federation\n}}', f'address = {LISBON}\n}}'),
                  ('tls = federation\n    certificate-name = radius.tokyo.example\n    er-server',
                   'address = 127.0.0.0/8\n    secret = "between-the-two"\n    er-server'),
                  ('keep-emsk = yes', 'keep-emsk = yes  key-transport = any'))
    tokyo.change((f'address = {LISBON}\n    tls = federation\n'
                  '    certificate-name = radius.lisbon.example\n    operator-name',
                  f'address = {home}\n    secret = "between-the-two"\n    operator-name'),
                 ('local-domain', 'key-transport = any  local-domain'))


def eapol_test(lab, wpa, pki, user='alice', erp=1, server='127.0.0.1'):
    """A full login at an access point in Tokyo; what the device says of it."""
    done = lab.run([*lab.eapol_test(wpa, pki, f'{user}@lisbon.example', user=user, server=server, erp=erp),
                    '-A', getattr(lab, 'access_point', '127.0.0.1')])
    assert done.returncode == 0 and 'SUCCESS' in done.stdout, done.stdout[-3000:]
    return done.stdout


def login(lab, wpa, pki, user='alice'):
    """The same; the device's keys of its home, and those of Tokyo."""
    said = eapol_test(lab, wpa, pki, user)
    home = keys_of(said, 'alice@lisbon.example')
    return home, home.visiting('tokyo.example')


def works(lab, keys, nas=b'ap1'):
    """Does a re-authentication succeed? The Access-Accept, or None."""
    client = lab.radius_client(getattr(lab, 'access_point', '127.0.0.1'))
    answer, _ = radius.reauthenticate(client, keys, nas=nas)
    if answer is None or answer.code != radius.ACCESS_ACCEPT:
        return None
    assert keys.check_finish(answer.eap)
    assert radius.reply_key(client, answer) == keys.rmsk(keys.seq - 1)
    return answer


def attributes_of_keys(answer):
    """Types of what an access point got of our vendor."""
    return [value[4] for value in answer.all(radius.VENDOR) if value[:4] == struct.pack('!I', VENDOR)]


def peer(lab, hokey, pki, *args, user='alice', server='127.0.0.1', status=0):
    """Runs of `hokey peer`."""
    lab.folder.joinpath('secret').write_text(SECRET + '\n')
    done = lab.run([hokey, 'peer', '--json', '--server', server, '--secret-file',
                    lab.folder / 'secret', '--identity', f'{user}@lisbon.example', '--ca', pki.ca,
                    '--cert', pki.cert(user), '--key', pki.key(user), '--server-name',
                    'radius.home.example', *args])
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout)['runs']

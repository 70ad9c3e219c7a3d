# SPDX-License-Identifier: ISC
"""A small network in namespaces, and the programs that run in it.

    sta                       net
    wpa_supplicant            hostapd "ap1", hostapd "ap2", hokeyd
      sta0 --------- bridge --- ap1 / ap2 (one plugged in at a time)

All addresses are on loopback of the namespace `net`; nothing leaves the
namespaces. Every program is ended by its own process id.
"""
import contextlib
import ctypes
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import time

import radius

READY = r'hokeyd [0-9.]+: \d+ worker'
TLS_FLAGS = {
    '1.3': 'tls_disable_tlsv1_0=1 tls_disable_tlsv1_1=1 tls_disable_tlsv1_2=1 tls_disable_tlsv1_3=0',
    '1.2': 'tls_disable_tlsv1_3=1',
}
STATION = '02:00:00:00:00:01'
EAPOL_GROUP = 0x8  # group_fwd_mask bit of 01-80-C2-00-00-03


def ip(*args, ns=None):
    subprocess.run(['ip', *(['-n', ns] if ns else []), *args], check=True, capture_output=True)


CLONE_NEWNET = 0x40000000


@contextlib.contextmanager
def inside(ns):
    """This thread in another network namespace, for the time of a block."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open('/proc/thread-self/ns/net') as home, open(f'/run/netns/{ns}') as there:
        if libc.setns(there.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), 'setns')
        try:
            yield
        finally:
            if libc.setns(home.fileno(), CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), 'setns')


def wait_until(condition, timeout=30):
    """Looks again and again until it holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f'it does not come in {timeout} s'
        time.sleep(0.02)


def hexdump(text, label):
    """The last hexdump of that label in a hostap debug log, as octets."""
    lines = re.findall(rf'{label} - hexdump\(len=\d+\): ([0-9a-f ]+)', text)
    assert lines, f'no {label} in the log'
    return bytes.fromhex(lines[-1])


def keys_of(log, identity):
    """The key set of the last full authentication in a hostap log."""
    return radius.KeySet(hexdump(log, 'EAP: EMSK'), hexdump(log, 'EAP: Session-Id'),
                         identity.split('@')[1])


class Program:
    """One running program with its output in a file."""

    def __init__(self, argv, log, ns=None, env=None):
        self.log = pathlib.Path(log)
        self.name = pathlib.Path(argv[0]).name
        prefix = ['ip', 'netns', 'exec', ns] if ns else []
        with open(self.log, 'ab') as out:
            self.process = subprocess.Popen(
                [*prefix, *map(str, argv)], stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.log.read_text(errors='replace')

    def mark(self):
        """A place in the output, to wait for what comes behind it."""
        return len(self.output())

    def wait_for(self, pattern, timeout=20, since=0, count=1):
        """Waits until the output matches `count` times; returns the last match."""
        deadline = time.monotonic() + timeout
        while True:
            found = list(re.finditer(pattern, self.output()[since:], re.M))
            if len(found) >= count:
                return found[count - 1]
            if self.process.poll() is not None:
                found = list(re.finditer(pattern, self.output()[since:], re.M))
                if len(found) >= count:
                    return found[count - 1]
                raise AssertionError(
                    f'{self.name} ended with {self.process.returncode} before '
                    f'{pattern!r}:\n{self.output()[-3000:]}')
            if time.monotonic() > deadline:
                raise AssertionError(
                    f'{self.name}: no {pattern!r} in {timeout} s:\n{self.output()[-3000:]}')
            time.sleep(0.02)

    def running(self):
        return self.process.poll() is None

    def wait(self, timeout=20):
        return self.process.wait(timeout)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, timeout=20):
        """Asks it to end; the exit status, or a test failure when it hangs."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError(f'{self.name} did not end:\n{self.output()[-3000:]}')
        return self.process.returncode

    def kill(self):
        if self.running():
            self.process.kill()
        self.process.wait()

    def end(self, timeout=10):
        """Lets it end in order, with what it does then; else kills it."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                pass
        self.kill()


class Lab:
    """Namespaces `net` and `sta` with a cable that can be moved between two ports."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        tag = f'hk{os.getpid()}{secrets.token_hex(2)}'
        self.net, self.sta = tag + 'n', tag + 's'
        self.programs = []
        self.port = None
        self._counter = 0

    def open(self):
        for ns in (self.net, self.sta):
            ip('netns', 'add', ns)
            ip('link', 'set', 'lo', 'up', ns=ns)
        ip('link', 'add', 'br0', 'type', 'bridge', 'group_fwd_mask', str(EAPOL_GROUP), ns=self.net)
        ip('link', 'set', 'br0', 'up', ns=self.net)
        ip('link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'sta0', 'netns', self.sta,
           ns=self.net)
        ip('link', 'set', 'cable', 'master', 'br0', 'up', ns=self.net)
        ip('link', 'set', 'sta0', 'address', STATION, 'up', ns=self.sta)
        for index, port in enumerate(('ap1', 'ap2'), 1):
            ip('link', 'add', port, 'type', 'veth', 'peer', 'name', port + 'b', ns=self.net)
            ip('link', 'set', port, 'address', f'02:00:00:00:01:0{index}', 'up', ns=self.net)
            ip('link', 'set', port + 'b', 'up', ns=self.net)
        return self

    def plug(self, port):
        """Plugs the station's cable into one port and out of the other."""
        other = 'ap2' if port == 'ap1' else 'ap1'
        ip('link', 'set', other + 'b', 'nomaster', ns=self.net)
        ip('link', 'set', port + 'b', 'master', 'br0', ns=self.net)
        # A bridge port learns and listens for no time here: no STP.
        self.port = port

    def start(self, argv, ns=None, env=None, name=None):
        self._counter += 1
        name = name or pathlib.Path(argv[0]).name
        program = Program(argv, self.folder / f'{self._counter:02}-{name}.log',
                          self.net if ns is None else ns, env)
        self.programs.append(program)
        return program

    def run(self, argv, ns=None, timeout=60, env=None, check=False, stdin=None):
        return subprocess.run(
            ['ip', 'netns', 'exec', self.net if ns is None else ns, *map(str, argv)],
            capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})},
            check=check, input=stdin, **({} if stdin is not None else {'stdin': subprocess.DEVNULL}))

    def close(self):
        for program in reversed(self.programs):
            # what was counted for tools/coverage is written at the end of a program
            (program.end if program.name.startswith('hokey') else program.kill)()
        for ns in (self.net, self.sta):
            subprocess.run(['ip', 'netns', 'del', ns], capture_output=True)

    def radius_client(self, address='127.0.0.1', **kwargs):
        """A RADIUS client in the namespace `net`."""
        with inside(self.net):
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.bind((address, 0))
        return radius.Client(sock, **kwargs)

    # ---- the programs of the tests ----

    def quick(self, hokeyd, pki, *more, state=None, realm='home.example', listen='127.0.0.1:1812',
              env=None):
        """hokeyd without a configuration file."""
        state = state or self.folder / 'state'
        state.mkdir(mode=0o700, exist_ok=True)
        program = self.start([hokeyd, '--quick', '--listen', listen, '--secret', 'throw-away-secret',
                              '--realm', realm, '--certs', pki.folder, '--state', state, *more], env=env)
        program.wait_for(READY)
        return program

    def configuration(self, pki, store='type = memory', erp='', more='', listen='127.0.0.1',
                      client=''):
        """The text of a configuration file."""
        return f'''
listen main {{ address = "{listen}"  port = 1812 }}
client lab {{ address = "127.0.0.1"  secret = "throw-away-secret"  {client} }}
eap {{
    ca = "{pki.ca}"
    certificate = "{pki.server_cert}"
    key = "{pki.server_key}"
}}
erp {{ realms = {{ "home.example" }}  {erp} }}
store {{ {store} }}
control = "{self.folder}/control.sock"
{more}
'''

    def configured(self, hokeyd, pki, args=(), env=None, **kwargs):
        """hokeyd with a configuration file."""
        config = self.folder / 'hokeyd.conf'
        config.write_text(self.configuration(pki, **kwargs))
        config.chmod(0o600)
        program = self.start([hokeyd, '--config', config, *args], env=env)
        program.wait_for(READY)
        return program

    def eapol_test(self, wpa, pki, identity='alice@home.example', tls='1.3', user='client',
                   port=1812, server='127.0.0.1', erp=1, extra='', timeout=30):
        """The command line of a full EAP-TLS login."""
        config = self.folder / 'eapol_test.conf'
        config.write_text(f'''network={{
    key_mgmt=IEEE8021X
    eap=TLS
    erp={erp}
    identity="{identity}"
    ca_cert="{pki.ca}"
    client_cert="{pki.cert(user)}"
    private_key="{pki.key(user)}"
    phase1="{TLS_FLAGS[tls]}"
    {extra}
}}
''')
        return [wpa / 'eapol_test', '-c', config, '-a', server, '-p', port, '-s',
                'throw-away-secret', '-N', '30:s:02-00-00-00-01-01:hokey', '-t', timeout]

    def login(self, wpa, pki, identity='alice@home.example', **kwargs):
        """A full EAP-TLS login by eapol_test; the keys it derived."""
        done = self.run(self.eapol_test(wpa, pki, identity, **kwargs))
        assert done.returncode == 0 and 'SUCCESS' in done.stdout, done.stdout[-3000:]
        keys = keys_of(done.stdout, identity)
        keys.msk = hexdump(done.stdout, 'EAP-TLS: Derived key')
        return keys

    def hostapd(self, port, nas_identifier, secret='throw-away-secret', server='127.0.0.1',
                server_port=1812, extra=''):
        """An 802.1X authenticator on a port, with a RADIUS server behind it."""
        config = self.folder / f'hostapd-{port}.conf'
        config.write_text(f'''interface={port}
driver=wired
logger_stdout=-1
logger_stdout_level=0
ieee8021x=1
eap_reauth_period=0
use_pae_group_addr=1
own_ip_addr=127.0.0.1
nas_identifier={nas_identifier}
auth_server_addr={server}
auth_server_port={server_port}
auth_server_shared_secret={secret}
erp_send_reauth_start=1
ctrl_interface={self.folder}/hostapd
{extra}''')
        program = self.start(['/usr/sbin/hostapd', '-dd', '-K', config], name=f'hostapd-{port}')
        program.wait_for(r'AP-ENABLED')
        return program

    def hostapd_server(self, pki, realm, secret='throw-away-secret', port=1812, tls_flags='tls_flags=[ENABLE-TLSv1.3]'):
        """Debian's hostapd as RADIUS and EAP server with ERP, without any interface."""
        clients = self.folder / 'hostapd-clients'
        clients.write_text(f'0.0.0.0/0 {secret}\n')
        users = self.folder / 'hostapd-users'
        users.write_text('* TLS\n')
        config = self.folder / 'hostapd-server.conf'
        config.write_text(f'''driver=none
logger_stdout=-1
logger_stdout_level=0
radius_server_clients={clients}
radius_server_auth_port={port}
eap_server=1
eap_user_file={users}
ca_cert={pki.ca}
server_cert={pki.server_cert}
private_key={pki.server_key}
{tls_flags}
eap_server_erp=1
erp_domain={realm}
''')
        program = self.start(['/usr/sbin/hostapd', '-dd', '-K', config], name='hostapd-server')
        program.wait_for(r'AP-ENABLED|RADIUS SRV: New|Setup of interface done|radius_server|'
                         r'Using interface|eap_server')
        return program

    def supplicant(self, wpa, pki, identity, tls='1.3', user='client'):
        """wpa_supplicant with ERP on the station's cable."""
        config = self.folder / 'wpa_supplicant.conf'
        config.write_text(f'''ctrl_interface={self.folder}/wpa
ap_scan=0
network={{
    key_mgmt=IEEE8021X
    eapol_flags=0
    eap=TLS
    erp=1
    identity="{identity}"
    ca_cert="{pki.ca}"
    client_cert="{pki.cert(user)}"
    private_key="{pki.key(user)}"
    phase1="{TLS_FLAGS[tls]}"
}}
''')
        return self.station(wpa, config)

    def station(self, wpa, config):
        """wpa_supplicant with a configuration, and the access point's attention."""
        program = self.start([wpa / 'wpa_supplicant', '-dd', '-K', '-D', 'wired', '-i', 'sta0', '-c',
                              config], ns=self.sta, name='wpa_supplicant')
        self.announce(program)
        return program

    def announce(self, station, since=0):
        """
        Tells the access point that a station has come, as a radio would. On a wire it waits for
        EAPOL-Start, and that takes the supplicant two seconds.
        """
        station.wait_for('SUPP_PAE entering state CONNECTING', since=since)
        self.hostapd_cli(self.port, 'new_sta', STATION)

    def hostapd_cli(self, port, *command):
        return self.run(['/usr/sbin/hostapd_cli', '-p', self.folder / 'hostapd', '-i', port, *command])

    def forget(self, port):
        """The access point forgets the station, as it does when a radio link ends."""
        self.hostapd_cli(port, 'deauthenticate', STATION)

    def wpa_cli(self, wpa, *command):
        done = self.run([wpa / 'wpa_cli', '-p', self.folder / 'wpa', '-i', 'sta0', *command],
                        ns=self.sta)
        return done.stdout


class Pki:
    """A throw-away CA with certificates, made with the openssl command."""

    def __init__(self, folder, key=('ec', '-pkeyopt', 'ec_paramgen_curve:P-256')):
        self._new_key = ('-newkey', *key)
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ca, self._ca_key = self.folder / 'ca.pem', self.folder / 'ca.key'
        self._openssl('req', '-x509', *self._new_key, '-nodes', '-days', '30', '-subj',
                      '/CN=hokey test CA', '-keyout', self._ca_key, '-out', self.ca)
        self.issue('server', 'serverAuth', 'DNS:radius.home.example')
        self.server_cert, self.server_key = self.cert('server'), self.key('server')

    def _openssl(self, *args):
        subprocess.run(['openssl', *map(str, args)], check=True, capture_output=True)

    def cert(self, name):
        return self.folder / f'{name}.pem'

    def key(self, name):
        return self.folder / f'{name}.key'

    def issue(self, name, eku, san, days='30', cn=None):
        """A certificate; days may be negative: expired already."""
        request, ext = self.folder / f'{name}.csr', self.folder / f'{name}.ext'
        ext.write_text(f'extendedKeyUsage={eku}\nsubjectAltName={san}\nbasicConstraints=CA:FALSE\n')
        self._openssl('req', '-new', *self._new_key, '-nodes', '-subj', f'/CN={cn or name}',
                      '-keyout', self.key(name), '-out', request)
        self._openssl('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self._ca_key,
                      '-CAcreateserial', '-days', days, '-extfile', ext, '-out', self.cert(name))
        return self

    def user(self, name, nai):
        return self.issue(name, 'clientAuth', f'email:{nai}')

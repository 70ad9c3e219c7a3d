# SPDX-License-Identifier: ISC
"""The servers that are measured, and the load on them.

All of them run on loopback of a network namespace of their own, hokeyd and
hostapd on the first processor and the load on the second, where there are two.
"""
import json
import os
import pathlib
import re
import secrets
import signal
import subprocess
import sys
import time
import types

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / 'tests' / 'interop'))
import freeradius  # noqa: E402

REALM = 'home.example'
IDENTITY = f'bench@{REALM}'
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, CLIENT_CPU = CPUS[0], CPUS[-1]
HOSTAPD_SESSIONS = 1000   # at a time; a finished one stays for 5 s
HOSTAPD_PAUSE = 6
HOSTAPD_RATE = 190        # logins a second that it can take for long


def enter_namespace():
    """This process once more, with loopback for itself."""
    if os.environ.get('HOKEY_BENCH_NAMESPACE'):
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
        return
    os.environ['HOKEY_BENCH_NAMESPACE'] = '1'
    rights = [] if os.geteuid() == 0 else ['--map-root-user']
    os.execvp('unshare', ['unshare', *rights, '--net', sys.executable, *sys.argv])


def pinned(cpu, argv, realtime=False):
    """On that processor; realtime: and nothing of the machine's own gets in between."""
    first = ['chrt', '--fifo', '1'] if realtime else []
    return [*first, 'taskset', '-c', str(cpu), *map(str, argv)]


class Pki:
    """A throw-away CA, one server certificate, one for all devices, all with such keys."""

    KEYS = {
        'P-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
        'RSA-2048': ['rsa:2048'],
        'RSA-3072': ['rsa:3072'],
    }

    def __init__(self, folder, key='P-256'):
        self.folder, self.key = folder, key
        folder.mkdir(parents=True)
        self.ca, self.ca_key = folder / 'ca.pem', folder / 'ca.key'
        self._openssl('req', '-x509', *self._new_key(self.ca_key), '-days', '60', '-subj',
                      '/CN=hokey bench CA', '-out', self.ca)
        self.server = self._issue('server', 'serverAuth', 'DNS:radius.' + REALM)
        self.client = self._issue('client', 'clientAuth', 'email:' + IDENTITY)
        self.hop = self._issue('hop', 'serverAuth,clientAuth', 'DNS:hop.example')

    def _new_key(self, path):
        return ['-newkey', *self.KEYS[self.key], '-nodes', '-keyout', path]

    @staticmethod
    def _openssl(*args):
        subprocess.run(['openssl', *map(str, args)], check=True, capture_output=True)

    def _issue(self, name, usage, san):
        cert, key = self.folder / f'{name}.pem', self.folder / f'{name}.key'
        request, ext = self.folder / f'{name}.csr', self.folder / f'{name}.ext'
        ext.write_text(f'extendedKeyUsage={usage}\nsubjectAltName={san}\n'
                       'basicConstraints=CA:FALSE\n')
        self._openssl('req', '-new', *self._new_key(key), '-subj', f'/CN={name}', '-out', request)
        self._openssl('x509', '-req', '-in', request, '-CA', self.ca, '-CAkey', self.ca_key,
                      '-CAcreateserial', '-days', '60', '-extfile', ext, '-out', cert)
        return cert, key


class Server:
    """One running server; ended by its process id."""

    name = 'server'
    port = 1812
    realtime = False

    def __init__(self, lab, argv, ready, cpu=SERVER_CPU, pki=None):
        self.lab, self.pki = lab, pki or lab.pki
        self.log = lab.folder / f'{self.name}-{secrets.token_hex(3)}.log'
        started = time.monotonic()
        with open(self.log, 'wb') as out:
            self.process = subprocess.Popen(
                list(map(str, argv)) if cpu is None else pinned(cpu, argv),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self._wait(ready)
        self.start_s = time.monotonic() - started

    def _wait(self, ready, timeout=120):
        deadline = time.monotonic() + timeout
        while not re.search(ready, self.log.read_text(errors='replace')):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f'{self.name} is not ready:\n{self.log.read_text()[-2000:]}')
            time.sleep(0.01)

    @property
    def pid(self):
        return self.process.pid

    def cpu_us(self):
        fields = pathlib.Path(f'/proc/{self.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000000 / os.sysconf('SC_CLK_TCK')

    def become_realtime(self):
        """From now on nothing of the machine's own gets in between, here and in the load."""
        done = subprocess.run(['chrt', '--all-tasks', '--fifo', '--pid', '1', str(self.pid)],
                              capture_output=True)
        self.realtime = done.returncode == 0
        return self.realtime

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def bench(self, *options, cpu=CLIENT_CPU, check=True):
        """Runs hokey bench; its report."""
        argv = [self.lab.build / 'src/hokey/hokey', 'bench', '--server',
                f'127.0.0.1:{self.port}', '--secret-file', self.lab.secret, '--identity', IDENTITY,
                '--ca', self.pki.ca, '--cert', self.pki.client[0], '--key',
                self.pki.client[1], '--pid', self.pid, '--json', '--quiet', *options]
        done = subprocess.run(
            list(map(str, argv)) if cpu is None else pinned(cpu, argv, self.realtime),
            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=1800)
        if check and done.returncode:
            raise RuntimeError(f'hokey bench: {done.stderr[-2000:]}{done.stdout[-2000:]}')
        return json.loads(done.stdout)


class Hokeyd(Server):
    name = 'hokeyd'

    def __init__(self, lab, store='memory', path=None, workers=1, cpu=SERVER_CPU, pki=None,
                 address='127.0.0.1', realm=REALM, more=''):
        pki = pki or lab.pki
        config = lab.folder / f'hokeyd-{store}-{realm}.conf'
        users = lab.folder / 'users'
        users.write_text('DEFAULT\n')
        self.store_path = path or lab.folder / f'store-{secrets.token_hex(3)}'
        kind = 'memory' if store == 'memory' else 'lmdb'
        config.write_text(f'''workers = {workers}
control = {lab.folder}/{realm}.sock
users-file = {users}
listen loopback {{ address = {address}; port = {self.port} }}
client bench {{
        address = 127.0.0.0/8
        secret-file = {lab.secret}
}}
eap {{
        ca = {pki.ca}
        certificate = {pki.server[0]}
        key = {pki.server[1]}
        ticket-lifetime = 1d
}}
erp {{ realms = {{ {realm} }} }}
{more}
store {{
        type = {kind}
        path = {self.store_path}
        wrap-key-file = {self.store_path}.key
        max-size = 64G
        max-sets-per-user = 0
        durability = {'process' if kind == 'memory' else store}
}}
log {{ logins = none }}
''')
        super().__init__(lab, [lab.build / 'src/hokeyd/hokeyd', '-c', config], r': \d+ workers',
                         cpu, pki)


class Proxied(Hokeyd):
    """A proxy, and behind it, over RADIUS/TLS, the server of the devices' home."""

    name = 'proxy'

    def __init__(self, lab):
        cert, key = lab.pki.hop
        tls = f'tls hop {{ certificate = {cert}; key = {key}; ca = {lab.pki.ca} }}\n'
        self.home = Hokeyd(lab, cpu=None, address='127.0.0.2', more=tls + '''
listen radsec { address = 127.0.0.2; tls = hop }
client proxy { tls = hop; certificate-name = hop.example }
''')
        super().__init__(lab, cpu=None, realm='visited.example', more=tls + f'''
home-server home {{
        address = 127.0.0.2
        tls = hop
        certificate-name = hop.example
}}
pool homes {{ servers = {{ home }} }}
realm "{REALM}" {{ pool = homes }}
''')
        self._wait('connected to home server')

    def __exit__(self, *args):
        super().__exit__(*args)
        self.home.__exit__(*args)


class Hostapd(Server):
    """Debian's hostapd as RADIUS server with ERP, and nothing else."""

    name = 'hostapd'

    def __init__(self, lab):
        clients, users = lab.folder / 'hostapd-clients', lab.folder / 'hostapd-users'
        clients.write_text(f'127.0.0.0/8 {lab.secret.read_text().strip()}\n')
        users.write_text('* TLS\n')
        config = lab.folder / 'hostapd.conf'
        config.write_text(f'''driver=none
logger_stdout=-1
logger_stdout_level=4
radius_server_clients={clients}
radius_server_auth_port={self.port}
eap_server=1
eap_user_file={users}
ca_cert={lab.pki.ca}
server_cert={lab.pki.server[0]}
private_key={lab.pki.server[1]}
tls_flags=[ENABLE-TLSv1.3]
tls_session_lifetime=86400
eap_server_erp=1
erp_domain={REALM}
''')
        super().__init__(lab, ['/usr/sbin/hostapd', config], r'AP-ENABLED')


class FreeRadius(Server):
    """Debian's FreeRADIUS as it is installed; with rlm_hokey, or with fixed answers."""

    name = 'freeradius'
    MODULE = 'modules/freeradius/rlm_hokey.so'
    # What an answer to a re-authentication consists of.
    FIXED = '''	update control {
		&Auth-Type := Accept
	}
	update reply {
		&Message-Authenticator := 0x00
		&EAP-Message := &EAP-Message
		&User-Name := "bench@home.example"
		&Session-Timeout := 3600
		&Termination-Action := RADIUS-Request
		&MS-MPPE-Recv-Key := 0x%(key)s
		&MS-MPPE-Send-Key := 0x%(key)s
	}
	return
''' % {'key': '5a' * 32}

    def __init__(self, lab, durability='batch', pki=None, fixed=False):
        pki = pki or lab.pki
        place = types.SimpleNamespace(folder=lab.folder / f'freeradius-{secrets.token_hex(3)}')
        place.folder.mkdir()
        files = types.SimpleNamespace(folder=pki.folder, ca=pki.ca, server_cert=pki.server[0],
                                      server_key=pki.server[1])
        self.config = freeradius.FreeRadius(place, files, lab.build / self.MODULE).method('tls')
        self.config.file('clients.conf').write_text(
            f'client bench {{\n\tipaddr = 127.0.0.1\n\tsecret = {lab.secret.read_text()}}}\n')
        if fixed:
            freeradius.replace(self.config.file('sites-available', 'default'), r'^\tsuffix\n',
                               self.FIXED + '\tsuffix\n')
        else:
            self.config.enable()
            freeradius.replace(self.config.file('mods-enabled', 'hokey'), r'^(\s*durability = ).*',
                               rf'\g<1>{durability}')
        super().__init__(lab, ['/usr/sbin/freeradius', '-f', '-d', self.config.raddb, '-l', 'stdout'],
                         freeradius.READY, pki=pki)

    def fixed(self, requests):
        """CPU time of one request, as large as a re-authentication's, with a fixed answer."""
        packets = self.lab.folder / 'requests'
        packets.write_text('\n'.join(f'''User-Name = "{n:016x}@{REALM}"
NAS-Identifier = "bench-ap-0"
Called-Station-Id = "02-01-00-00-00-00:hokey"
NAS-Port-Type = Wireless-802.11
Calling-Station-Id = "{n:02X}-00-00-00-00-01"
Framed-MTU = 1400
EAP-Message = 0x05010038{n:0104x}
Message-Authenticator = 0x00
''' for n in range(64)))
        before = self.cpu_us()
        rounds = requests // 64
        done = subprocess.run(
            pinned(CLIENT_CPU, ['radclient', '-q', '-s', '-S', self.lab.secret, '-p', '64', '-c',
                                rounds, '-f', packets, f'127.0.0.1:{self.port}', 'auth']),
            capture_output=True, text=True, timeout=600, check=True)
        accepted = int(re.search(r'Accepted\s*: (\d+)', done.stdout).group(1))
        if accepted != rounds * 64:
            raise RuntimeError(f'radclient: {done.stdout[-1000:]}')
        return (self.cpu_us() - before) / accepted


class Lab:
    def __init__(self, build, folder):
        self.build, self.folder = pathlib.Path(build).resolve(), pathlib.Path(folder)
        self.pki = Pki(self.folder / 'pki')
        self.secret = self.folder / 'secret'
        self.secret.write_text(secrets.token_hex(8) + '\n')
        self.secret.chmod(0o600)

    def program(self, name, *args, cpu=None):
        """One of bench/; the JSON object it prints."""
        argv = [self.build / 'bench' / f'bench-{name}', *args]
        done = subprocess.run(list(map(str, argv)) if cpu is None else pinned(cpu, argv),
                              check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def fill(self, sets):
        """An LMDB store of so many key sets, and the file of the devices they are of."""
        store, devices = self.folder / f'filled-{sets}', self.folder / f'devices-{sets}'
        subprocess.run([str(self.build / 'bench/bench-fill'), str(sets), str(store), f'{store}.key',
                        str(devices), str(64 << 30)], check=True, capture_output=True)
        return store, devices

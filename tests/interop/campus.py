# SPDX-License-Identifier: ISC
"""A visited campus, a federation between, a home far away.

    sta ---- net             site ============ fed ============ home
    station  access points   hokeyd: local     radsecproxy,     hokeyd: home
             10.1.0.2        ER server, proxy  FreeRADIUS or    server
                             10.1.0.1          just a router    10.3.0.2
                             10.2.0.1          10.2.0.2
                                               10.3.0.1

Each box is a network namespace. The double lines are long: 120 ms and 150 ms to the
other end and back, 270 ms to the home. What is sent on them is counted, they can be cut,
and nothing but what the programs send is on them.
"""
import json
import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

import freeradius
import radius
from lab import READY, Lab, inside, ip

HERE = pathlib.Path(__file__).resolve().parent
SECRET = 'throw-away-secret'
NEAR, SITE, SITE_OUT, FED, FED_OUT, HOME = (
    '10.1.0.2', '10.1.0.1', '10.2.0.1', '10.2.0.2', '10.3.0.1', '10.3.0.2')
ROUND_TRIPS_MS = {'out': 120, 'far': 150}  # of the two long cables
KYOTO = '10.1.0.3'  # in the same place, for simplicity
HOME_MS = sum(ROUND_TRIPS_MS.values())
DOMAIN, REALM = 'tokyo.example', 'home.example'
BOTH = 'serverAuth,clientAuth'
ETH_P_ALL = 3
PORTS = 'one', 'two'


def mac_address(ns, interface):
    done = subprocess.run(['ip', '-n', ns, '-j', 'link', 'show', interface], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)[0]['address']


class Cable:
    """A long line between two namespaces; both ends of it lie in a third one."""

    def __init__(self, lab, name, ends, round_trip_ms):
        self.lab, self.name = lab, name
        self.ns = f'{lab.net}{name}'
        self.round_trip_ms = round_trip_ms
        ip('netns', 'add', self.ns)
        for port, (ns, interface, address) in zip(PORTS, ends):
            ip('link', 'add', port, 'type', 'veth', 'peer', 'name', interface, 'netns', ns,
               ns=self.ns)
            ip('link', 'set', port, 'addrgenmode', 'none', 'up', ns=self.ns)
            ip('link', 'set', interface, 'addrgenmode', 'none', 'up', ns=ns)
            ip('addr', 'add', f'{address}/24', 'dev', interface, ns=ns)
        # Nobody has to ask who has an address.
        for (ns, interface, _), (far_ns, far, address) in (ends, ends[::-1]):
            ip('neigh', 'add', address, 'lladdr', mac_address(far_ns, far), 'dev', interface, ns=ns)
        self._stretch()

    def _stretch(self):
        if self.lab.netem:
            ip('link', 'add', 'br0', 'type', 'bridge', ns=self.ns)
            ip('link', 'set', 'br0', 'addrgenmode', 'none', 'up', ns=self.ns)
            for port in PORTS:
                ip('link', 'set', port, 'master', 'br0', ns=self.ns)
                subprocess.run(['tc', '-n', self.ns, 'qdisc', 'add', 'dev', port, 'root', 'netem',
                                'delay', f'{self.round_trip_ms / 2}ms'], check=True)
            return
        self.lab.start([sys.executable, HERE / 'long_cable.py', *PORTS, self.round_trip_ms / 2],
                       ns=self.ns, name=f'cable-{self.name}').wait_for('ready')

    def frames(self):
        """How many were put on the line so far, at either end."""
        with inside(self.ns), open('/proc/thread-self/net/dev') as f:
            lines = [line.split() for line in f]
        return sum(int(words[2]) for words in lines if words[0] in (f'{p}:' for p in PORTS))

    def cut(self):
        ip('link', 'set', PORTS[1], 'down', ns=self.ns)

    def mend(self):
        ip('link', 'set', PORTS[1], 'up', ns=self.ns)


class Capture:
    """All frames of one interface, from now on."""

    def __init__(self, ns, interface):
        with inside(ns):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self.sock.bind((interface, ETH_P_ALL))
        self.frames, self.going = [], True
        self.sock.settimeout(0.2)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while self.going:
            try:
                self.frames.append(self.sock.recv(70000))
            except socket.timeout:
                continue

    def stop(self):
        time.sleep(0.3)  # what has arrived is read
        self.going = False
        self.thread.join()
        self.sock.close()
        return self

    def radius(self):
        """The RADIUS packets over UDP among them, without fragments."""
        packets = []
        for frame in self.frames:
            if frame[12:14] != b'\x08\0' or frame[23] != socket.IPPROTO_UDP:
                continue
            at = 14 + 4 * (frame[14] & 15)
            if struct.unpack('!H', frame[20:22])[0] & 0x3fff:
                continue
            source, to, length = struct.unpack('!HHH', frame[at:at + 6])
            if 1812 in (source, to):
                packets.append(radius.Packet(frame[at + 8:at + length]))
        return packets


class Campus(Lab):
    """The namespaces above, with all that is between them."""

    def open(self):
        super().open()
        self.site, self.fed, self.home = (self.net + name for name in ('v', 'f', 'h'))
        self.netem = False
        self.cables = {}
        for ns in (self.site, self.fed, self.home):
            ip('netns', 'add', ns)
            ip('link', 'set', 'lo', 'up', ns=ns)
        self.netem = self._has_netem()
        ip('link', 'add', 'wired', 'type', 'veth', 'peer', 'name', 'campus', 'netns', self.site,
           ns=self.net)
        for ns, interface, address in ((self.net, 'wired', NEAR), (self.site, 'campus', SITE)):
            ip('addr', 'add', f'{address}/24', 'dev', interface, ns=ns)
            ip('link', 'set', interface, 'up', ns=ns)
        ends = {'out': [(self.site, 'out', SITE_OUT), (self.fed, 'in', FED)],
                'far': [(self.fed, 'out', FED_OUT), (self.home, 'in', HOME)]}
        for name, two in ends.items():
            self.cables[name] = Cable(self, name, two, ROUND_TRIPS_MS[name])
        with inside(self.fed), open('/proc/sys/net/ipv4/ip_forward', 'w') as forward:
            forward.write('1')
        ip('route', 'add', '10.3.0.0/24', 'via', FED, ns=self.site)
        ip('route', 'add', '10.2.0.0/24', 'via', FED_OUT, ns=self.home)
        return self

    def _has_netem(self):
        done = subprocess.run(['tc', '-n', self.site, 'qdisc', 'add', 'dev', 'lo', 'root', 'netem'],
                              capture_output=True)
        if done.returncode == 0:
            subprocess.run(['tc', '-n', self.site, 'qdisc', 'del', 'dev', 'lo', 'root'], check=True)
        return done.returncode == 0

    def close(self):
        super().close()
        for ns in (self.site, self.fed, self.home, *(c.ns for c in self.cables.values())):
            subprocess.run(['ip', 'netns', 'del', ns], capture_output=True)

    # ---- the lines ----

    def frames(self):
        return sum(cable.frames() for cable in self.cables.values())

    def quiet(self, timeout=20):
        """Waits until nothing is under way on the lines; how many frames it has been."""
        deadline = time.monotonic() + timeout
        before = self.frames()
        while True:
            time.sleep(2 * HOME_MS / 1000)
            now = self.frames()
            if now == before:
                return now
            assert time.monotonic() < deadline, 'the lines do not become quiet'
            before = now

    # ---- the programs ----

    def keys(self, **files):
        for name, octet in files.items():
            (self.folder / name).write_text(octet * 32 + '\n')
            (self.folder / name).chmod(0o600)

    def hokeyd(self, program, name, ns, blocks, pki, realm, erp='', ready=READY):
        config = self.folder / f'{name}.conf'
        config.write_text(f'''
eap {{ ca = "{pki.ca}"  certificate = "{pki.server_cert}"  key = "{pki.server_key}" }}
erp {{ realms = {{ "{realm}" }}  {erp} }}
store {{ type = memory }}
log {{ logins = all }}
control = "{self.folder}/{name}.sock"
tls fed {{ certificate = "{pki.cert(name)}"  key = "{pki.key(name)}"  ca = "{pki.ca}" }}
{blocks}
''')
        config.chmod(0o600)
        running = self.start([program, '--config', config], ns=ns, name=name)
        running.wait_for(ready)
        return running

    def home_server(self, program, pki, ktk='', erp='keep-emsk = yes', client='fed'):
        """Listens for RADIUS/TLS of `client` and of Kyoto, and for UDP."""
        self.keys(tokyo='a5', kyoto='5a')
        return self.hokeyd(program, 'home', self.home, f'''
listen radsec {{ address = "{HOME}"  tls = fed }}
listen udp {{ address = "{HOME}" }}
client fed {{ tls = fed  certificate-name = {client}.example }}
client kyoto {{ tls = fed  certificate-name = kyoto.example }}
client near {{ address = "10.0.0.0/8"  secret = "{SECRET}" }}
ktk kyoto {{ kek-id = pair-2  key-file = "{self.folder}/kyoto"  domains = {{ kyoto.example }}
             realms = {{ {REALM} }}  allow = {{ dsrk }} }}
ktk tokyo {{ kek-id = pair-1  key-file = "{self.folder}/tokyo"  domains = {{ {DOMAIN} }}
             realms = {{ {REALM} }}  allow = {{ dsrk }}  {ktk} }}
''', pki, REALM, erp)

    def local_server(self, program, pki, up, tls='', erp='', workers=1, name='site', address=SITE,
                     domain=DOMAIN, ktk='pair-1', key='tokyo'):
        """The campus: up is the address that RADIUS goes to; tls: the name in its certificate."""
        hop = f'tls = fed  certificate-name = {tls}.example' if tls else f'secret = "{SECRET}"'
        running = self.hokeyd(program, name, self.site, f'''
workers = {workers}
listen main {{ address = "{address}" }}
client aps {{ address = "10.1.0.0/24"  secret = "{SECRET}" }}
home-server up {{ address = "{up}"  {hop}  check-interval = 10m }}
pool homes {{ servers = {{ up }} }}
realm "{REALM}" {{ pool = homes }}
ktk lisbon {{ kek-id = {ktk}  key-file = "{self.folder}/{key}"  domains = {{ {domain} }}
              realms = {{ {REALM} }} }}
''', pki, domain, f'local-domain = {domain}  {erp}')
        if tls:
            running.wait_for('connected to home server up')
        return running

    def second_campus(self, program, pki):
        """Another local ER server, of kyoto.example, that goes home without a proxy."""
        pki.issue('kyoto', BOTH, 'DNS:kyoto.example')
        ip('addr', 'add', f'{KYOTO}/24', 'dev', 'campus', ns=self.site)
        return self.local_server(program, pki, HOME, 'home', name='kyoto', address=KYOTO,
                                 domain='kyoto.example', ktk='pair-2', key='kyoto')

    def radsecproxy(self, pki, tls=True):
        """In the middle, with TLS or UDP at both sides."""
        config = self.folder / 'radsecproxy.conf'
        kind = 'type tls' if tls else f'type udp\n secret {SECRET}'
        name = ' matchCertificateAttribute SubjectAltName:DNS:/^site\\.example$/\n' if tls else ''
        config.write_text(f'''
ListenUDP {FED}:1812
ListenTLS {FED}:2083
LogLevel 5
LoopPrevention Off
tls default {{
    CACertificateFile {pki.ca}
    CertificateFile {pki.cert('fed')}
    CertificateKeyFile {pki.key('fed')}
}}
client {SITE_OUT} {{
 {kind}
{name}{' certificateNameCheck off' if tls else ''}
}}
server up {{
 host {HOME}
 {kind}
{' certificateNameCheck off' if tls else ''}
}}
realm * {{
    server up
}}
''')
        program = self.start(['/usr/sbin/radsecproxy', '-f', '-d', '5', '-c', config], ns=self.fed)
        program.wait_for('listening|createlistener')
        return program

    def freeradius(self, pki, tls=True):
        """Debian's FreeRADIUS as nothing but a proxy; it tells all it sees."""
        return freeradius.start_proxy(
            self, SITE_OUT, FED, HOME, REALM, *(('radsec', 'radsec') if tls else (SECRET, SECRET)),
            tls=(pki.cert('fed'), pki.key('fed'), pki.ca) if tls else None, ns=self.fed)

    def federation(self, program, pki, kind, **home):
        """All of it with one of the proxies, or none, in the middle; (home, site)."""
        for name in ('home', 'site', 'fed'):
            if not pki.cert(name).exists():
                pki.issue(name, BOTH, f'DNS:{name}.example')
        if kind.endswith('-udp'):
            home['erp'] = home.get('erp', 'keep-emsk = yes') + '  key-transport = any'
        there = self.home_server(program, pki, client='site' if kind == 'direct' else 'fed', **home)
        if kind == 'direct':
            return there, self.local_server(program, pki, HOME, 'home')
        if kind == 'radsecproxy':
            self.radsecproxy(pki)
            return there, self.local_server(program, pki, FED, 'fed')
        if kind == 'freeradius':
            self.freeradius(pki)
            return there, self.local_server(program, pki, FED, 'fed')
        if kind == 'freeradius-udp':
            self.freeradius(pki, tls=False)
        else:
            self.radsecproxy(pki, tls=False)
        return there, self.local_server(program, pki, FED, erp='key-transport = any')

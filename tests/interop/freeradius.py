# SPDX-License-Identifier: ISC
"""Debian's FreeRADIUS in the lab, from a copy of /etc/freeradius/3.0."""
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

from lab import TLS_FLAGS, keys_of, wait_until

INSTALLED = pathlib.Path('/etc/freeradius/3.0')
RADDB = pathlib.Path(__file__).resolve().parents[2] / 'modules' / 'freeradius' / 'raddb'
NO_DEEPBIND = pathlib.Path(__file__).with_name('no_deepbind.c')
FAILING_DISK = pathlib.Path(__file__).resolve().parents[1] / 'fault' / 'failing_disk.c'
READY = r'Ready to process requests'
PASSWORD = 'down the rabbit hole'
METHODS = {'tls': ('TLS', ''),
           'ttls': ('TTLS', 'phase2="auth=PAP"'),
           'peap': ('PEAP', 'phase2="auth=MSCHAPV2"'),
           'ttls-tls': ('TTLS', 'phase2="autheap=TLS"')}


def replace(path, pattern, text, count=1):
    """Edits a configuration file; the pattern must be there."""
    old = path.read_text()
    new, n = re.subn(pattern, text, old, count=count, flags=re.M)
    assert n, f'{path}: no {pattern!r}'
    path.write_text(new)


def start_proxy(lab, client, address, home, realm, before, after, tls=None, ns=None):
    """
    FreeRADIUS as nothing but a proxy between two hokeyd, with its own secret towards each;
    tls: certificate, key and CA, for RADIUS/TLS at both sides. It tells all it sees.
    """
    folder = lab.folder / 'freeradius'
    folder.mkdir(mode=0o700)
    port, client_tls, secure = 1812, '', ''
    if tls:
        port, client_tls = 2083, 'proto = tls; limit {; idle_timeout = 3600; }; '
        secure = ('proto = tcp; tls {{; certificate_file = {}; private_key_file = {}; ca_file = {}; '
                  'require_client_cert = yes; tls_min_version = "1.2"; tls_max_version = "1.2"; '
                  'fragment_size = 8192; }}; '.format(*tls))
    blocks = f'''
prefix = /usr; libdir = /usr/lib/freeradius; logdir = {folder}; run_dir = {folder}
pidfile = {folder}/radiusd.pid; proxy_requests = yes
security {{; allow_vulnerable_openssl = yes; }}
thread pool {{; }}
modules {{; realm suffix {{; format = suffix; delimiter = "@"; }}; }}
clients hops {{; client before {{; ipaddr = {client}; secret = {before}; {client_tls}}}; }}
home_server home {{; type = auth; ipaddr = {home}; port = {port}; secret = {after}; {secure}}}
home_server_pool homes {{; home_server = home; }}
realm {realm} {{; auth_pool = homes; nostrip; }}
server default {{; listen {{; type = auth; ipaddr = {address}; port = {port}; clients = hops
{secure}}}
authorize {{; suffix; }}; }}
'''
    (folder / 'radiusd.conf').write_text(blocks.replace('; ', '\n'))  # one item to a line
    program = lab.start(['/usr/sbin/freeradius', '-fxx', '-l', 'stdout', '-d', folder, '-n', 'radiusd'],
                        ns=ns, name='freeradius')
    program.wait_for('Ready to process requests')
    return program


class Sanitizer:
    """For a module with a sanitizer in a server without: what to load before, what to ask after."""

    # Requests go from thread to thread, and back to be freed, by ways the sanitizer cannot see.
    SUPPRESSIONS = {'asan': 'leak:libtalloc\n', 'tsan': 'race:libtalloc\n'}
    RUNTIMES = {'asan': ['clang', '-print-file-name=libclang_rt.asan-x86_64.so'],
                'tsan': ['gcc', '-print-file-name=libtsan.so']}

    def __init__(self, module, folder):
        symbols = self._output('nm', '-D', module)
        self.name = next((n for n in self.RUNTIMES if f'__{n}_init' in symbols), None)
        self.folder = folder

    @staticmethod
    def _output(*argv):
        return subprocess.run(list(map(str, argv)), capture_output=True, text=True,
                              check=True).stdout.strip()

    def _shim(self, source):
        built = self.folder / (source.stem + '.so')
        self._output('gcc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', built, source)
        return built

    def prefix(self, *more):
        """The start of a command line; more: C files that are loaded, too."""
        if not self.name and not more:
            return []
        shims = [self._shim(f) for f in (NO_DEEPBIND, *more)]
        if not self.name:
            return ['env', 'LD_PRELOAD=' + ':'.join(map(str, shims))]
        suppressions = self.folder / f'{self.name}.supp'
        suppressions.write_text(self.SUPPRESSIONS[self.name])
        log = f'log_path={self.folder}/report:exitcode=0'
        runtime = os.path.realpath(self._output(*self.RUNTIMES[self.name]))
        return ['env', 'LD_PRELOAD=' + ':'.join([*map(str, shims), runtime]),
                f'ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=1:{log}',
                f'LSAN_OPTIONS=suppressions={suppressions}',
                f'UBSAN_OPTIONS=print_stacktrace=1:{log}',
                f'TSAN_OPTIONS=suppressions={suppressions}:{log}']

    def reports(self):
        """Those that name the module. The server has some of its own."""
        texts = (f.read_text() for f in self.folder.glob('report.*'))
        return [part for text in texts for part in re.split(r'^={10,}$', text, flags=re.M)
                if 'rlm_hokey' in part or 'modules/freeradius' in part]


class FreeRadius:
    def __init__(self, lab, pki, module, name='raddb', settle=True):
        """settle: at a place of the lab's, as root; else what stays at the usual place."""
        self.lab, self.pki, self.module = lab, pki, pathlib.Path(module)
        self.raddb = lab.folder / name
        self.store = lab.folder / f'{name}-store'
        self.program = None
        self.sanitizer = Sanitizer(self.module, lab.folder)
        shutil.copytree(INSTALLED, self.raddb, symlinks=True)
        if settle:
            self._settle()
            shutil.copy(RADDB / 'policy.d' / 'hokey', self.file('policy.d', 'hokey'))
            replace(self.file('sites-available', 'inner-tunnel'), r'^post-auth \{',
                    'post-auth {\n\thokey_inner_identity')
        self._clients()
        self._eap(self.pki.folder if settle else INSTALLED / 'certs')
        self._users()

    def file(self, *parts):
        return self.raddb.joinpath(*parts)

    def _settle(self):
        """Another place, another user, a client."""
        conf = self.file('radiusd.conf')
        replace(conf, r'^raddbdir = .*', f'raddbdir = {self.raddb}')
        replace(conf, r'^logdir = .*', f'logdir = {self.lab.folder}/log')
        replace(conf, r'^run_dir = .*', f'run_dir = {self.lab.folder}')
        replace(conf, r'^(\s*user = ).*', r'\1root')
        replace(conf, r'^(\s*group = ).*', r'\1root')
        replace(conf, r'^(\s*allow_core_dumps = ).*', r'\1yes')  # what leak detection needs
        replace(conf, r'^libdir = .*', f'libdir = /usr/lib/freeradius:{self.module.parent}')
        (self.lab.folder / 'log').mkdir(exist_ok=True)

    def _clients(self):
        self.file('clients.conf').write_text(
            'client lab {\n\tipaddr = 127.0.0.1\n\tsecret = throw-away-secret\n\tshortname = lab\n}\n')

    def _eap(self, certs):
        eap = self.file('mods-available', 'eap')
        for option, path in (('private_key_file', self.pki.server_key),
                             ('certificate_file', self.pki.server_cert),
                             ('ca_file', self.pki.ca)):
            replace(eap, rf'^(\s*{option} = ).*', rf'\g<1>{certs}/{path.name}')
        replace(eap, r'^\s*private_key_password = .*', '')
        replace(eap, r'^(\s*tls_max_version = ).*', r'\1"1.3"')

    def _users(self):
        self.file('mods-config', 'files', 'authorize').write_text(
            f'alice@home.example Cleartext-Password := "{PASSWORD}"\n')

    def method(self, name):
        """Saves the round trip of a NAK."""
        replace(self.file('mods-available', 'eap'), r'^(\teap \{\n)?(\s*default_eap_type = ).*',
                rf'\g<2>{name}')
        return self

    def resumption(self):
        eap = self.file('mods-available', 'eap')
        (self.lab.folder / 'tlscache').mkdir(mode=0o700, exist_ok=True)
        replace(eap, r'^(\s*cache \{\n)(?:.*\n)*?(\s*enable = )no',
                rf'\1\t\t\tstore {{\n\t\t\t\tUser-Name\n\t\t\t}}\n\t\t\tname = "lab"\n\t\t\tpersist_dir = "{self.lab.folder}/tlscache"\n\2yes')
        replace(eap, r'^\t\t\tstore \{\n\t\t\t\tTunnel-Private-Group-Id\n\t\t\t\}\n', '')
        replace(self.file('sites-available', 'inner-tunnel'), r'hokey_inner_identity',
                'hokey_resumed_inner_identity')
        site = self.file('sites-available', 'default')
        replace(site, r'^\teap \{', '\thokey_resumed_identity\n\teap {')
        replace(site, r'^\tPost-Auth-Type Challenge \{', r'\g<0>\n\t\thokey_no_identity')
        return self

    def post_auth(self, text):
        """Lines at the start of post-auth, behind the update from session-state."""
        replace(self.file('sites-available', 'default'),
                r'^(\tupdate \{\n\t\t&reply: \+= &session-state:\n\t\})', rf'\1\n{text}')
        return self

    def enable(self, erp='', store='', **options):
        """The module with its two lines."""
        shutil.copy(RADDB / 'mods-available' / 'hokey', self.file('mods-enabled', 'hokey'))
        mod = self.file('mods-enabled', 'hokey')
        self.store.mkdir(mode=0o700, exist_ok=True)
        replace(mod, r'^(\s*path = ).*', rf'\g<1>{self.store}/keys')
        replace(mod, r'^(\s*wrap_key_file = ).*', rf'\g<1>{self.store}/wrap.key')
        replace(mod, r'^\terp \{', f'\terp {{\n{erp}')
        replace(mod, r'^\tstore \{', f'\tstore {{\n{store}')
        for name, value in options.items():
            replace(mod, rf'^(\t{name} = ).*', rf'\g<1>{value}')
        site = self.file('sites-available', 'default')
        replace(site, r'^\tsuffix\n', '\thokey\n\tsuffix\n')
        replace(site, r'^(\tremove_reply_message_if_eap\n)', r'\thokey\n\1')
        return self

    def ktk(self, name, text):
        """A key transport key, in a block of the module."""
        replace(self.file('mods-enabled', 'hokey'), r'^\tstore \{',
                f'\tktk {name} {{\n{text}\n\t}}\n\n\tstore {{')
        return self

    def radsec(self, name):
        """RADIUS over TLS for one client."""
        self.file('sites-enabled', 'radsec').write_text(f'''
listen {{
	ipaddr = 127.0.0.1
	port = 2083
	type = auth
	proto = tcp
	virtual_server = default
	clients = radsec
	tls {{
		private_key_file = {self.pki.key(name)}
		certificate_file = {self.pki.cert(name)}
		ca_file = {self.pki.ca}
		require_client_cert = yes
		tls_min_version = "1.2"
		tls_max_version = "1.2"
		ecdh_curve = ""
	}}
}}
clients radsec {{
	client visited {{
		ipaddr = 127.0.0.1
		proto = tls
		secret = radsec
	}}
}}
''')
        return self

    def disable(self, loaded=False):
        """Takes the two lines away again, and the module."""
        replace(self.file('sites-available', 'default'), r'^\thokey\n', '', count=2)
        if not loaded:
            self.file('mods-enabled', 'hokey').unlink()
        return self

    def reject_delay(self, seconds):
        """How long the server itself keeps a reject back."""
        replace(self.file('radiusd.conf'), r'^(\s*reject_delay = ).*', rf'\g<1>{seconds}')
        return self

    def keep_secrets(self):
        """What docs/freeradius.md says about MSK and rMSK."""
        replace(self.file('radiusd.conf'), r'^#\s*suppress_secrets = no',
                '\tsuppress_secrets = yes')
        replace(self.file('mods-available', 'detail.log'), r'^detail reply_log \{',
                'detail reply_log {\n\tsuppress {\n\t\tMS-MPPE-Recv-Key\n'
                '\t\tMS-MPPE-Send-Key\n\t}')
        return self

    def log_replies(self):
        replace(self.file('sites-available', 'default'), r'^(\tremove_reply_message_if_eap\n)',
                r'\treply_log\n\1')
        return self

    def details(self):
        return ''.join(f.read_text() for f in (self.lab.folder / 'log').rglob('*detail*'))

    def start(self, *args, env=None, wrap=(), shims=(), timeout=30):
        self.program = self.lab.start(
            [*wrap, *self.sanitizer.prefix(*shims), '/usr/sbin/freeradius', '-f', '-d', self.raddb, '-l',
             'stdout', *args], env=env, name='freeradius')
        self.program.wait_for(READY, timeout)
        return self.program

    def start_on_failing_disk(self):
        """On a disk that fails while the file that is returned names what."""
        trigger = self.lab.folder / 'fail'
        self.start(env={'FAILING_DISK': str(trigger), 'FAILING_FILES': str(self.lab.folder)},
                   shims=[FAILING_DISK])
        return trigger

    def stop(self):
        status = self.program.stop()
        reports = self.sanitizer.reports()
        assert not reports, reports[0]
        return status

    def start_in_background(self):
        """As init scripts do: the server forks."""
        done = self.lab.run([*self.sanitizer.prefix(), '/usr/sbin/freeradius', '-d', self.raddb])
        assert done.returncode == 0, done.stdout + done.stderr
        return int((self.lab.folder / 'freeradius.pid').read_text())

    def stop_in_background(self):
        pid = int((self.lab.folder / 'freeradius.pid').read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not pathlib.Path(f'/proc/{pid}').exists())
        assert not self.sanitizer.reports()

    def check(self):
        """freeradius -XC; what it says, and its status."""
        done = self.lab.run([*self.sanitizer.prefix(), '/usr/sbin/freeradius', '-XC', '-d', self.raddb])
        return done.stdout + done.stderr, done.returncode

    def network(self, method, tls, identity='alice@home.example',
                outer='anonymous@home.example'):
        """The network block of a device."""
        eap, phase2 = METHODS[method]
        outer = '' if method == 'tls' else f'anonymous_identity="{outer}"'
        binding = 'peapver=0 crypto_binding=0 ' if method == 'peap' else ''
        return f'''network={{
    key_mgmt=IEEE8021X
    eapol_flags=0
    eap={eap}
    erp=1
    identity="{identity}"
    {outer}
    password="{PASSWORD}"
    {phase2}
    ca_cert="{self.pki.ca}"
    client_cert="{self.pki.cert('client')}"
    private_key="{self.pki.key('client')}"
    ca_cert2="{self.pki.ca}"
    client_cert2="{self.pki.cert('client')}"
    private_key2="{self.pki.key('client')}"
    phase1="{binding}{TLS_FLAGS[tls]}"
}}
'''

    def login(self, wpa, method='tls', tls='1.3', resumed=False, identity='alice@home.example',
              outer='anonymous@home.example', port=1812):
        """A full login by eapol_test; the keys it derived, and its log."""
        config = self.lab.folder / f'eapol_test-{method}.conf'
        config.write_text(self.network(method, tls, identity, outer))
        done = self.lab.run(
            [wpa / 'eapol_test', '-c', config, '-a', '127.0.0.1', '-p', port, '-s',
             'throw-away-secret', '-N', '30:s:02-00-00-00-01-01:hokey', '-t', '10', '-e',
             *(['-r', '1'] if resumed else [])])
        assert done.returncode == 0 and 'SUCCESS' in done.stdout, done.stdout[-3000:]
        return keys_of(done.stdout, identity), done.stdout

    def supplicant(self, wpa, method, tls):
        """wpa_supplicant on the station's cable."""
        config = self.lab.folder / 'wpa_supplicant.conf'
        config.write_text(f'ctrl_interface={self.lab.folder}/wpa\nap_scan=0\n'
                          + self.network(method, tls))
        return self.lab.station(wpa, config)


def install_like_a_user(lab, pki, module, guide):
    """
    The lines of the guide, as they are, on overlays over /usr, /etc and /var; then the server.
    Certificates, a client and a user are all that the machine has beyond its packages.
    """
    fr = FreeRadius(lab, pki, module, settle=False)
    bin_ = lab.folder / 'bin'
    bin_.mkdir()
    for name, text in (('make', f'exec meson install -C {fr.module.parents[2]} --no-rebuild --quiet'),
                       ('systemctl', f'echo "$@" >{lab.folder}/systemctl'),
                       ('freeradius', shlex.join([*fr.sanitizer.prefix(), '/usr/sbin/freeradius'])
                        + ' "$@"')):
        (bin_ / name).write_text(f'#!/bin/sh\n{text}\n')
        (bin_ / name).chmod(0o755)
    root = pathlib.Path(__file__).resolve().parents[2]
    script = lab.folder / 'install.sh'
    script.write_text(f'''set -e
mkdir {lab.folder}/overlay
mount -t tmpfs none {lab.folder}/overlay
for d in usr etc var; do
	mkdir {lab.folder}/overlay/$d {lab.folder}/overlay/$d.work
	mount -t overlay none -o lowerdir=/$d,upperdir={lab.folder}/overlay/$d,workdir={lab.folder}/overlay/$d.work /$d
done
cp {pki.ca} {pki.server_cert} {pki.server_key} /etc/freeradius/3.0/certs/
cp -r {fr.raddb}/. /etc/freeradius/3.0/
chown -R freerad:freerad /etc/freeradius
PATH={bin_}:$PATH
cd {root}
(
{guide}
)
exec {shlex.join(fr.sanitizer.prefix())} /usr/sbin/freeradius -f -X -l stdout
''')
    fr.program = lab.start(['unshare', '-m', 'sh', script], name='guide')
    fr.program.wait_for(READY, 60)
    assert (lab.folder / 'systemctl').read_text() == 'restart freeradius\n'
    return fr

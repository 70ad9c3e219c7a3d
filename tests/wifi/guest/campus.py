# SPDX-License-Identifier: ISC
"""A campus in network namespaces, with simulated radios.

    ap1   hostapd    wlan0 -- br0 --+
    ap2   hostapd    wlan0 -- br0 --+-- lan --(delay)-- eth0  server  hokeyd
    sta   wpa_supplicant  wlan0
    iwd   iwd             wlan0

hokeyd is at home far away instead where a scenario says so, and at the site is its proxy:

                                    lan -- eth0  server  eth1 --(delay)-- eth0  home
                                             hokeyd as proxy               hokeyd
"""
import os
import re
import shutil

from programs import Control, Program, ask_hokeyd, sh

SHARED = '/shared'
SERVER, SITE, HOME = '192.0.2.1', '198.51.100.2', '198.51.100.1'
APS = ('ap1', 'ap2')
STATIONS = {'sta': 'alice', 'iwd': 'bob'}  # and their users
DEBUG = os.path.exists(f'{SHARED}/debug')


def install(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(source, target)


class Server:
    """One hokeyd with folders of its own; each is laid over the one that all would use."""

    def __init__(self, name, ns, config):
        self.name, self.ns, self.program = name, ns, None
        self.folder = f'/run/servers/{name}'
        for part in ('run', 'lib', 'etc/secrets'):
            os.makedirs(f'{self.folder}/{part}')
        install(f'{SHARED}/conf/{config}', f'{self.folder}/etc/hokeyd.conf')
        for file in ('ca.pem', 'server.pem', 'server.key'):
            install(f'{SHARED}/pki/{file}', f'{self.folder}/etc/certs/{file}')
        self._secret('accesspoints', re.search(
            r'^auth_server_shared_secret=(.*)$',
            open(f'{SHARED}/conf/hostapd-ap1.conf').read(), re.M).group(1))
        self._secret('site', 'another-long-random-secret')

    def _secret(self, name, value):
        with open(f'{self.folder}/etc/secrets/{name}', 'w', opener=private) as f:
            f.write(value + '\n')

    def start(self):
        folder = self.folder
        self.program = Program(
            self.name, f'busybox mount --bind {folder}/etc /etc/hokey;'
            f'busybox mount --bind {folder}/run /run/hokeyd;'
            f'busybox mount --bind {folder}/lib /var/lib/hokeyd;'
            f'exec {SHARED}/bin/hokeyd --config /etc/hokey/hokeyd.conf', self.ns)
        self.program.wait_for(r'notice: hokeyd .*', since=self.program.since)

    def stop(self):
        if self.program and self.program.stop() != 0:
            raise AssertionError(f'{self.name}: {self.program.log.text()[-2000:]}')
        self.program = None

    def counters(self):
        told = ask_hokeyd('statistics', f'{self.folder}/run/control.sock')
        return {**told['counters'], 'erp_failed': told['erp_failed']}


class Campus:
    def __init__(self):
        self.servers = {}
        self.main = None  # the server that knows the devices
        self.aps = {}
        self.bssid = {}

    def open(self):
        for folder in ('/etc/hokey', '/etc/hostapd', '/run/hokeyd', '/run/hostapd',
                       '/var/lib/hokeyd'):
            os.makedirs(folder, exist_ok=True)
        self._radios()
        self._cables()
        self._install()
        self.servers = {'direct': Server('hokeyd', 'server', 'hokeyd.conf'),
                        'site': Server('hokeyd-site', 'server', 'hokeyd-site.conf'),
                        'home': Server('hokeyd-home', 'home', 'hokeyd-home.conf')}
        self.use_near_server()
        for ap in APS:
            self._start_ap(ap)

    def _radios(self):
        sh('ip link set lo up')
        sh('modprobe pkcs8_key_parser')  # iwd reads private keys with the kernel's help
        sh(f'modprobe mac80211_hwsim radios={len(APS) + len(STATIONS)}')
        sh('ip link set hwsim0 up')
        for number, ns in enumerate((*APS, *STATIONS)):
            sh(f'ip netns add {ns}; iw phy phy{number} set netns name {ns}')
            sh(f'ip link set lo up; ip link set wlan{number} name wlan0', ns)

    def _cables(self):
        sh('ip link add lan type bridge; ip link set lan up')
        for ns in ('server', 'home'):
            sh(f'ip netns add {ns}; ip -n {ns} link set lo up')
        for ns in (*APS, 'server'):
            sh(f'ip link add {ns} type veth peer name eth0 netns {ns};'
               f'ip link set {ns} master lan up')
        for number, ns in enumerate(APS, 1):
            sh('ip link add br0 type bridge; ip link set br0 type bridge forward_delay 0;'
               'ip link set eth0 master br0 up; ip link set br0 up;'
               f'ip addr add 192.0.2.1{number}/24 dev br0', ns)
        sh('ip link add eth1 type veth peer name eth0 netns home;'
           f'ip addr add {SERVER}/24 dev eth0; ip link set eth0 up;'
           f'ip addr add {SITE}/24 dev eth1; ip link set eth1 up', 'server')
        sh(f'ip addr add {HOME}/24 dev eth0; ip link set eth0 up', 'home')
        for number, ns in enumerate(STATIONS, 1):
            sh(f'ip addr add 192.0.2.10{number}/24 dev wlan0', ns)

    def _install(self):
        for ns, user in STATIONS.items():
            # "ip netns exec" lays /etc/netns/NAME/hokey over /etc/hokey.
            for name, source in (('ca.pem', 'ca.pem'), ('device.pem', f'{user}.pem'),
                                 ('device.key', f'{user}.key')):
                install(f'{SHARED}/pki/{source}', f'/etc/netns/{ns}/hokey/{name}')
        install(f'{SHARED}/conf/wpa_supplicant.conf', '/etc/wpa_supplicant/wpa_supplicant.conf')
        install(f'{SHARED}/conf/iwd-main.conf', '/etc/iwd/main.conf')
        install(f'{SHARED}/conf/iwd-campus.8021x', '/var/lib/iwd/campus.8021x')

    def _start_ap(self, ap):
        install(f'{SHARED}/conf/hostapd-{ap}.conf', f'/etc/netns/{ap}/hostapd/hostapd.conf')
        os.makedirs(f'/run/{ap}', exist_ok=True)
        program = Program(ap, f'busybox mount --bind /run/{ap} /run/hostapd; exec hostapd -t '
                          f'{"-dd" if DEBUG else ""} /etc/hostapd/hostapd.conf', ap)
        program.wait_for('AP-ENABLED', since=program.since)
        program.control = Control(f'/run/{ap}/wlan0')
        self.aps[ap] = program
        self.bssid[ap] = program.control.status()['bssid[0]']

    # ---- where the server is ----

    def use_near_server(self):
        """One server for all, asked by the access points directly."""
        self.stop_servers()
        self.main = self.servers['direct']
        self.main.start()

    def use_far_server(self):
        """The server far away, and its proxy near the access points."""
        self.stop_servers()
        self.main = self.servers['home']
        self.main.start()
        self.servers['site'].start()

    def stop_servers(self):
        for server in self.servers.values():
            server.stop()

    def distance(self, milliseconds):
        """How long a request and its answer are on their way to the server and back."""
        far = self.main is self.servers['home']
        for device, ns in (('server', None), ('eth1', 'server')):
            sh(f'tc qdisc del dev {device} root', ns, check=False)
        if milliseconds:
            sh(f'tc qdisc add dev {"eth1" if far else "server"} root netem delay '
               f'{milliseconds}ms limit 1000', 'server' if far else None)

    def forget_keys(self):
        """The server loses all its keys, as with a disk that died."""
        self.main.stop()
        shutil.rmtree(f'{self.main.folder}/lib/keys')
        self.main.start()

    def counters(self):
        return self.main.counters()

    def site_counters(self):
        return self.servers['site'].counters()

    # ---- what happens to access points ----

    def forget_stations(self, ap):
        """It drops what it holds of stations, as after a long absence."""
        self.aps[ap].control.do('DEAUTHENTICATE ff:ff:ff:ff:ff:ff')

    def forget_keys_of_stations(self, ap):
        self.aps[ap].control.do('PMKSA_FLUSH')

    def deafen(self, ap, deaf=True):
        """It does not hear management frames."""
        self.aps[ap].control.do(f'SET ext_mgmt_frame_handling {int(deaf)}')

    def close(self):
        for program in self.aps.values():
            program.stop()
        self.stop_servers()


def private(path, flags):
    return os.open(path, flags, 0o600)

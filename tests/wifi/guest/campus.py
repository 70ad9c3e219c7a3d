# SPDX-License-Identifier: ISC
"""A campus in network namespaces, with simulated radios.

    ap1   hostapd    wlan0 -- br0 --+
    ap2   hostapd    wlan0 -- br0 --+-- lan --(delay)-- eth0  server  hokeyd
    sta   wpa_supplicant  wlan0
"""
import os
import re
import shutil

from programs import Control, Program, ask_hokeyd, sh

SHARED = '/shared'
SERVER = '192.0.2.1'
APS = ('ap1', 'ap2')
STATIONS = ('sta',)
DEBUG = os.path.exists(f'{SHARED}/debug')


def install(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copy(source, target)


class Campus:
    def __init__(self):
        self.server = None
        self.aps = {}
        self.bssid = {}

    def open(self):
        sh('ip link set lo up; mkdir -p /etc/hokey')
        sh(f'modprobe mac80211_hwsim radios={len(APS) + len(STATIONS)}')
        sh('ip link set hwsim0 up; ip link add lan type bridge; ip link set lan up')
        for number, ns in enumerate((*APS, *STATIONS)):
            sh(f'ip netns add {ns}; iw phy phy{number} set netns name {ns}')
            sh(f'ip link set lo up; ip link set wlan{number} name wlan0', ns)
        for number, ns in enumerate((*APS, 'server')):
            if ns == 'server':
                sh('ip netns add server; ip -n server link set lo up')
            sh(f'ip link add {ns} type veth peer name eth0 netns {ns};'
               f'ip link set {ns} master lan up')
        for number, ns in enumerate(APS, 1):
            sh('ip link add br0 type bridge; ip link set eth0 master br0 up;'
               f'ip link set br0 up; ip addr add 192.0.2.1{number}/24 dev br0', ns)
            sh('ip link set br0 type bridge forward_delay 0', ns)
        sh(f'ip addr add {SERVER}/24 dev eth0; ip link set eth0 up', 'server')
        for number, ns in enumerate(STATIONS, 1):
            sh(f'ip addr add 192.0.2.10{number}/24 dev wlan0', ns)
        self.install()
        self.start_server()
        for ap in APS:
            self.start_ap(ap)

    def install(self):
        conf, pki = f'{SHARED}/conf', f'{SHARED}/pki'
        install(f'{conf}/hokeyd.conf', '/etc/hokeyd/hokeyd.conf')
        for name in ('ca.pem', 'server.pem', 'server.key'):
            install(f'{pki}/{name}', f'/etc/hokeyd/certs/{name}')
        os.makedirs('/etc/hokeyd/secrets')
        secret = re.search(r'^auth_server_shared_secret=(.*)$',
                           open(f'{conf}/hostapd-ap1.conf').read(), re.M).group(1)
        with open('/etc/hokeyd/secrets/accesspoints', 'w', opener=private) as f:
            f.write(secret + '\n')
        for ns, user in zip(STATIONS, ('alice',)):
            # "ip netns exec" lays /etc/netns/NAME/hokey over /etc/hokey.
            for name, source in (('ca.pem', 'ca.pem'), ('device.pem', f'{user}.pem'),
                                 ('device.key', f'{user}.key')):
                install(f'{pki}/{source}', f'/etc/netns/{ns}/hokey/{name}')
        install(f'{conf}/wpa_supplicant.conf', '/etc/wpa_supplicant/wpa_supplicant.conf')
        os.makedirs('/var/lib/hokeyd', exist_ok=True)
        os.makedirs('/run/hokeyd', exist_ok=True)

    def start_server(self):
        self.server = Program('hokeyd', f'exec {SHARED}/bin/hokeyd --config '
                              '/etc/hokeyd/hokeyd.conf', 'server')
        self.server.wait_for(r'notice: hokeyd .*', since=self.server.since)

    def start_ap(self, ap):
        install(f'{SHARED}/conf/hostapd-{ap}.conf', f'/etc/netns/{ap}/hostapd/hostapd.conf')
        os.makedirs('/etc/hostapd', exist_ok=True)
        os.makedirs('/run/hostapd', exist_ok=True)
        os.makedirs(f'/run/{ap}', exist_ok=True)
        verbose = '-dd -t' if DEBUG else '-t'
        program = Program(ap, f'busybox mount --bind /run/{ap} /run/hostapd; exec hostapd {verbose} '
                          '/etc/hostapd/hostapd.conf', ap)
        program.wait_for('AP-ENABLED', since=program.since)
        program.control = Control(f'/run/{ap}/wlan0')
        self.aps[ap] = program
        self.bssid[ap] = program.control.status()['bssid[0]']

    def forget_stations(self, ap):
        """An access point drops what it holds of stations, as after a long absence."""
        self.aps[ap].control.do('DEAUTHENTICATE ff:ff:ff:ff:ff:ff')

    def deafen(self, ap, deaf=True):
        """An access point that does not hear management frames."""
        self.aps[ap].control.do(f'SET ext_mgmt_frame_handling {int(deaf)}')

    def distance(self, milliseconds):
        """How long a request and its answer are on their way to the server and back."""
        sh('tc qdisc del dev server root', check=False)
        if milliseconds:
            sh(f'tc qdisc add dev server root netem delay {milliseconds}ms limit 1000')

    def forget_keys(self):
        """The server loses all its keys, as with a disk that died."""
        if self.server.stop() != 0:
            raise AssertionError('hokeyd: ' + self.server.log.text()[-2000:])
        shutil.rmtree('/var/lib/hokeyd/keys')
        self.start_server()

    def counters(self):
        """What the server did; wait until it has done it."""
        told = ask_hokeyd('statistics')
        return {**told['counters'], 'erp_failed': told['erp_failed']}

    def close(self):
        for program in (*self.aps.values(), self.server):
            program.stop()


def private(path, flags):
    return os.open(path, flags, 0o600)

# SPDX-License-Identifier: ISC
"""wpa_supplicant as the station."""
import re

from campus import DEBUG, SERVER
from programs import Control, Program, sh, wait_for_socket

TRY = r'^(\S+): wlan0: (?:SME: )?Trying to (?:authenticate|associate) with (\S+)'
CONNECTED = r'^(\S+): wlan0: CTRL-EVENT-CONNECTED - Connection to (\S+) completed'


def reach_server(ns):
    """Data goes through, so both sides have the same keys."""
    sh(f'busybox ping -c 1 -W 5 {SERVER}', ns)


class Station:
    def __init__(self):
        self.program = Program(
            'wpa_supplicant', f'exec /shared/bin/wpa_supplicant {"-dd" if DEBUG else ""} -t -K '
            '-D nl80211 -i wlan0 -c /etc/wpa_supplicant/wpa_supplicant.conf', 'sta')
        wait_for_socket('/run/wpa_supplicant/wlan0')
        self.control = Control('/run/wpa_supplicant/wlan0')
        self.disconnect()
        self.control.ask('ABORT_SCAN')

    def disconnect(self):
        self.control.do('DISCONNECT')

    def drop_pmksa(self):
        """Forgets the keys of single access points; those of ERP are kept."""
        self.control.do('PMKSA_FLUSH')

    def drop_erp(self):
        self.control.do('ERP_FLUSH')

    def configure(self, **options):
        for name, value in options.items():
            self.control.do(f'SET_NETWORK 0 {name} {value}')

    def scan(self):
        events = Control('/run/wpa_supplicant/wlan0')
        events.do('ATTACH')
        while self.control.ask('SCAN freq=2412,2437').strip() == 'FAIL-BUSY':
            events.hear()
        while 'CTRL-EVENT-SCAN-RESULTS' not in events.hear():
            pass
        events.do('DETACH')

    def begin(self, bssid, until):
        """Connects to one access point, as if there were no other, as far as to an event."""
        self.configure(bssid=bssid)
        mark = self.program.log.mark()
        self.control.do('SELECT_NETWORK 0 freq=2412,2437')
        self.program.wait_for(until, since=mark)
        self.configure(bssid='any')
        return mark

    def connect(self, bssid, timeout=30):
        return self._connected(bssid, self.begin(bssid, CONNECTED), timeout)

    def roam(self, bssid, timeout=30, anywhere=False):
        self.scan()
        mark = self.program.log.mark()
        self.control.do(f'ROAM {bssid}')
        return self._connected(None if anywhere else bssid, mark, timeout)

    def _connected(self, bssid, mark, timeout):
        """Milliseconds from the first try to being connected."""
        found = self.program.wait_for(CONNECTED, timeout, mark)
        if bssid and found.group(2) != bssid:
            raise AssertionError(f'connected to {found.group(2)}, not {bssid}')
        first = re.compile(TRY, re.M).search(self.program.log.text(), mark)
        return round((float(found.group(1)) - float(first.group(1))) * 1000, 1)

    def key_mgmt(self):
        return self.control.status()['key_mgmt']

    def reaches_server(self):
        reach_server('sta')

    def close(self):
        self.disconnect()
        self.program.stop()

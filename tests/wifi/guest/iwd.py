# SPDX-License-Identifier: ISC
"""iwd as the station, told what to do by its own client over D-Bus."""
import os
import subprocess

from campus import DEBUG
from programs import Program, wait_for, wait_for_socket
from station import reach_server

BUS = '/run/dbus/system_bus_socket'


class Iwd:
    def __init__(self):
        os.makedirs('/run/dbus', exist_ok=True)
        self.bus = Program('dbus', 'exec dbus-daemon --system --nofork --nopidfile', 'iwd')
        wait_for_socket(BUS)
        # Developer mode lets a test choose the access point.
        self.program = Program('iwd', f'exec /usr/libexec/iwd -E {"-d" if DEBUG else ""}', 'iwd')
        wait_for('iwd and its radio', lambda: 'wlan0' in self._told('station', 'list'),
                 pause=0.3)

    def _run(self, *words):
        return subprocess.run(['ip', 'netns', 'exec', 'iwd', 'iwctl', *words], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, errors='replace',
                              env={**os.environ, 'TERM': 'dumb'})

    def _told(self, *words):
        done = self._run(*words)
        return done.stdout + done.stderr

    def connect(self, bssid):
        def seen():
            if bssid in self._told('debug', 'wlan0', 'get-networks'):
                return True
            self._run('station', 'wlan0', 'scan')
            return False
        wait_for(f'iwd to see {bssid}', seen, pause=1)
        if self._run('debug', 'wlan0', 'connect', bssid).returncode:
            raise AssertionError(f'iwd does not connect: {self.program.log.text()[-3000:]}')

    def disconnect(self):
        self._run('station', 'wlan0', 'disconnect')

    def reaches_server(self):
        reach_server('iwd')

    def close(self):
        self.disconnect()
        self.program.stop()
        self.bus.stop()

# SPDX-License-Identifier: ISC
"""iwd as the station, told what to do by its own client over D-Bus."""
import os
import subprocess

from campus import DEBUG
from programs import Program, sh, wait_for, wait_for_socket
from station import reach_server

BUS = '/run/dbus/system_bus_socket'


class Iwd:
    key_mgmt_of_fils = 'FILS'

    def __init__(self):
        os.makedirs('/run/dbus', exist_ok=True)
        self.bus = Program('dbus', 'exec dbus-daemon --system --nofork --nopidfile', 'iwd')
        wait_for_socket(BUS)
        self.start()

    def start(self):
        # Developer mode lets a test choose the access point.
        self.program = Program('iwd', f'exec /usr/libexec/iwd -E {"-d" if DEBUG else ""}', 'iwd')
        wait_for('iwd and its radio', lambda: 'wlan0' in self._told('station', 'list'))

    def stop(self):
        self.program.stop()

    def _run(self, *words):
        return subprocess.run(['ip', 'netns', 'exec', 'iwd', 'iwctl', *words], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, errors='replace',
                              env={**os.environ, 'TERM': 'dumb'})

    def _told(self, *words):
        done = self._run(*words)
        return done.stdout + done.stderr

    def connect(self, bssid):
        if not self.try_to_connect(bssid):
            raise AssertionError(f'iwd does not connect: {self.program.log.text()[-3000:]}')

    def try_to_connect(self, bssid):
        def seen():
            self._run('station', 'wlan0', 'scan')
            return bssid in self._told('debug', 'wlan0', 'get-networks')
        wait_for(f'iwd to see {bssid}', seen)
        return self._run('debug', 'wlan0', 'connect', bssid).returncode == 0

    def disconnect(self):
        self._run('station', 'wlan0', 'disconnect')

    def reaches_server(self):
        reach_server('iwd')

    def close(self):
        self.disconnect()
        self.stop()
        self.bus.stop()

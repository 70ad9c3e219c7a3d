# SPDX-License-Identifier: ISC
"""iwd as the station, told what to do by its own client over D-Bus."""
import os
import shutil
import subprocess

from campus import DEBUG
from programs import Program, sh, wait_for, wait_for_socket
from station import reach_server

BUS = '/run/dbus/system_bus_socket'


class Iwd:
    def __init__(self):
        shutil.rmtree('/run/dbus', ignore_errors=True)  # a socket of the bus before
        os.makedirs('/run/dbus')
        self.bus = Program('dbus', 'exec dbus-daemon --system --nofork --nopidfile', 'iwd')
        wait_for_socket(BUS)
        # Developer mode lets a test choose the access point.
        self.program = Program('iwd', f'exec /usr/libexec/iwd -E {"-d" if DEBUG else ""}', 'iwd')
        wait_for('iwd and its radio', lambda: 'wlan0' in self._told('station', 'list'),
                 pause=0.3)

    def _told(self, *words):
        """What iwctl says; nothing when it fails, or would wait for ever."""
        command = ['ip', 'netns', 'exec', 'iwd', 'busybox', 'timeout', '-s', 'KILL', '20', 'iwctl']
        done = subprocess.run([*command, *words], text=True, stdin=subprocess.DEVNULL,
                              capture_output=True, errors='replace',
                              env={**os.environ, 'TERM': 'dumb'})
        return done.stdout + done.stderr if done.returncode == 0 else ''

    def connect(self, bssid):
        def seen():
            if bssid in self._told('debug', 'wlan0', 'get-networks'):
                return True
            self._told('station', 'wlan0', 'scan')
            return False
        wait_for(f'iwd to see {bssid}', seen, pause=1)
        self._told('debug', 'wlan0', 'connect', bssid)
        wait_for(f'iwd to connect to {bssid}', lambda: self._is_connected(bssid), pause=0.3)

    def _is_connected(self, bssid):
        told = sh('iw dev wlan0 link', 'iwd')
        return f'Connected to {bssid}' in told and self._told('station', 'list').find(' connected') > 0

    def disconnect(self):
        self._told('station', 'wlan0', 'disconnect')

    def reaches_server(self):
        reach_server('iwd')

    def close(self):
        self.disconnect()
        self.program.stop()
        self.bus.stop()

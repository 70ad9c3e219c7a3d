# SPDX-License-Identifier: ISC
"""hokeyd --quick: what it prints works in the programs it is for."""
import re
import subprocess


def quick(lab, hokeyd, folder, *options):
    program = lab.start([hokeyd, '--quick', '--state', folder, *options])
    program.wait_for(r'notice: hokeyd ')
    return program


def wired(device, folder):
    """The network block as its comment says for a wired network."""
    text = device.read_text().replace('key_mgmt=WPA-EAP', 'key_mgmt=IEEE8021X\n\teapol_flags=0')
    path = folder / 'wired.conf'
    path.write_text(text)
    return path


def test_a_device_logs_in_with_what_was_made(lab, hokeyd, wpa, tmp_path):
    state = tmp_path / 'state'
    server = quick(lab, hokeyd, state)
    secret = (state / 'secret').read_text().strip()
    done = lab.run([wpa / 'eapol_test', '-c', wired(state / 'device.conf', tmp_path), '-s', secret,
                    '-t', '10'])
    assert done.returncode == 0, done.stdout[-2000:]
    server.wait_for(r'info: Login OK: \[user@home\.example\] \(from client any cli '
                    r'02-00-00-00-00-01 via EAP-TLS 1\.3, 4 round trips \d+(\.\d)? ms\)')
    assert secret not in server.output()
    assert server.stop() == 0


def test_options_are_taken(lab, hokeyd, wpa, tmp_path):
    state = tmp_path / 'state'
    server = quick(lab, hokeyd, state, '--listen', '127.0.0.1:11812', '--realm', 'campus.example',
                   '--secret', 'a secret for this test')
    arguments = open(f'/proc/{server.pid}/cmdline', 'rb').read()
    assert b'a secret' not in arguments
    done = lab.run([wpa / 'eapol_test', '-c', wired(state / 'device.conf', tmp_path), '-p', '11812',
                    '-s', 'a secret for this test', '-t', '10'])
    assert done.returncode == 0, done.stdout[-2000:]
    server.wait_for(r'Login OK: \[user@campus\.example\]')
    assert server.stop() == 0


def test_hostapd_takes_the_lines_for_it(lab, hokeyd, tmp_path):
    state = tmp_path / 'state'
    server = quick(lab, hokeyd, state)
    config = tmp_path / 'hostapd.conf'
    config.write_text('interface=none0\ndriver=none\n' + (state / 'access-point.conf').read_text())
    hostapd = lab.start(['/usr/sbin/hostapd', config])
    hostapd.wait_for('AP-ENABLED')
    assert not re.search(r'^Line \d+', hostapd.output(), re.M)
    hostapd.stop()
    server.stop()


def test_wpa_supplicant_takes_the_block_for_it(lab, hokeyd, wpa, tmp_path):
    state = tmp_path / 'state'
    server = quick(lab, hokeyd, state)
    supplicant = lab.start([wpa / 'wpa_supplicant', '-D', 'wired', '-i', 'sta0', '-c',
                            state / 'device.conf'], ns=lab.sta)
    supplicant.wait_for('Successfully initialized')
    assert not re.search(r'^Line \d+', supplicant.output(), re.M)
    supplicant.stop()
    server.stop()


def test_its_configuration_is_a_file_to_go_on_with(lab, hokeyd, tmp_path):
    state = tmp_path / 'state'
    quick(lab, hokeyd, state).stop()
    done = subprocess.run([hokeyd, '-c', state / 'hokeyd.conf', '--check-config'],
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == 'The configuration is good.\n'


def test_mistakes_end_it(hokeyd, tmp_path):
    for options, words in ((['--listen', 'nowhere'], 'expected ADDRESS:PORT'),
                           (['--realm', 'a b'], 'is not a realm')):
        done = subprocess.run([hokeyd, '--quick', '--state', tmp_path / 'state', *options],
                              capture_output=True, text=True, timeout=20)
        assert done.returncode == 1
        assert words in done.stderr
    done = subprocess.run([hokeyd, '--realm', 'home.example'], capture_output=True, text=True,
                          timeout=20)
    assert done.returncode == 2
    assert done.stderr.startswith('usage: ')

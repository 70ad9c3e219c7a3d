# SPDX-License-Identifier: ISC
"""hokeyd asks an OCSP responder about the certificates of devices."""
import contextlib
import http.server
import json
import signal
import subprocess
import threading
import time

import pytest

import lab as lab_module
from lab import wait_until

URL = 'http://127.0.0.1:8888/ocsp'


def serial(path):
    done = subprocess.run(['openssl', 'x509', '-in', path, '-noout', '-serial'],
                          capture_output=True, text=True, check=True)
    return done.stdout.strip().split('=')[1]


def responder(lab, pki, revoked=(), port=8888):
    """Debian's responder, about the certificates of the throw-away CA."""
    lines = []
    for name in ('client', 'server'):
        state = ('R', '240101000000Z') if name in revoked else ('V', '')
        lines.append('\t'.join([state[0], '400101000000Z', state[1], serial(pki.cert(name)),
                                'unknown', f'/CN={name}']) + '\n')
    index = lab.folder / f'index-{port}.txt'
    index.write_text(''.join(lines))
    program = lab.start(['openssl', 'ocsp', '-index', index, '-port', port, '-rsigner', pki.ca,
                         '-rkey', pki.folder / 'ca.key', '-CA', pki.ca, '-nmin', '5'])
    program.wait_for('waiting for OCSP client connections')
    return program


def configured(lab, hokeyd, pki, policy, timeout='2s', url=f'ocsp-url = "{URL}"', args=()):
    text = lab.configuration(pki, client='reject-delay = 0').replace(
        'eap {', f'eap {{\n    ocsp = {policy}  ocsp-timeout = {timeout}  {url}', 1)
    config = lab.folder / 'hokeyd.conf'
    config.write_text(text)
    config.chmod(0o600)
    program = lab.start([hokeyd, '--config', config, *args])
    program.wait_for(lab_module.READY)
    return program


def counters(lab, hokey):
    done = lab.run([hokey, 'statistics', '--json', '--control', lab.folder / 'control.sock'],
                   check=True)
    return json.loads(done.stdout)['counters']


def refused(lab, wpa, pki, **kwargs):
    with pytest.raises(AssertionError):
        lab.login(wpa, pki, **kwargs)


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
@pytest.mark.parametrize('policy', ['soft', 'hard'])
def test_good_certificate(lab, wpa, pki, hokeyd, hokey, policy, tls):
    responder(lab, pki)
    server = configured(lab, hokeyd, pki, policy)
    lab.login(wpa, pki, tls=tls)
    count = counters(lab, hokey)
    assert count['ocsp-asked'] == 1 and count['ocsp-unanswered'] == 0
    server.wait_for(r'Login OK: \[alice@home\.example\]')
    # The answer holds for five minutes.
    lab.login(wpa, pki, tls=tls)
    assert counters(lab, hokey)['ocsp-asked'] == 1
    assert server.stop() == 0


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
@pytest.mark.parametrize('policy', ['soft', 'hard'])
def test_revoked_certificate(lab, wpa, pki, hokeyd, policy, tls):
    responder(lab, pki, revoked=['client'])
    server = configured(lab, hokeyd, pki, policy)
    refused(lab, wpa, pki, tls=tls)
    server.wait_for(r'Login incorrect \(.*revoked, says OCSP')


@pytest.mark.parametrize('tls', ['1.2', '1.3'])
def test_dead_responder(lab, wpa, pki, hokeyd, hokey, tls):
    server = configured(lab, hokeyd, pki, 'soft')
    lab.login(wpa, pki, tls=tls)
    server.wait_for(r'OCSP responder http://127\.0\.0\.1:8888/ocsp: it cannot be reached')
    assert counters(lab, hokey)['ocsp-unanswered'] == 1
    assert server.stop() == 0

    server = configured(lab, hokeyd, pki, 'hard')
    refused(lab, wpa, pki, tls=tls)
    server.wait_for(r'Login incorrect \(.*no valid OCSP response')
    # It is asked again as soon as it is there.
    responder(lab, pki)
    lab.login(wpa, pki, tls=tls)


def test_responder_named_by_the_certificate(lab, wpa, pki, hokeyd, hokey, tmp_path):
    named = lab_module.Pki(tmp_path / 'named')
    named.user('client', f'alice@home.example\nauthorityInfoAccess=OCSP;URI:{URL}')
    responder(lab, named)
    configured(lab, hokeyd, named, 'hard', url='')
    lab.login(wpa, named)
    assert counters(lab, hokey)['ocsp-asked'] == 1
    # One that names none.
    named.user('other', 'alice@home.example')
    refused(lab, wpa, named, user='other')


# R9190-5.4-01
@pytest.mark.parametrize('revoked', [[], ['middle'], ['client']])
def test_the_whole_chain_is_asked_about(lab, wpa, pki, hokeyd, hokey, tmp_path, revoked):
    """A device below an intermediate CA; each CA has a responder of its own."""
    root, middle = lab_module.Pki(tmp_path / 'root'), lab_module.Pki(tmp_path / 'middle')
    request, ext = middle.folder / 'middle.csr', middle.folder / 'middle.ext'
    ext.write_text('basicConstraints=critical,CA:TRUE\n'
                   'authorityInfoAccess=OCSP;URI:http://127.0.0.1:8889/\n')
    root._openssl('req', '-new', '-key', middle.folder / 'ca.key', '-subj', '/CN=middle', '-out',
                  request)
    root._openssl('x509', '-req', '-in', request, '-CA', root.ca, '-CAkey',
                  root.folder / 'ca.key', '-CAcreateserial', '-days', '30', '-extfile', ext,
                  '-out', middle.ca)
    middle.user('client', f'alice@home.example\nauthorityInfoAccess=OCSP;URI:{URL}')
    responder(lab, middle, revoked)
    root.cert('client').write_text(middle.ca.read_text())
    responder(lab, root, ['client'] if 'middle' in revoked else [], port=8889)
    root.cert('client').write_text(middle.cert('client').read_text() + middle.ca.read_text())
    root.key('client').write_text(middle.key('client').read_text())

    configured(lab, hokeyd, root, 'hard', url='')
    if not revoked:
        lab.login(wpa, root)
        assert counters(lab, hokey)['ocsp-asked'] == 2
    else:
        refused(lab, wpa, root)


class Odd(http.server.BaseHTTPRequestHandler):
    """A responder with answers that are none."""
    asked = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        self.asked.append((self.path, self.headers['Content-Type'], self.headers['Host'], body))
        status, answer, wait = self.server.odd
        time.sleep(wait)
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def odd_responder(lab, status=200, answer=b'', wait=0.0):
    with lab_module.inside(lab.net):
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 8888), Odd)
    server.odd = (status, answer, wait)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize('odd, said', [
    ({'status': 500}, 'HTTP status 500'),
    ({'status': 302}, 'HTTP status 302'),
    ({'answer': b''}, 'the answer is empty'),
    ({'answer': bytes(100000)}, 'the answer is too long'),
    ({'wait': 1.5}, 'no answer in time'),
])
def test_answers_that_are_none(lab, wpa, pki, hokeyd, odd, said):
    server = configured(lab, hokeyd, pki, 'soft', timeout='700ms')
    Odd.asked.clear()
    with odd_responder(lab, **odd):
        lab.login(wpa, pki)
    server.wait_for(f'OCSP responder {URL}: {said}')
    path, content, host, body = Odd.asked[0]
    assert path == '/ocsp' and content == 'application/ocsp-request' and host == '127.0.0.1:8888'
    assert body[0] == 0x30 and len(Odd.asked) == 1
    assert server.stop() == 0


def test_nonsense_is_no_answer(lab, wpa, pki, hokeyd):
    configured(lab, hokeyd, pki, 'hard')
    with odd_responder(lab, answer=b'\x30\x03\x0a\x01\x00'):
        refused(lab, wpa, pki)


# R5080-2.2.2-03
def test_a_request_sent_again_meanwhile_is_dropped(lab, wpa, pki, hokeyd, hokey):
    configured(lab, hokeyd, pki, 'soft', timeout='4s')
    with odd_responder(lab, wait=10):
        lab.login(wpa, pki)
    count = counters(lab, hokey)
    assert count['duplicates-in-progress'] >= 1 and count['ocsp-asked'] == 1


@pytest.mark.parametrize('end', [signal.SIGHUP, signal.SIGTERM])
def test_reload_and_stop_while_a_login_waits(lab, wpa, pki, hokeyd, end):
    server = configured(lab, hokeyd, pki, 'soft', timeout='2s')
    Odd.asked.clear()
    with odd_responder(lab, wait=10):
        device = lab.start(lab.eapol_test(wpa, pki))
        wait_until(lambda: Odd.asked)
        server.signal(end)
        if end == signal.SIGHUP:
            device.wait_for(r'^SUCCESS')
            assert device.wait() == 0
            server.stop()
        assert server.wait() == 0


def staple(pki, folder, state):
    """What the CA says about the server's certificate, DER."""
    index, made = folder / 'index-staple.txt', folder / 'staple.der'
    index.write_text('\t'.join([state, '400101000000Z', '240101000000Z' if state == 'R' else '',
                                serial(pki.server_cert), 'unknown', '/CN=server']) + '\n')
    subprocess.run(['openssl', 'ocsp', '-index', index, '-rsigner', pki.ca, '-rkey',
                    pki.folder / 'ca.key', '-CA', pki.ca, '-issuer', pki.ca, '-cert',
                    pki.server_cert, '-ndays', '1', '-respout', made, '-noverify', '-no_nonce'],
                   check=True, capture_output=True)
    return made


# R9190-5.4-02
def test_a_new_staple_is_taken_at_reload(lab, wpa, pki, hokeyd):
    made = staple(pki, lab.folder, 'R')
    config = lab.folder / 'hokeyd.conf'
    config.write_text(lab.configuration(pki).replace('eap {', f'eap {{ ocsp-staple = "{made}"', 1))
    config.chmod(0o600)
    server = lab.start([hokeyd, '--config', config])
    server.wait_for(lab_module.READY)
    refused(lab, wpa, pki, tls='1.2', extra='ocsp=2')

    staple(pki, lab.folder, 'V')
    server.signal(signal.SIGHUP)
    server.wait_for('configuration loaded')
    lab.login(wpa, pki, tls='1.2', extra='ocsp=2')


def test_mistakes_are_found_at_start(lab, pki, hokeyd):
    config = lab.folder / 'hokeyd.conf'
    for policy, url, said in (
            ('hard', 'https://ocsp.example', 'ocsp-url: expected http://host/path'),
            ('hard', 'ocsp.example', 'ocsp-url: expected http://host/path'),
            ('no', URL, 'ocsp-url: only with ocsp = soft or hard')):
        config.write_text(lab.configuration(pki).replace(
            'eap {', f'eap {{ ocsp = {policy} ocsp-url = "{url}"', 1))
        config.chmod(0o600)
        done = lab.run([hokeyd, '--check-config', '--config', config])
        assert done.returncode != 0 and said in done.stderr + done.stdout

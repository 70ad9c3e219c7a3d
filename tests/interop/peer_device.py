# SPDX-License-Identifier: ISC
"""`hokey peer`, called with what every call in the lab needs."""
import json


class Device:
    def __init__(self, lab, hokey, pki, realm='home.example', server='127.0.0.1'):
        self.lab, self.hokey = lab, hokey
        secret = lab.folder / 'secret'
        secret.write_text('throw-away-secret\n')
        self.always = ['--server', server, '--secret-file', secret, '--identity',
                       f'alice@{realm}', '--ca', pki.ca, '--cert', pki.cert('client'), '--key',
                       pki.key('client'), '--server-name', 'radius.home.example']

    def __call__(self, *args, status=0):
        """The runs of one call, as JSON."""
        done = self.text('--json', *args)
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stdout, done.stderr
        return json.loads(done.stdout)['runs']

    def text(self, *args):
        return self.lab.run([self.hokey, 'peer', *self.always, *args])


def kinds(runs):
    return [(run['kind'], run['ok']) for run in runs]


def steps(run, direction):
    """What was 'sent' or 'received' in a run."""
    return [step for step in run['steps'] if direction in step]


def seq(run):
    return int(steps(run, 'sent')[0]['eap'].split('SEQ ')[1].split(',')[0])

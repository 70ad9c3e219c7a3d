# SPDX-License-Identifier: ISC
"""Debian's FreeRADIUS with rlm_hokey as home server."""
import itertools
import re
import time

import pytest

import radius
from freeradius import FreeRadius
from lab import TLS_FLAGS, hexdump
from radius import attribute

# What a site may do: one attribute at the full login alone, which then has to come back from
# the key set, and one by the user's name, each time.
POLICY = '''
	if (&reply:EAP-EMSK) {
		update reply {
			&Class := "staff"
			&Tunnel-Type:1 := VLAN
			&Tunnel-Medium-Type:1 := IEEE-802
			&Tunnel-Private-Group-Id:1 := "20"
		}
	}
	if (&reply:User-Name == "alice@home.example") {
		update reply {
			&Filter-Id := "campus"
		}
	}
'''


@pytest.fixture
def module(programs):
    return programs / 'modules' / 'freeradius' / 'rlm_hokey.so'


@pytest.fixture
def freeradius(lab, pki, module):
    return FreeRadius(lab, pki, module).post_auth(POLICY)


def check_attributes(answer):
    assert answer.all(radius.USER_NAME) == [b'alice@home.example']
    assert answer.all(25) == [b'staff'] and answer.all(11) == [b'campus']
    assert answer.all(64) == [b'\1\0\0\x0d'] and answer.all(65) == [b'\1\0\0\x06']
    assert answer.all(81) == [b'\x0120']


def reauthenticate(client, keys, times=3):
    for seq in range(times):
        started = time.monotonic()
        answer, _ = radius.reauthenticate(client, keys)
        assert time.monotonic() - started < 0.5
        assert answer.code == radius.ACCESS_ACCEPT
        assert keys.check_finish(answer.eap)
        assert radius.reply_key(client, answer) == keys.rmsk(seq)
        check_attributes(answer)


# ---- every method ----

@pytest.mark.parametrize('method,tls,resumed', [
    (method, tls, resumed)
    for method, tls, resumed in itertools.product(('tls', 'ttls', 'peap'), ('1.2', '1.3'),
                                                  (False, True))])
def test_full_login_then_three_reauthentications(lab, wpa, freeradius, method, tls, resumed):
    freeradius.method(method).resumption().enable().start()
    # FreeRADIUS 3.2.1 loses what it has cached of a TLS 1.3 session: a resumed tunnel has no
    # other name than the outer one.
    outer = 'alice@home.example' if tls == '1.3' and resumed else 'anonymous@home.example'
    keys, log = freeradius.login(wpa, method, tls, resumed, outer=outer)
    assert f'Using TLS version TLSv{tls}' in log
    assert ('resumed=1' in log) == resumed
    reauthenticate(lab.radius_client(), keys)
    assert freeradius.stop() == 0

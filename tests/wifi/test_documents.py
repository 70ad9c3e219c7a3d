# SPDX-License-Identifier: ISC
"""docs/wifi.md shows the very files that the machine uses, and no others."""
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent
CONF = HERE / 'conf'
DOCUMENT = (HERE.parents[1] / 'docs' / 'wifi.md').read_text()

# What OpenWrt makes of its options: the option of hostapd.conf.
OPENWRT = {'channel': 'channel', 'ssid': 'ssid', 'ieee80211w': 'ieee80211w',
           'auth_server': 'auth_server_addr', 'auth_port': 'auth_server_port',
           'auth_secret': 'auth_server_shared_secret', 'ownip': 'own_ip_addr',
           'nasid': 'nas_identifier', 'erp_domain': 'erp_domain', 'fils_realm': 'fils_realm',
           'mobility_domain': 'mobility_domain', 'ft_over_ds': 'ft_over_ds'}
OPENWRT_ONLY = {'type', 'band', 'device', 'mode', 'network', 'encryption', 'fils', 'ieee80211r'}


def settings(name):
    return dict(line.split('=', 1) for line in (CONF / name).read_text().splitlines()
                if '=' in line and not line.startswith('#'))


def test_every_file_is_shown_whole():
    shown = re.findall(r'^```\n(# /.*?)^```$', DOCUMENT, re.M | re.S)
    files = {path.name: path.read_text() for path in CONF.iterdir()}
    del files['hostapd-ap2.conf']  # described by how it differs
    assert sorted(shown) == sorted(files.values())


def test_the_second_access_point_differs_as_the_document_says():
    one, two = settings('hostapd-ap1.conf'), settings('hostapd-ap2.conf')
    different = {name for name in one | two if one.get(name) != two.get(name)}
    assert different == {'channel', 'own_ip_addr', 'nas_identifier'}
    for name in different:
        assert f'`{name}`' in DOCUMENT


def test_openwrt_says_the_same_as_hostapd():
    options = dict(re.findall(r"^\s*option (\w+) '(.*)'$",
                              (CONF / 'openwrt-wireless').read_text(), re.M))
    assert options.keys() == OPENWRT.keys() | OPENWRT_ONLY
    hostapd = settings('hostapd-ap1.conf')
    assert {OPENWRT[name]: value for name, value in options.items() if name in OPENWRT} \
        == {name: hostapd[name] for name in OPENWRT.values()}

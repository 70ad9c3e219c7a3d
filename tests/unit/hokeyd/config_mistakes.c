/* SPDX-License-Identifier: ISC */
/* Configurations that are wrong or doubtful, and what is said of them. */
#include "config_lab.h"

#define VISITED                                                                                    \
	LISTEN CLIENT EAP STORE                                                                    \
		"erp { realms = { home.example, d.example }; local-domain = D.example }\n"
#define BOTH_WAYS                                                                                  \
	"hokeyd.conf:6: ktk \"k\": allow: others could ask for the keys of our own devices with "  \
	"it, for our local-domain; each direction needs a ktk of its own"
#define HOME "home-server a { address = 192.0.2.9; secret = 'sixteen octets!!' }\n"
#define TLS  "tls t { certificate = server.pem; key = server.key; ca = ca.pem }\n"

/* ---- what is wrong ---- */

static const struct {
	const char *text;
	const char *want;
} mistakes[] = {
	/* grammar */
	{"", "hokeyd.conf: there is no listen block"},
	{"wrokers = 3\n", "hokeyd.conf:1: no such option 'wrokers'"},
	{"\n# one\n# two\n/* three\n */ wrokers = 3\n", "hokeyd.conf:5: no such option 'wrokers'"},
	{"client a {\n\n adress = 1\n}\n", "hokeyd.conf:3: client \"a\": no such option 'adress'"},
	{"eap {\n port = 1\n}\n", "hokeyd.conf:2: eap: no such option 'port'"},
	{"workers 3\n", "hokeyd.conf:1: missing equal sign after option 'workers'"},
	{"client {\n}\n", "hokeyd.conf:1: missing title for section 'client'"},
	{"eap = 3\n", "hokeyd.conf:1: missing opening brace for section 'eap'"},
	{"\neap {\n\n", "hokeyd.conf:2: this block is not closed"},
	{"user = 'root\n", "hokeyd.conf:1: a quoted text does not end in its line"},
	{"\nuser = ${USER}\n",
		"hokeyd.conf:2: the environment is not used here; put text with ${ into single "
		"quotes"},
	{LISTEN LISTEN, "hokeyd.conf:2: found duplicate title 'all'"},
	{"erp {\n}\nerp {\n}\n", "hokeyd.conf:4: block erp given twice, first to line 2"},
	{"workers = 1\nworkers = 2\n", "hokeyd.conf:2: workers: given twice, first in line 1"},
	{"listen 'a b' { address = 127.0.0.1 }\n", "hokeyd.conf:1: listen \"a b\": a name has "
						   "printable ASCII characters and no blanks"},

	/* types and ranges */
	{"workers = 257\n", "hokeyd.conf:1: workers: expected a number from 0 to 256, found '257'"},
	{"workers = many\n",
		"hokeyd.conf:1: workers: expected a number from 0 to 256, found 'many'"},
	{"client ap {\n\n  require-message-authenticator = maybe\n}\n",
		"hokeyd.conf:3: client \"ap\": require-message-authenticator: expected yes, no or "
		"auto, found 'maybe'"},
	{"client ap { duplicate-window = 4s }\n",
		"hokeyd.conf:1: client \"ap\": duplicate-window: expected a time from 5s to 30s, "
		"found '4s'"},
	{"client ap { require-nas-identity = perhaps }\n",
		"hokeyd.conf:1: client \"ap\": require-nas-identity: expected yes or no, found "
		"'perhaps'"},
	{"erp { window = 0 }\n",
		"hokeyd.conf:1: erp: window: expected a number from 1 to 64, found '0'"},
	{"erp { cryptosuites = { hmac-sha256-128, md5 } }\n",
		"hokeyd.conf:1: erp: cryptosuites: expected hmac-sha256-64, hmac-sha256-128 or "
		"hmac-sha256-256, found 'md5'"},
	{"store { max-size = 1000 }\n",
		"hokeyd.conf:1: store: max-size: expected a size from 1M to 16T, found '1000'"},
	{"log { level = loud }\n",
		"hokeyd.conf:1: log: level: expected error, warning, notice, info or debug, found "
		"'loud'"},
	{"control = ''\n",
		"hokeyd.conf:1: control: expected a path of at most 100 octets, found ''"},
	{"workers = \"\\x1b[31m\"\n",
		"hokeyd.conf:1: workers: expected a number from 0 to 256, found '\\x1b[31m'"},

	/* listen */
	{"listen a { port = 1 }\n", "hokeyd.conf:1: listen \"a\": address is missing"},
	{"listen a { address = localhost }\n",
		"hokeyd.conf:1: listen \"a\": address: expected an IPv4 or IPv6 address, found "
		"'localhost'"},
	{"listen a { address = 127.0.0.1; port = 0 }\n",
		"hokeyd.conf:1: listen \"a\": port: expected a number from 1 to 65535, found '0'"},
	{LISTEN "listen b {\n port = 1812\n address = 127.0.0.1\n}\n",
		"hokeyd.conf:4: listen \"b\": address: same address and port as listen \"all\""},

	/* client */
	{LISTEN "client a {\n secret = 'sixteen octets!!'\n}\n",
		"hokeyd.conf:4: client \"a\": address is missing"},
	{LISTEN "client a { address = ap.home.example; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected an address or address/prefix, "
		"found "
		"'ap.home.example'"},
	{LISTEN "client a { address = 192.0.2.0/33; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected a prefix of 0 to 32 in "
		"'192.0.2.0/33'"},
	{LISTEN "client a { address = '2001:db8::/'; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: expected a prefix of 0 to 128 in "
		"'2001:db8::/'"},
	{LISTEN "client a { address = 192.0.2.1/24; secret = x }\n",
		"hokeyd.conf:2: client \"a\": address: in '192.0.2.1/24' there are bits set behind "
		"the prefix"},
	{LISTEN CLIENT "client ap2 { address = 192.0.2.1/32; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:3: client \"ap2\": address: same network as client \"ap1\""},
	{LISTEN CLIENT "client ap2 { address = ::ffff:192.0.2.1; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:3: client \"ap2\": address: same network as client \"ap1\""},
	{LISTEN "client a { address = 192.0.2.1 }\n",
		"hokeyd.conf:2: client \"a\": secret or secret-file is missing"},
	{LISTEN "client a { address = 192.0.2.1; secret = SECRET; secret-file = secret }\n",
		"hokeyd.conf:2: client \"a\": give either secret or secret-file"},
	{LISTEN "client a { address = 192.0.2.1\n secret = '' }\n",
		"hokeyd.conf:3: client \"a\": secret: expected 1 to 255 octets, found 0"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = empty }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the secret is empty"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = two-lines }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the file has more than one line"},
	{LISTEN "client a { address = 192.0.2.1; secret-file = nowhere }\n",
		"hokeyd.conf:2: client \"a\": secret-file: nowhere: No such file or directory"},

	/* eap */
	{LISTEN CLIENT ERP STORE, "hokeyd.conf: eap: ca is missing"},
	{LISTEN CLIENT ERP STORE "eap {\n ca = ca.pem\n}\n",
		"hokeyd.conf:7: eap: certificate is missing"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = nowhere.pem; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: nowhere.pem: No such file or directory"},
	{LISTEN CLIENT ERP STORE "eap { ca = junk; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: expected PEM certificates"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = junk; key = server.key }\n",
		"hokeyd.conf:5: eap: certificate: expected PEM certificates"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.pem }\n",
		"hokeyd.conf:5: eap: key: expected a PEM private key, not encrypted"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem\n key = ca.key }\n",
		"hokeyd.conf:6: eap: key: does not belong to the certificate"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = expired.pem; key = expired.key }\n",
		"hokeyd.conf:5: eap: certificate: the certificate has expired"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = expired.pem; certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:5: eap: ca: all certificates have expired"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = client.pem; key = client.key }\n",
		"hokeyd.conf:5: eap: certificate is not for servers"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.key\n min-tls = 1.3\n "
		"max-tls = 1.2 }\n",
		"hokeyd.conf:6: eap: min-tls: is above max-tls"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = server.key\n "
				 "check-crl = yes }\n",
		"hokeyd.conf:6: eap: check-crl: 'yes' needs the option crl"},
	{LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = server.key\n crl = junk }\n",
		"hokeyd.conf:6: eap: crl: expected PEM revocation lists"},
	{LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = server.key\n "
				 "ocsp-staple = junk "
				 "}\n",
		"hokeyd.conf:6: eap: ocsp-staple: expected an OCSP response (DER)"},

	/* erp */
	{LISTEN CLIENT EAP STORE, "hokeyd.conf: erp: realms is missing"},
	{LISTEN CLIENT EAP STORE "erp { realms = {} }\n", "hokeyd.conf:5: erp: realms is missing"},
	{LISTEN CLIENT EAP STORE "erp { realms = { home.example, HOME.example } }\n",
		"hokeyd.conf:5: erp: realms: 'HOME.example' is there twice"},
	{LISTEN CLIENT EAP STORE "erp { realms = { alice@home.example } }\n",
		"hokeyd.conf:5: erp: realms: 'alice@home.example' is not a realm"},
	{LISTEN CLIENT EAP STORE "erp { realms = { home..example } }\n",
		"hokeyd.conf:5: erp: realms: 'home..example' is not a realm"},
	{LISTEN CLIENT EAP STORE
		"erp { realms = { a.b }; cryptosuites = { hmac-sha256-128, hmac-sha256-128 } }\n",
		"hokeyd.conf:5: erp: cryptosuites: 'hmac-sha256-128' is there twice"},
	{LISTEN CLIENT EAP STORE "erp { realms = { a.b }; rmsk-lifetime = 9h }\n",
		"hokeyd.conf:5: erp: rmsk-lifetime: is longer than rrk-lifetime"},

	/* store, log, the rest */
	{LISTEN CLIENT EAP ERP "store { path = nowhere/keys }\n",
		"hokeyd.conf:5: store: path: nowhere: No such file or directory"},
	{LISTEN CLIENT EAP ERP "store { path = junk }\n",
		"hokeyd.conf:5: store: path: junk: Not a directory"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = short.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: short.key: not a file of 32 octets"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = open-wrap.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: open-wrap.key: others than its owner can "
		"read "
		"it (mode 0644)"},
	{LISTEN CLIENT EAP ERP "store { path = keys; wrap-key-file = keys/wrap.key }\n",
		"hokeyd.conf:5: store: wrap-key-file: keys: No such file or directory"},
	{LISTEN CLIENT EAP ERP "store { max-sets = 5; path = keys; wrap-key-file = wrap.key }\n",
		"hokeyd.conf:5: store: max-sets: only with type = memory; for lmdb there is "
		"max-size"},
	{LISTEN CLIENT EAP ERP STORE "log { target = hokeyd.log }\n",
		"hokeyd.conf:6: log: target: expected stderr, syslog or an absolute path, found "
		"'hokeyd.log'"},
	{LISTEN CLIENT EAP ERP STORE "user = nobody-we-know\n",
		"hokeyd.conf:6: user: there is no user 'nobody-we-know'"},
	{LISTEN CLIENT EAP ERP STORE "users-file = bad-users\n",
		"hokeyd.conf:6: users-file: bad-users:2: alice@home.example: No-Such: no attribute "
		"of "
		"this name is known"},
	{LISTEN CLIENT EAP ERP STORE "cui-key-file = short.key\n",
		"hokeyd.conf:6: cui-key-file: expected at least 16 octets, found 10"},
	{LISTEN CLIENT EAP ERP STORE "users-file = nowhere\n",
		"hokeyd.conf:6: users-file: nowhere: No such file or directory"},

	/* home-server, pool, realm */
	{BLOCKS "home-server a { address = x; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: home-server \"a\": address: expected an IPv4 or IPv6 address, "
		"found "
		"'x'"},
	{BLOCKS "home-server a { address = 192.0.2.9 }\n",
		"hokeyd.conf:6: home-server \"a\": secret or secret-file is missing"},
	{BLOCKS "home-server a { address = 127.0.0.1; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: home-server \"a\": address: that is our own listen \"all\""},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; response-window = 40s "
		"}\n",
		"hokeyd.conf:6: home-server \"a\": response-window: it is longer than "
		"max-request-time"},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; filter-requests = { "
		"State } }\n",
		"hokeyd.conf:6: home-server \"a\": filter-requests: 'State' cannot be left out"},
	{BLOCKS "home-server a { address = ::1; secret = 'sixteen octets!!'; filter-replies = { "
		"No-Such } }\n",
		"hokeyd.conf:6: home-server \"a\": filter-replies: there is no attribute "
		"'No-Such'"},
	{BLOCKS HOME "pool p { servers = { b } }\n",
		"hokeyd.conf:7: pool \"p\": servers: there is no home-server 'b'"},
	{BLOCKS HOME "pool p { servers = { a, a } }\n",
		"hokeyd.conf:7: pool \"p\": servers: 'a' is there twice"},
	{BLOCKS HOME "pool p { servers = { a } }\nrealm a.example { pool = q }\n",
		"hokeyd.conf:8: realm \"a.example\": pool: there is no pool 'q'"},
	{BLOCKS "realm a.example { }\nrealm A.example { }\n",
		"hokeyd.conf:7: realm \"A.example\": this realm is there twice"},
	{BLOCKS "realm a..example { }\n",
		"hokeyd.conf:6: realm \"a..example\": expected a realm, .suffix, DEFAULT or NULL"},

	/* tls */
	{BLOCKS "listen tls { address = ::1; tls = t }\n",
		"hokeyd.conf:6: listen \"tls\": tls: there is no tls block 't'"},
	{BLOCKS "tls t { certificate = server.pem }\n",
		"hokeyd.conf:6: tls \"t\": certificate and key go together"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key }\n",
		"hokeyd.conf:6: tls \"t\": ca is missing: nobody's certificate would be trusted"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key; ca = junk }\n",
		"hokeyd.conf:6: tls \"t\": ca: expected PEM certificates"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key; ca = cut.pem }\n",
		"hokeyd.conf:6: tls \"t\": ca: expected PEM certificates"},
	{BLOCKS "tls t { certificate = cut.pem; key = server.key; ca = ca.pem }\n",
		"hokeyd.conf:6: tls \"t\": certificate: expected PEM certificates"},
	{BLOCKS "tls t { certificate = expired.pem; key = expired.key; ca = ca.pem }\n",
		"hokeyd.conf:6: tls \"t\": certificate: the certificate has expired"},
	{BLOCKS "tls t { certificate = server.pem; key = expired.key; ca = ca.pem }\n",
		"hokeyd.conf:6: tls \"t\": key: does not belong to the certificate"},
	{BLOCKS "tls t { certificate = server.pem; key = server.key; ca = ca.pem; "
		"crl = cut-crl.pem }\n",
		"hokeyd.conf:6: tls \"t\": crl: expected PEM revocation lists"},
	{BLOCKS TLS "client c { tls = t }\n",
		"hokeyd.conf:7: client \"c\": certificate-name, fingerprint or psk-identity has to "
		"say "
		"who it is"},
	{BLOCKS TLS "client c { tls = t; certificate-name = a.b; secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:7: client \"c\": with tls there is no shared secret"},
	{BLOCKS TLS "client c { tls = t; psk-identity = me }\n",
		"hokeyd.conf:7: client \"c\": psk-identity and psk-file go together"},
	{BLOCKS TLS "client c { tls = t; psk-identity = me; psk-file = secret }\n",
		"hokeyd.conf:7: client \"c\": psk-file: expected 16 to 64 octets in hex"},
	{BLOCKS "client c { secret = 'sixteen octets!!' }\n",
		"hokeyd.conf:6: client \"c\": address is missing"},
	{BLOCKS TLS "client c { tls = t; psk-identity = me; psk-file = ktk }\n"
		    "client d { tls = t; address = ::3; psk-identity = me; psk-file = other }\n",
		"hokeyd.conf:8: client \"d\": psk-identity: client \"c\" has the same"},
	{BLOCKS TLS HOME
		"home-server b { address = ::2; tls = t }\npool p { servers = { a, b } }\n",
		"hokeyd.conf:9: pool \"p\": servers: 'b': one pool cannot have UDP and TLS "
		"servers"},

	/* ktk */
	{BLOCKS "ktk k { key-file = junk }\n",
		"hokeyd.conf:6: ktk \"k\": key-file: expected 32 octets in hex"},
	{BLOCKS "ktk k { key-file = ktk; revoke-at = nowhere }\n",
		"hokeyd.conf:6: ktk \"k\": revoke-at: there is no home-server 'nowhere'"},
	{BLOCKS "ktk k { key-file = ktk }\nktk l { key-file = ktk; kek-id = k }\n",
		"hokeyd.conf:7: ktk \"l\": kek-id: another ktk has the same"},
	{VISITED "ktk k { key-file = ktk; domains = { D.example, x.example }; realms = { '*' }; "
		 "allow = { dsrk } }\n",
		BOTH_WAYS},
	{VISITED "ktk k { key-file = ktk; domains = { d.example }; "
		 "realms = { other.example, home.example }; allow = { dsrk } }\n",
		BOTH_WAYS},
	{LISTEN CLIENT EAP STORE "erp { realms = { a.b }; local-domain = c.d }\n",
		"hokeyd.conf:5: erp: local-domain: it is not among realms"},
};

/* R2865-3-10 R9813-01 */
static void test_each_mistake_has_its_message(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
		check_error(*state, mistakes[i].text, mistakes[i].want);
}

/* Names of ciphers and groups are OpenSSL's to judge; its words may change. */
static void test_unknown_ciphers_and_groups_are_refused(void **state)
{
	static const char *const options[] = {
		"ciphers = NOTHING", "ciphersuites = NOTHING", "groups = NOTHING"};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct hk_config_error error = {""};
		struct hk_config *config = NULL;
		char text[1000];

		snprintf(text, sizeof(text),
			LISTEN CLIENT ERP STORE
			"eap { ca = ca.pem; certificate = server.pem; key = server.key; %s }\n",
			options[i]);
		assert_err(load(*state, text, &config, &error), HK_ERR_MALFORMED);
		assert_non_null(strstr(error.text, "hokeyd.conf:5: eap: TLS "));
	}
}

/* ---- secrets ---- */

static void test_no_message_shows_a_secret(void **state)
{
	static const char *const texts[] = {
		"client a { address = 192.0.2.1\n secret = TOP SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP'SECRET'\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP=SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP,SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP(SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = 'TOP SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = \"TOP ${SECRET}\"\n}\n",
		"client a { address = 192.0.2.1\n secret = TOP*SECRET\n}\n",
		"client a { address = 192.0.2.1\n secret = 'SECRET'\n secret = 'SECRET'\n}\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct hk_config_error error = {""};
		struct hk_config *config = NULL;

		assert_err(load(*state, texts[i], &config, &error), HK_ERR_MALFORMED);
		assert_true(error.text[0] != 0);
		if (strstr(error.text, "SECRET"))
			fail_msg("shown: %s", error.text);
	}
	check_error(*state, texts[0],
		"hokeyd.conf:2: client \"a\": not understood behind the secret; write it in single "
		"quotes");
}

static void test_a_secret_that_is_too_long(void **state)
{
	char text[1000];
	char secret[257];

	memset(secret, 's', 256);
	secret[256] = 0;
	snprintf(text, sizeof(text), "client a {\n secret = %s\n}\n", secret);
	check_error(*state, text,
		"hokeyd.conf:2: client \"a\": secret: expected 1 to 255 octets, found 256");
	free(temp_file(*state, "long-secret", secret, 0600));
	check_error(*state, LISTEN "client a { address = 192.0.2.1; secret-file = long-secret }\n",
		"hokeyd.conf:2: client \"a\": secret-file: the secret is longer than 255 octets");
}

/* ---- warnings ---- */

static void test_what_is_doubtful_is_warned_of(void **state)
{
	char text[1000];

	check_warnings(*state, LISTEN EAP ERP STORE,
		"hokeyd.conf: there is no client block: nobody may send requests\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE "client a { address = 192.0.2.1\n secret = testing123 }\n",
		"hokeyd.conf:6: client \"a\": secret: the secret has 10 octets; shorter than 12 "
		"can be "
		"found by trying\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE
		"client a { address = 192.0.2.1\n secret-file = open-secret }\n",
		"hokeyd.conf:6: client \"a\": secret-file: others than its owner can read the "
		"file\n");
	check_warnings(*state,
		LISTEN EAP ERP STORE "client a { address = 192.0.2.1; secret = 'sixteen octets!!'\n"
				     " require-message-authenticator = no }\n",
		"hokeyd.conf:6: client \"a\": require-message-authenticator: 'no' leaves requests "
		"without EAP open to forgery (CVE-2024-3596)\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = server.pem; key = open.key }\n",
		"hokeyd.conf:5: eap: key: others than its owner can read the file\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE
		"eap { ca = ca.pem; certificate = soon.pem; key = soon.key }\n",
		"hokeyd.conf:5: eap: certificate: the certificate expires in 10 days\n");
	check_warnings(*state,
		LISTEN CLIENT ERP STORE "eap { ca = ca.pem; certificate = server.pem; key = "
					"server.key; crl = old-crl.pem; check-crl = yes }\n",
		"hokeyd.conf:5: eap: crl: list 1 has run out: certificates it is about are "
		"refused\n");
	check_warnings(*state,
		BLOCKS "tls t { certificate = soon.pem; key = soon.key; ca = ca.pem; "
		       "crl = old-crl.pem }\n",
		"hokeyd.conf:6: tls \"t\": certificate: the certificate expires in 10 days\n"
		"hokeyd.conf:6: tls \"t\": crl: list 1 has run out: certificates it is about are "
		"refused\n");
	check_warnings(*state, LISTEN CLIENT EAP STORE "erp { realms = { localdomain } }\n",
		"hokeyd.conf:5: erp: realms: 'localdomain' has no dot; is it a domain name?\n");
	snprintf(text, sizeof(text), "%s", LISTEN CLIENT EAP ERP "store { path = . ");
	strcat(text, "; wrap-key-file = wrap.key }\n");
	assert_int_equal(chmod(*state, 0755), 0);
	check_warnings(*state, text,
		"hokeyd.conf:5: store: path: .: others than its owner may enter it\n");
	assert_int_equal(chmod(*state, 0700), 0);
}

/* An access point with FILS has room for 254 octets of EAP-Finish. */
static void test_a_realm_too_long_for_fils(void **state)
{
	char realm[HK_REALM_MAX_LEN + 2];
	struct hk_config *c;
	char text[1000];
	char want[400];

	for (size_t i = 0; i < sizeof(realm); i++)
		realm[i] = i % 50 == 49 ? '.' : 'r';
	realm[185] = 0;
	snprintf(text, sizeof(text), LISTEN CLIENT EAP STORE "erp {\n realms = { %s }\n}\n", realm);
	snprintf(want, sizeof(want),
		"hokeyd.conf:6: erp: realms: '%s' is too long: answers can have 255 octets; FILS "
		"access points take 254",
		realm);
	check_error(*state, text, want);

	realm[184] = 0;
	snprintf(text, sizeof(text), LISTEN CLIENT EAP STORE "erp { realms = { %s } }\n", realm);
	c = good(*state, text);
	assert_int_equal(c->nwarnings, 0);
	hk_config_free(c);

	snprintf(text, sizeof(text),
		LISTEN CLIENT EAP STORE
		"erp { realms = { a.example } channel-binding = require }\n");
	c = good(*state, text);
	assert_int_equal(c->nwarnings, 1);
	assert_non_null(strstr(c->warnings[0], "FILS access points take 254"));
	hk_config_free(c);
}

static void test_a_realm_that_is_too_long(void **state)
{
	char text[1000];
	char realm[HK_REALM_MAX_LEN + 2];
	char want[400];

	memset(realm, 'r', sizeof(realm));
	realm[HK_REALM_MAX_LEN + 1] = 0;
	snprintf(text, sizeof(text), "erp { realms = { %s } }\n", realm);
	realm[72] = 0;
	snprintf(want, sizeof(want),
		"hokeyd.conf:1: erp: realms: expected a text of at most 236 octets, found '%s...'",
		realm);
	check_error(*state, text, want);
}

static void test_a_secret_in_a_file_others_can_read(void **state)
{
	char *path = temp_file(*state, "open.conf", LISTEN CLIENT EAP ERP STORE, 0644);
	struct hk_config_error error;
	struct hk_config *c;

	assert_ok(hk_config_load(path, &c, &error));
	assert_int_equal(c->nwarnings, 1);
	drop_directory(c->warnings[0], *state);
	assert_string_equal(c->warnings[0],
		"open.conf:2: client \"ap1\": secret: others than its owner can read this file");
	hk_config_free(c);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_mistake_has_its_message),
		cmocka_unit_test(test_unknown_ciphers_and_groups_are_refused),
		cmocka_unit_test(test_no_message_shows_a_secret),
		cmocka_unit_test(test_a_secret_that_is_too_long),
		cmocka_unit_test(test_what_is_doubtful_is_warned_of),
		cmocka_unit_test(test_a_realm_too_long_for_fils),
		cmocka_unit_test(test_a_realm_that_is_too_long),
		cmocka_unit_test(test_a_secret_in_a_file_others_can_read),
	};

	return cmocka_run_group_tests_name("hokeyd-config-mistakes", tests, setup, temp_teardown);
}

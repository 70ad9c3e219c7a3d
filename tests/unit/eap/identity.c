/* SPDX-License-Identifier: ISC */
/* Peer-Ids, as a server reads them out of certificates. */
#include "test.h"

#include "eap/identity.h"
#include "test_pki.h"

static struct test_cert *ca;

static int setup(void **state)
{
	(void)state;
	ca = test_cert_new(
		NULL, &(struct test_cert_options){.cn = "Test CA", .org = "Example", .ca = true});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	test_cert_free(ca);
	return 0;
}

struct expected {
	enum hk_peer_id_kind kind;
	const char *text;
};

static void expect_ids(
	const struct test_cert_options *options, const struct expected *want, size_t n)
{
	struct test_cert *cert = test_cert_new(ca, options);
	struct hk_identity id = {.who = {.outer = hk_text("x@y")}};

	assert_ok(hk_identity_read(&id, cert->x509));
	assert_true(id.known);
	assert_int_equal(id.who.npeer_ids, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(id.who.peer_id_kinds[i], want[i].kind);
		if (!hk_bytes_equal(id.who.peer_ids[i], hk_text(want[i].text)))
			fail_msg("Peer-Id %zu is '%.*s', not '%s'", i, (int)id.who.peer_ids[i].len,
				(const char *)id.who.peer_ids[i].data, want[i].text);
	}
	assert_true(hk_bytes_equal(id.who.outer, hk_text("x@y")));
	assert_true(hk_bytes_equal(id.who.issuer, hk_text("CN=Test CA,O=Example")));
	assert_int_equal(id.who.serial.len, 18);
	assert_memory_equal(id.who.serial.data, "5a", 2);
	assert_int_equal(id.who.certificate_expires, TEST_NOW + 300 * TEST_DAY);
	hk_identity_free(&id);
	test_cert_free(cert);
}

#define EXPECT_IDS(options, ...)                                                                   \
	do {                                                                                       \
		const struct expected want[] = {__VA_ARGS__};                                      \
		expect_ids(options, want, sizeof want / sizeof *want);                             \
	} while (0)

/* R5216-5.2-01 */
static void all_names_in_order(void **state)
{
	(void)state;
	EXPECT_IDS((&(struct test_cert_options){.cn = "Alice",
			   .org = "Example",
			   .san = "DNS:pc.example.com,email:alice@example.com,IP:192.0.2.1,"
				  "URI:urn:x:1,otherName:msUPN;UTF8:alice@corp.example.com,"
				  "email:a2@example.com"}),
		{HK_PEER_ID_DNS, "pc.example.com"}, {HK_PEER_ID_RFC822, "alice@example.com"},
		{HK_PEER_ID_URI, "urn:x:1"}, {HK_PEER_ID_UPN, "alice@corp.example.com"},
		{HK_PEER_ID_RFC822, "a2@example.com"}, {HK_PEER_ID_SUBJECT, "CN=Alice,O=Example"});
}

static void without_subject(void **state)
{
	(void)state;
	EXPECT_IDS((&(struct test_cert_options){.san = "email:alice@example.com"}),
		{HK_PEER_ID_RFC822, "alice@example.com"});
}

static void without_alternative_names(void **state)
{
	(void)state;
	EXPECT_IDS((&(struct test_cert_options){.cn = "J\xc3\xb6rg", .org = "A, B"}),
		{HK_PEER_ID_SUBJECT, "CN=J\\C3\\B6rg,O=A\\, B"}, {HK_PEER_ID_CN, "J\xc3\xb6rg"});
}

/* No name of a kind we read is as good as no name. */
static void names_of_other_kinds(void **state)
{
	(void)state;
	EXPECT_IDS((&(struct test_cert_options){
			   .cn = "alice", .san = "IP:192.0.2.1,otherName:1.2.3.4;UTF8:alice"}),
		{HK_PEER_ID_SUBJECT, "CN=alice"}, {HK_PEER_ID_CN, "alice"});
	EXPECT_IDS((&(struct test_cert_options){.cn = NULL}));
}

/* The subject keeps its place, whatever is in front of it. */
static void many_names(void **state)
{
	(void)state;
	EXPECT_IDS((&(struct test_cert_options){.cn = "alice",
			   .san = "email:1@x,email:2@x,email:3@x,email:4@x,email:5@x,"
				  "email:6@x,email:7@x,email:8@x,email:9@x"}),
		{HK_PEER_ID_RFC822, "1@x"}, {HK_PEER_ID_RFC822, "2@x"}, {HK_PEER_ID_RFC822, "3@x"},
		{HK_PEER_ID_RFC822, "4@x"}, {HK_PEER_ID_RFC822, "5@x"}, {HK_PEER_ID_RFC822, "6@x"},
		{HK_PEER_ID_RFC822, "7@x"}, {HK_PEER_ID_SUBJECT, "CN=alice"});
}

static enum hk_err read_one(const struct test_cert_options *options)
{
	struct test_cert *cert = test_cert_new(ca, options);
	struct hk_identity id = {0};
	enum hk_err err = hk_identity_read(&id, cert->x509);

	assert_int_equal(id.known, err == HK_OK);
	hk_identity_free(&id);
	test_cert_free(cert);
	return err;
}

static void names_that_lie(void **state)
{
	(void)state;
	assert_err(read_one(&(struct test_cert_options){.cn = "x",
			   .san = "otherName:msUPN;UTF8:a\xc2\x85"
				  "b"}),
		HK_ERR_MALFORMED);
	assert_err(read_one(&(struct test_cert_options){.cn = "a\nb"}), HK_ERR_MALFORMED);
	assert_err(
		read_one(&(struct test_cert_options){.san_email = {(const uint8_t *)"a@b\0c", 5}}),
		HK_ERR_MALFORMED);
}

static void long_names(void **state)
{
	static char name[4200];

	(void)state;
	memset(name, 'a', sizeof name - 1);
	assert_err(read_one(&(struct test_cert_options){
			   .san_email = {(const uint8_t *)name, sizeof name - 1}}),
		HK_ERR_TOO_LONG);
	assert_ok(
		read_one(&(struct test_cert_options){.san_email = {(const uint8_t *)name, 3000}}));
	/* fits, but not with the issuer behind it */
	assert_err(
		read_one(&(struct test_cert_options){.san_email = {(const uint8_t *)name, 4090}}),
		HK_ERR_TOO_LONG);
}

/* One identity may be read several times: a ticket first, then a certificate. */
static void read_again(void **state)
{
	struct test_cert *a = test_cert_new(ca, &(struct test_cert_options){.cn = "a"});
	struct test_cert *b = test_cert_new(ca, &(struct test_cert_options){.cn = "bb"});
	struct hk_identity id = {0};

	(void)state;
	assert_ok(hk_identity_read(&id, a->x509));
	id.who.resumed = true;
	assert_ok(hk_identity_read(&id, b->x509));
	assert_false(id.who.resumed);
	assert_int_equal(id.who.npeer_ids, 2);
	assert_true(hk_bytes_equal(id.who.peer_ids[1], hk_text("bb")));
	hk_identity_free(&id);
	test_cert_free(a);
	test_cert_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_names_in_order),
		cmocka_unit_test(without_subject),
		cmocka_unit_test(without_alternative_names),
		cmocka_unit_test(names_of_other_kinds),
		cmocka_unit_test(many_names),
		cmocka_unit_test(names_that_lie),
		cmocka_unit_test(long_names),
		cmocka_unit_test(read_again),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

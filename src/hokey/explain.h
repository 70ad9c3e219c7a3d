/* SPDX-License-Identifier: ISC */
/*
 * An explanation of octets: fields within fields, each with its place, its
 * value, and what is to be said about it. Printed as indented text or as JSON.
 */
#ifndef HK_HOKEY_EXPLAIN_H
#define HK_HOKEY_EXPLAIN_H

#include <hokey/bytes.h>

#include <stdio.h>

#include <jansson.h>

#define EXPLAIN_LIKE_PRINTF(text, arguments) __attribute__((format(printf, text, arguments)))

struct explain; /* opaque */

/* NULL when there is no memory; running out of it later shows in explain_ok(). */
struct explain *explain_new(void);
void explain_free(struct explain *x);

/* Offsets count from here on; returns where they counted from. */
const uint8_t *explain_base(struct explain *x, const uint8_t *base);

/*
 * A field; value may be NULL. octets: those of the field, none for what has no
 * place of its own (a bit, a conclusion). explain_open() is followed by the
 * fields within and explain_close().
 */
void explain_open(struct explain *x, struct hk_bytes octets, const char *name, const char *value,
	...) EXPLAIN_LIKE_PRINTF(4, 5);
void explain_close(struct explain *x);
void explain_field(struct explain *x, struct hk_bytes octets, const char *name, const char *value,
	...) EXPLAIN_LIKE_PRINTF(4, 5);

/* About the field that was opened or written last. */
void explain_note(struct explain *x, const char *text, ...) EXPLAIN_LIKE_PRINTF(2, 3);
void explain_malformed(struct explain *x, const char *why, ...) EXPLAIN_LIKE_PRINTF(2, 3);

/* What checking an authenticator or a tag came to. */
enum verdict {
	VERDICT_UNCHECKED,
	VERDICT_RIGHT,
	VERDICT_WRONG,
};

void explain_verdict(struct explain *x, enum verdict verdict, const char *why, ...)
	EXPLAIN_LIKE_PRINTF(3, 4);

/* Nothing was malformed, nothing was wrong. */
bool explain_ok(const struct explain *x);

/* The array of all that was explained. Borrowed. */
json_t *explain_json(struct explain *x);
void explain_print(struct explain *x, FILE *to);
/* Forgets what was explained so far, not whether it was all right. */
void explain_clear(struct explain *x);

/* ---- octets as text, in memory of the caller; both return text ---- */

#define EXPLAIN_TEXT_MAX 1100

/* Hex; beyond 64 octets the first 32 and "...". */
const char *explain_hex(struct hk_bytes octets, char text[EXPLAIN_TEXT_MAX]);
/* In quotes; what is not printable ASCII as \xNN. At most 256 octets. */
const char *explain_quote(struct hk_bytes octets, char text[EXPLAIN_TEXT_MAX]);

#endif

/* SPDX-License-Identifier: ISC */
/* Why a conversation failed: an error and words for the log, never secrets. */
#ifndef HK_EAP_FAILURE_H
#define HK_EAP_FAILURE_H

#include <hokey/error.h>

struct hk_failure {
	enum hk_err err;
	char text[320];
};

/* The first failure stays: what follows from it explains less. Returns err. */
enum hk_err hk_failure_set(struct hk_failure *f, enum hk_err err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Adds to the text of the failure that is there. */
void hk_failure_add(struct hk_failure *f, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif

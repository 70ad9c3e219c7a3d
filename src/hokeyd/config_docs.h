/* SPDX-License-Identifier: ISC */
/* The documentation of hokeyd.conf, from the schema. */
#ifndef HK_HOKEYD_CONFIG_DOCS_H
#define HK_HOKEYD_CONFIG_DOCS_H

#include <stdio.h>

/* docs/configuration.md */
void hk_config_docs_markdown(FILE *out);
/* man/hokeyd.conf.5 */
void hk_config_docs_man(FILE *out);

#endif

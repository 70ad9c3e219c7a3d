/* SPDX-License-Identifier: ISC */
/*
 * The text of a configuration file before the parser sees it.
 */
#ifndef HK_HOKEYD_SOURCE_H
#define HK_HOKEYD_SOURCE_H

/*
 * Blanks comments (from # or // to the end of the line, and between slash-star
 * and star-slash) and semicolons outside of quotes, in place; lines keep their
 * numbers. Refuses what libconfuse would take wrongly or silently: it counts
 * lines wrongly behind comments, puts the environment into values, prints
 * characters it does not know and takes the end of the file for that of a
 * block. Returns NULL, or what is wrong; then *line says where.
 */
const char *hk_source_clean(char *text, int *line);

#endif

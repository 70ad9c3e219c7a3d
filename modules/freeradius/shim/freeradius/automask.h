/* SPDX-License-Identifier: ISC */
/* Masks of the configure script's findings; we use none of them. */

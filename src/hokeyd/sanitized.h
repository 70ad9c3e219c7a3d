/* SPDX-License-Identifier: ISC */
/*
 * HK_SANITIZED: whether the compiler puts a sanitizer's runtime into the
 * process, which needs more of the system than hokeyd does.
 */
#ifndef HK_HOKEYD_SANITIZED_H
#define HK_HOKEYD_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#	define HK_SANITIZED 1
#elif defined(__has_feature)
#	if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                 \
		__has_feature(memory_sanitizer)
#		define HK_SANITIZED 1
#	endif
#endif
#ifndef HK_SANITIZED
#	define HK_SANITIZED 0
#endif

#endif

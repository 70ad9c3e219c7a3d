/* SPDX-License-Identifier: ISC */
/* Random numbers that a seed repeats (splitmix64). One stream per purpose. */
#ifndef HK_SIM_RNG_H
#define HK_SIM_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline struct rng rng_of(uint64_t seed, uint64_t stream)
{
	return (struct rng){mix(seed * 0x9e3779b97f4a7c15u + mix(stream + 1))};
}

static inline uint64_t rng_next(struct rng *r)
{
	return mix(r->state += 0x9e3779b97f4a7c15u);
}

/* 0 to n - 1; n at most 2^32. */
static inline uint32_t rng_below(struct rng *r, uint64_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

static inline uint32_t rng_between(struct rng *r, uint32_t low, uint32_t high)
{
	return low + rng_below(r, (uint64_t)high - low + 1);
}

static inline void rng_fill(struct rng *r, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(rng_next(r) >> 24);
}

#endif

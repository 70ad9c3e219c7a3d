/* SPDX-License-Identifier: ISC */
/*
 * ERP and its bootstrapping (RFC 6696, RFC 5749) as hokey does them: a device
 * that moves between two access points of a visited network, the local ER
 * server there, the home server with two workers on one store, and an attacker
 * who is the radio, sits between the two servers, and with EVIL has access point 1.
 *
 * Keys and tags are symbols: who does not have the key makes no tag and reads
 * nothing out of one. An exchange is a number x: which root key, which SEQ. Its
 * Initiate, its Finish and its rMSK follow from x. What was sent once can be
 * delivered never, once or often, in any order, to anybody: so what was sent is
 * a bit in a set that only grows. A step that would change nothing is left out;
 * no run is infinite (tests/model/run has that checked, too), and "every exchange
 * ends" is: no run stops where the device still waits.
 *
 * Left out: time (no lifetime ends here), what full EAP consists of, RADIUS
 * between neighbours (authentic, but lost, doubled and reordered). The lower
 * layer's key confirmation is one step, in which both show the same key for the
 * same access point.
 *
 *   EVIL             access point 1 tells the attacker all it knows
 *   CHANNEL_BINDING  the peer compares who the server gave the rMSK to
 *   CRASHES          servers and device may restart
 *   MUTANT_...       a defect; tests/model/run says what it has to break
 */

#ifndef GENS
#define GENS 2 /* logins, each with a new EMSK */
#endif
#define SEQS 2
#ifndef MOVES
#define MOVES 3
#endif

#define HOME  0 /* rRK */
#define LOCAL 1 /* DS-rRK of the visited domain */

#define ROOT(gen, kind) ((gen) * 2 + (kind))
#define X(root, seq)    ((root) * SEQS + (seq))
#define ROOT_OF(x)      ((x) / SEQS)
#define KIND(x)         (ROOT_OF(x) % 2)
#define GEN(x)          (ROOT_OF(x) / 2)
#define SEQ(x)          ((x) % SEQS)
#define BIT(n)          (1 << (n))
#define HAS(set, n)     (((set) >> (n)) & 1)

/* One member of a set that is not empty. */
#define PICK(x, set)                                                                               \
	if                                                                                         \
	:: HAS(set, 0) -> x = 0                                                                    \
	:: HAS(set, 1) -> x = 1                                                                    \
	:: HAS(set, 2) -> x = 2                                                                    \
	:: HAS(set, 3) -> x = 3                                                                    \
	:: HAS(set, 4) -> x = 4                                                                    \
	:: HAS(set, 5) -> x = 5                                                                    \
	:: HAS(set, 6) -> x = 6                                                                    \
	:: HAS(set, 7) -> x = 7                                                                    \
	fi

/* ---- what was sent: sets of exchanges ---- */

byte initiates;   /* Initiates on the air */
byte boots;       /* those with the flag B */
byte answered[2]; /* what a server answered to it, with the rMSK */
byte holds[2];    /* that has come there; its Finish is on the air */

mtype = {FAILURE, FINISH};
chan forged = [0] of {mtype}; /* what needs no key to be sent */

/* ---- what the servers know ---- */

#define NOBODY  0
#define VISITED 1 /* the local ER server */
#define PARTNER 2 /* may have the key of that domain, too, if it asks first */
#define PROXY   3 /* between visited and home server; may not */

byte logins;             /* EMSKs that there are at home */
byte next[GENS * 2];     /* per root key: the SEQ expected */
byte disk[GENS * 2];     /* and what a restart leaves of it */
byte last[GENS * 2];     /* the exchange accepted last, plus 1 */
bit last_nas[GENS * 2];  /* who asked for it */
byte owner[GENS];        /* who got the DSRK, as noted at home */
bit local_has[GENS];     /* the visited server has it in its store */
byte epoch[2];           /* counts restarts of the home and the visited server */

/* ---- for the properties alone ---- */

byte accepted;     /* accepted as fresh, and answered */
byte used_numbers; /* sent by the peer */
byte dsrk_at[GENS];
bit up;

/* The properties. Each is looked at where it could cease to hold. */
bit seq_accepted_once = 1;
bit number_used_once = 1;    /* by the peer, for one request */
bit rmsk_at_one = 1;         /* access point */
bit finish_is_authentic = 1; /* what the peer takes is what the server answered */
bit both_have_the_key = 1;   /* that the peer begins to use with an access point */
bit dsrk_at_entitled = 1;
bit dsrk_at_one = 1;         /* entity */
bit link_stands = 1;         /* whatever failure is forged */
/* and: no run ends where the device still waits */

#define MUST(property, condition)                                                                  \
	property = (condition);                                                                    \
	assert(property)

/* ---- access points ---- */

/*
 * Hands over what a server answers. That it sends on whatever anybody brings is
 * in requested() below: every Initiate that was on the air may have come by way of it.
 */
proctype authenticator(bit a)
{
	byte x;

end:	do
	:: atomic {
		(answered[a] & ~holds[a]) != 0 ->
		PICK(x, answered[a] & ~holds[a]);
		MUST(rmsk_at_one, !HAS(holds[1 - a], x));
		holds[a] = holds[a] | BIT(x);
		x = 0
	   }
	od
}

/* ---- the home server hands out a DSRK ---- */

#ifdef MUTANT_DOMAIN_NOT_CHECKED
#define entitled(to) true
#else
#define entitled(to) (to != PROXY)
#endif
#ifdef MUTANT_GRANT_FORGOTTEN
#define granted(g, to) true
#else
#define granted(g, to) (owner[g] == NOBODY || owner[g] == to)
#endif
/* A key that comes again, to a server that has lost its counter, would start at 0. */
#ifdef MUTANT_COUNTER_RESET
#define may_take(g, again) true
#else
#define may_take(g, again) (!again || local_has[g])
#endif

/* Of login g. Who asks is the visited server, or whoever put its own request there. */
inline hand_out(g)
{
	if
	:: to = VISITED
	:: to = PARTNER
	:: to = PROXY
	fi;
	if
	:: entitled(to) && granted(g, to) ->
		again = owner[g] == to;
		owner[g] = to;
		dsrk_at[g] = dsrk_at[g] | BIT(to);
		MUST(dsrk_at_entitled, to != PROXY);
		MUST(dsrk_at_one, dsrk_at[g] == BIT(to));
		if
		:: to == VISITED && may_take(g, again) -> local_has[g] = 1
		:: true /* it got lost, or it is not for us */
		fi
	:: else
	fi;
	to = 0;
	again = 0
}

/* ---- servers ---- */

#define requested(a, x) (HAS(initiates, x) && KIND(x) == kind && GEN(x) < logins &&                 \
			 (kind == HOME || local_has[GEN(x)]))
#ifdef MUTANT_REPLAY_ACCEPTED
#define fresh(x) (SEQ(x) + 1 >= next[ROOT_OF(x)])
#else
#define fresh(x) (SEQ(x) >= next[ROOT_OF(x)])
#endif
#ifdef MUTANT_REPEATED_TO_ANYBODY
#define repeated(a, x) (last[ROOT_OF(x)] == x + 1)
#else
#define repeated(a, x) (last[ROOT_OF(x)] == x + 1 && last_nas[ROOT_OF(x)] == a)
#endif

/* In the store that both workers have. */
#define ADVANCE()                                                                                  \
	mine = epoch[kind];                                                                        \
	next[ROOT_OF(x)] = SEQ(x) + 1;                                                             \
	last[ROOT_OF(x)] = x + 1;                                                                  \
	last_nas[ROOT_OF(x)] = a
#ifdef MUTANT_CHECK_THEN_ADVANCE
#define CHECK_AND_ADVANCE() skip
#define ADVANCE_LATER()     ADVANCE()
#else
#define CHECK_AND_ADVANCE() ADVANCE()
#define ADVANCE_LATER()     skip
#endif

/* A repeated answer rests on what the other worker may not have made durable yet. */
#ifdef MUTANT_ANSWER_BEFORE_SYNC
#define SYNC(x) skip
#else
#define SYNC(x) disk[ROOT_OF(x)] = next[ROOT_OF(x)]
#endif

/* Where something can come between. */
#if defined(CRASHES) || defined(MUTANT_CHECK_THEN_ADVANCE)
#define PAUSE                                                                                      \
	}                                                                                          \
	atomic {
#else
#define PAUSE
#endif

/* What can be done with the request for x of access point a. */
#define REQUEST(A, N)                                                                              \
	:: atomic {                                                                                \
		requested(A, N) && fresh(N) && !HAS(answered[A], N) ->                             \
		a = A;                                                                             \
		x = N;                                                                             \
		CHECK_AND_ADVANCE();                                                               \
		goto advanced                                                                      \
	   }                                                                                       \
	:: atomic {                                                                                \
		requested(A, N) && !fresh(N) && repeated(A, N) && !HAS(answered[A], N) ->          \
		SYNC(N);                                                                           \
		answered[A] = answered[A] | BIT(N)                                                 \
	   }

proctype server(bit kind)
{
	byte x, mine, to;
	bit a, again;

end:	do
	REQUEST(0, 0) REQUEST(0, 1) REQUEST(0, 2) REQUEST(0, 3)
	REQUEST(0, 4) REQUEST(0, 5) REQUEST(0, 6) REQUEST(0, 7)
	REQUEST(1, 0) REQUEST(1, 1) REQUEST(1, 2) REQUEST(1, 3)
	REQUEST(1, 4) REQUEST(1, 5) REQUEST(1, 6) REQUEST(1, 7)
	od;
advanced:
	atomic {
		skip;
		PAUSE
		ADVANCE_LATER();
		if
		:: mine == epoch[kind] -> SYNC(x)
		:: else
		fi;
		PAUSE
		if
		:: mine == epoch[kind] ->
			MUST(seq_accepted_once, !HAS(accepted, x));
			accepted = accepted | BIT(x);
			answered[a] = answered[a] | BIT(x);
			if
			:: kind == HOME && HAS(boots, x) -> hand_out(GEN(x))
			:: else
			fi
		:: else /* it went down with the server */
		fi;
		x = 0;
		a = 0;
		mine = 0;
		goto end
	}
}

/* ---- the device ---- */

#ifdef CHANNEL_BINDING
#define may_be_for(a) (at == a)
#else
#define may_be_for(a) true
#endif

/* Who shows the same key for the access point the device is at? */
#if defined(MUTANT_NOT_CONFIRMED)
#define can_confirm(x) true
#elif defined(EVIL)
#define can_confirm(x) (HAS(holds[at], x) || HAS(holds[1], x)) /* 1 plays the part of 0 */
#else
#define can_confirm(x) HAS(holds[at], x)
#endif

/* Full EAP, at the access point it is at; the visited server may ask for a key with it. */
inline log_in()
{
	atomic {
		up = 1;
		if
		:: logins < GENS ->
			gen = logins;
			logins++;
			number[HOME] = 0;
			number[LOCAL] = 0;
			if
			:: hand_out(gen)
			:: true
			fi
		:: else
		fi
	}
}

/* Numbers are written down before they are used. */
inline restart()
{
	atomic {
		up = 0;
		restarts++;
#ifdef MUTANT_NUMBERS_NOT_SAVED
		number[HOME] = 0;
		number[LOCAL] = 0
#endif
	}
}

proctype peer()
{
	byte x, gen, moves, to, restarts, kind;
	byte number[2];
	bit at, before, again;

	log_in();
	do
	:: moves == MOVES -> break
#ifdef CRASHES
	:: restarts == 0 -> restart()
#endif
	:: moves < MOVES ->
		atomic {
			moves++;
			before = at;
			if
			:: at = 0
			:: at = 1
			fi;
			up = up && at == before;
			/* an announcement said so, be it true or forged */
			if
			:: kind = HOME
			:: kind = LOCAL
			fi
		}
		if
		:: number[kind] == SEQS -> log_in()
		:: else ->
			atomic {
				x = X(ROOT(gen, kind), number[kind]);
				number[kind]++;
				MUST(number_used_once, !HAS(used_numbers, x));
				used_numbers = used_numbers | BIT(x);
				initiates = initiates | BIT(x);
				if
				:: kind == HOME -> boots = boots | BIT(x)
				:: true
				fi
			}
wait:			if
			:: atomic { HAS(holds[0], x) && may_be_for(0) -> goto confirm }
			:: atomic { HAS(holds[1], x) && may_be_for(1) -> goto confirm }
			:: atomic {
				forged?FAILURE ->
				if
				:: up ->
#ifdef MUTANT_LEAVES_ON_FAILURE
					up = 0;
#endif
					MUST(link_stands, up)
				:: else
				fi;
				goto wait
			   }
			:: atomic {
				forged?FINISH ->
#ifdef MUTANT_TAG_NOT_CHECKED
				goto confirm
#else
				goto wait
#endif
			   }
#ifndef MUTANT_NO_TIMER
			:: log_in() /* also where a Finish or an EAP-Request says so */
#endif
#ifdef CRASHES
			:: restarts == 0 -> restart()
#endif
			fi;
			goto ended;
confirm:		MUST(finish_is_authentic, HAS(answered[0] | answered[1], x));
			if
			:: atomic {
				can_confirm(x) ->
				MUST(both_have_the_key, HAS(holds[at], x));
				up = 1
			   }
			:: log_in() /* no confirmation in time */
			fi;
ended:			x = 0
		fi
	od
}

/* ---- what else can happen ---- */

proctype attacker()
{
	byte n;

end:	do
	:: n < 1 ->
		n++;
end_sending:	if
		:: forged!FAILURE
		:: forged!FINISH
		fi
	od
}

#define EACH_GEN(step)                                                                             \
	g = 0;                                                                                     \
	do                                                                                         \
	:: g < GENS -> step; g++                                                                   \
	:: else -> break                                                                           \
	od;                                                                                        \
	g = 0

inline revert(r)
{
	if
	:: next[r] != disk[r] ->
		next[r] = disk[r];
		last[r] = 0
	:: else
	fi
}

inline forget(r)
{
	local_has[g] = 0;
	next[r] = 0;
	disk[r] = 0;
	last[r] = 0
}

/* One server restarts, at any time; the visited one may have its keys in memory only. */
proctype crash()
{
	byte g;

	if
	:: atomic { epoch[HOME]++; EACH_GEN(revert(ROOT(g, HOME))) }
	:: atomic { epoch[LOCAL]++; EACH_GEN(revert(ROOT(g, LOCAL))) }
	:: atomic { epoch[LOCAL]++; EACH_GEN(forget(ROOT(g, LOCAL))) }
	fi
}

init
{
	atomic {
		run authenticator(0);
		run authenticator(1);
		run server(HOME);
		run server(HOME);
		run server(LOCAL);
		run peer();
#ifndef CRASHES
		run attacker();
#else
		run crash();
#endif
	}
}

/* SPDX-License-Identifier: ISC */
#include "hokeyd/withdrawals.h"

#include "hokeyd/clock.h"
#include "hokeyd/radsec.h"

#include "crypto/crypto.h"

#include <event2/buffer.h>
#include <event2/event.h>

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define GROUPS          64               /* that are remembered */
#define ROUND_PAUSE_MS  (60 * HK_SECOND) /* after a server has not answered */
#define BACK_OFF_MAX_MS (60 * HK_SECOND)
#define IDLE_MS         (30 * HK_SECOND) /* then a connection is closed */
#define ON_ITS_WAY_MS   HK_SECOND        /* a key may be, that is not there yet */
#define SWEEP_MS        HK_SECOND        /* from one look into the store to the next */
#define SWEEP_SETS      64               /* looked at in one go */
#define SETS            4096             /* chains of them */
#define PACKET_MAX      640              /* of a Disconnect-Request */

/* A key set that has ended; the store forgets it when all who have keys of it were told. */
struct ended {
	struct ended *next;
	size_t waiting;
	uint8_t emsk_name[HK_EMSK_NAME_LEN];
	uint16_t realm_len;
	uint8_t realm[HK_REALM_MAX_LEN];
};

/* One key at one server. */
struct withdrawal {
	struct withdrawal *next;
	struct ended *of;
	uint64_t group;
	hk_time expires; /* of the key */
	hk_time due;     /* when it may be sent */
	bool denied;     /* the server said once that it has no such key */
	bool sent;       /* with this Identifier and Event-Timestamp */
	uint8_t identifier;
	uint32_t timestamp;
	struct hk_radius_retransmit retransmit;
	uint16_t name_len;
	uint8_t name[HK_NAI_MAX_LEN];
};

/* One server that is told. */
struct place {
	struct place *next;
	struct hk_withdrawals *all;
	uint32_t server_id;
	const struct hk_home_server_config *config; /* NULL: gone from the configuration */
	const struct hk_tls_peer *peer;
	struct withdrawal *first;
	struct withdrawal **end; /* where the next one is hung */
	struct hk_identifiers ids;
	struct event *readable;  /* UDP */
	struct bufferevent *bev; /* TLS */
	bool open;
	hk_time used;     /* something was sent or came */
	hk_time retry_at; /* no connection before */
	hk_time back_off;
};

struct hk_withdrawals {
	struct event_base *base;
	struct hk_keystore *store;
	struct hk_counters *counters;
	struct hk_log *log;
	const struct hk_setup *setup;
	struct place *places;
	struct ended *sets[SETS];
	struct hk_walk cursor; /* where the look into the store goes on */
	hk_time sweep_at;
	bool stopping;
	size_t n;
	uint64_t last_group;
	struct hk_withdrawal_group groups[GROUPS];
};

/* ---- groups ---- */

static struct hk_withdrawal_group *group_of(struct hk_withdrawals *w, uint64_t number)
{
	struct hk_withdrawal_group *g = &w->groups[number % GROUPS];

	return number && g->number == number ? g : NULL;
}

uint64_t hk_withdrawals_begin(struct hk_withdrawals *w)
{
	uint64_t number = ++w->last_group;

	w->groups[number % GROUPS] = (struct hk_withdrawal_group){.number = number};
	return number;
}

const struct hk_withdrawal_group *hk_withdrawals_find(
	const struct hk_withdrawals *w, uint64_t group)
{
	const struct hk_withdrawal_group *g = &w->groups[group % GROUPS];

	return group && g->number == group ? g : NULL;
}

/* ---- sets ---- */

/* The link to it; to NULL when nobody is being told of its end. */
static struct ended **find_ended(struct hk_withdrawals *w, const struct hk_keyset *set)
{
	struct ended **link = &w->sets[hk_load_u16(set->emsk_name) % SETS];
	struct hk_bytes realm = hk_bytes(set->realm, set->realm_len);

	while (*link &&
		(memcmp((*link)->emsk_name, set->emsk_name, HK_EMSK_NAME_LEN) != 0 ||
			!hk_bytes_equal(hk_bytes((*link)->realm, (*link)->realm_len), realm)))
		link = &(*link)->next;
	return link;
}

static struct ended *new_ended(struct ended **link, const struct hk_keyset *set)
{
	struct ended *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->waiting = 1; /* until all are enqueued */
	memcpy(e->emsk_name, set->emsk_name, sizeof(e->emsk_name));
	e->realm_len = set->realm_len;
	memcpy(e->realm, set->realm, set->realm_len);
	*link = e;
	return e;
}

static void one_less(struct hk_withdrawals *w, struct ended *e)
{
	struct ended **link = &w->sets[hk_load_u16(e->emsk_name) % SETS];
	enum hk_err err = HK_OK;

	if (--e->waiting > 0)
		return;
	while (*link != e)
		link = &(*link)->next;
	*link = e->next;
	if (!w->stopping)
		err = hk_keystore_forget(w->store, e->emsk_name, hk_bytes(e->realm, e->realm_len));
	if (err && err != HK_ERR_NOT_FOUND)
		hk_log_repeated(w->log, HK_LOG_ERROR, "withdrawals", hk_text("store"),
			hk_clock_now(), "what was told is told again: %s", hk_strerror(err));
	free(e);
}

/* ---- the end of one ---- */

static void count_end(struct hk_withdrawals *w, uint64_t number, bool done)
{
	struct hk_withdrawal_group *g = group_of(w, number);

	hk_count(w->counters, done ? HK_COUNT_WITHDRAWALS_DONE : HK_COUNT_WITHDRAWALS_FAILED);
	if (!g)
		return;
	g->pending--;
	if (done)
		g->done++;
	else
		g->failed++;
}

static void unsend(struct place *p, struct withdrawal *x)
{
	if (x->sent)
		hk_identifiers_release(&p->ids, x->identifier);
	x->sent = false;
}

static void take_out(struct place *p, struct withdrawal *x)
{
	struct withdrawal **link = &p->first;

	unsend(p, x);
	while (*link != x)
		link = &(*link)->next;
	*link = x->next;
	if (!x->next)
		p->end = link;
	p->all->n--;
	one_less(p->all, x->of);
	free(x);
}

static void succeed(struct place *p, struct withdrawal *x)
{
	char name[HK_LOG_ESCAPED];

	hk_log_write(p->all->log, HK_LOG_INFO, "key [%s] has ended at %s",
		hk_log_escape(hk_bytes(x->name, x->name_len), name, sizeof(name)), p->config->name);
	count_end(p->all, x->group, true);
	take_out(p, x);
}

static void give_up(struct place *p, struct withdrawal *x, const char *why)
{
	char name[HK_LOG_ESCAPED];
	hk_time now = hk_clock_now();

	hk_log_write(p->all->log, HK_LOG_WARNING,
		"key [%s] could not be taken back, it ends in %" PRIu32 " s: %s",
		hk_log_escape(hk_bytes(x->name, x->name_len), name, sizeof(name)),
		hk_time_left_s(x->expires, now), why);
	count_end(p->all, x->group, false);
	take_out(p, x);
}

/* ---- packets ---- */

/* The same octets each time: there is nothing random in it. */
static enum hk_err write_request(
	const struct place *p, const struct withdrawal *x, struct hk_buf *out)
{
	struct hk_bytes name = hk_bytes(x->name, x->name_len);
	struct hk_bytes domain = hk_nai_realm(name);
	uint8_t operator_name[1 + HK_REALM_MAX_LEN];

	operator_name[0] = '1'; /* a realm; RFC 5580 section 4.1 */
	memcpy(operator_name + 1, domain.data, domain.len);
	hk_radius_begin(out, HK_RADIUS_DISCONNECT_REQUEST, x->identifier);
	hk_radius_put(out, HK_RADIUS_USER_NAME, name);
	hk_radius_put_u32(out, HK_RADIUS_EVENT_TIMESTAMP, x->timestamp);
	hk_radius_put(out, HK_RADIUS_OPERATOR_NAME, hk_bytes(operator_name, 1 + domain.len));
	return hk_radius_sign_md5_request(out, &p->config->secret);
}

static void transmit(struct place *p, const struct withdrawal *x, hk_time now)
{
	uint8_t memory[PACKET_MAX];
	struct hk_buf b = hk_buf(memory, sizeof(memory));

	p->used = now;
	if (write_request(p, x, &b))
		return;
	if (p->bev)
		bufferevent_write(p->bev, b.data, b.len);
	else
		send(event_get_fd(p->readable), b.data, b.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static uint16_t small_random(void)
{
	uint16_t r = 0;

	/* only jitter */
	if (hk_random((uint8_t *)&r, sizeof(r)))
		r = 0;
	return r;
}

/* False: no Identifier is free. */
static bool send_first(struct place *p, struct withdrawal *x, hk_time now)
{
	if (!hk_identifiers_take(&p->ids, x, &x->identifier))
		return false;
	x->sent = true;
	x->timestamp = (uint32_t)(now / HK_SECOND);
	hk_radius_retransmit_start(&x->retransmit, &p->config->retry, now, small_random());
	transmit(p, x, now);
	return true;
}

static bool is_answer(const struct place *p, const struct withdrawal *x, const struct hk_radius *a)
{
	const struct hk_radius_secret *secret = &p->config->secret;
	uint8_t memory[PACKET_MAX];
	struct hk_buf b = hk_buf(memory, sizeof(memory));
	enum hk_err err;

	if (write_request(p, x, &b) ||
		hk_radius_check_response_authenticator(a, secret, b.data + 4))
		return false;
	err = hk_radius_check_message_authenticator(a, secret, b.data + 4);
	return !err || err == HK_ERR_NOT_FOUND;
}

static void refused(struct place *p, struct withdrawal *x, const struct hk_radius *nak, hk_time now)
{
	uint32_t cause = 0;
	char why[80];

	hk_radius_find_u32(nak, HK_RADIUS_ERROR_CAUSE, &cause);
	if (cause == HK_CAUSE_NOT_FOUND && x->denied) {
		succeed(p, x);
		return;
	}
	if (cause == HK_CAUSE_NOT_FOUND || cause == HK_CAUSE_NO_RESOURCES) {
		unsend(p, x);
		x->denied |= cause == HK_CAUSE_NOT_FOUND;
		x->due = now + (cause == HK_CAUSE_NOT_FOUND ? ON_ITS_WAY_MS : ROUND_PAUSE_MS);
		return;
	}
	snprintf(why, sizeof(why), "%s refuses with Error-Cause %" PRIu32, p->config->name, cause);
	give_up(p, x, why);
}

/* False: it is no packet of that server. */
static bool receive(struct place *p, struct hk_bytes octets, hk_time now)
{
	struct withdrawal *x;
	struct hk_radius a;

	if (!p->config || hk_radius_parse(octets, &a))
		return false;
	if (a.code != HK_RADIUS_DISCONNECT_ACK && a.code != HK_RADIUS_DISCONNECT_NAK)
		return true;
	x = p->ids.owner[a.identifier];
	if (!x)
		return true;
	if (!is_answer(p, x, &a))
		return false;
	p->used = now;
	if (a.code == HK_RADIUS_DISCONNECT_ACK)
		succeed(p, x);
	else
		refused(p, x, &a, now);
	return true;
}

/* ---- connections ---- */

static void disconnect(struct place *p)
{
	if (p->readable) {
		close(event_get_fd(p->readable));
		event_free(p->readable);
	}
	if (p->bev)
		bufferevent_free(p->bev);
	p->readable = NULL;
	p->bev = NULL;
	p->open = false;
	for (struct withdrawal *x = p->first; x; x = x->next)
		unsend(p, x);
}

static void end(struct place *p, const char *why)
{
	hk_time now = hk_clock_now();

	hk_log_repeated(p->all->log, HK_LOG_WARNING, "withdrawals", hk_text(p->config->name), now,
		"%s cannot be told that keys have ended: %s", p->config->name, why);
	disconnect(p);
	p->back_off = p->back_off ? 2 * p->back_off : HK_SECOND;
	if (p->back_off > BACK_OFF_MAX_MS)
		p->back_off = BACK_OFF_MAX_MS;
	p->retry_at = now + p->back_off;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct place *p = arg;
	uint8_t octets[HK_RADIUS_MAX_LEN];
	ssize_t n = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);

	(void)what;
	if (n >= 0)
		receive(p, hk_bytes(octets, (size_t)n), hk_clock_now());
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct place *p = arg;
	uint8_t octets[HK_RADIUS_MAX_LEN];
	hk_time now = hk_clock_now();
	enum hk_err err;
	bool good = true;
	size_t n;

	if (!p->open)
		return;
	while (good && (n = hk_radsec_next(bufferevent_get_input(bev), octets, &err)) > 0)
		good = receive(p, hk_bytes(octets, n), now);
	if (!good || err)
		end(p, "what it sent is no RADIUS of its own");
}

static void tick_place(struct place *p, hk_time now);

static void on_connected(struct place *p)
{
	char why[200];

	if (hk_radsec_connected(p->bev, p->peer, why, sizeof(why))) {
		end(p, why);
		return;
	}
	p->open = true;
	p->back_off = 0;
	tick_place(p, hk_clock_now());
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct place *p = arg;
	char why[200];

	if (what & BEV_EVENT_CONNECTED) {
		on_connected(p);
		return;
	}
	hk_radsec_explain(bev, what, why, sizeof(why));
	if (p->first)
		end(p, why);
	else
		disconnect(p);
}

static bool connect_udp(struct place *p)
{
	const struct hk_home_server_config *config = p->config;
	int fd = socket(config->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (connect(fd, (const struct sockaddr *)&config->address, config->address_len) == 0)
		p->readable = event_new(p->all->base, fd, EV_READ | EV_PERSIST, on_readable, p);
	if (!p->readable) {
		close(fd);
		return false;
	}
	p->open = true;
	return event_add(p->readable, NULL) == 0;
}

static bool connect_tls(struct place *p)
{
	p->bev = hk_radsec_connect(p->all->base, p->config, &p->peer, on_read, on_event, p);
	return p->bev != NULL;
}

/* ---- time ---- */

/* No answer to any of several transmissions, or on this connection. */
static void round_over(struct place *p, struct withdrawal *x, hk_time now)
{
	hk_log_repeated(p->all->log, HK_LOG_WARNING, "withdrawals", hk_text(p->config->name), now,
		"%s does not answer Disconnect-Requests; keys stay in use there", p->config->name);
	unsend(p, x);
	x->due = now + ROUND_PAUSE_MS;
}

/* Over TLS nothing is sent twice; its time is that of all transmissions over UDP. */
static void send_again(struct place *p, struct withdrawal *x, hk_time now)
{
	if (now < x->retransmit.next)
		return;
	if (!hk_radius_retransmit_due(&x->retransmit, &p->config->retry, now, small_random()))
		round_over(p, x, now);
	else if (!p->bev)
		transmit(p, x, now);
}

static void serve(struct place *p, hk_time now)
{
	bool room = p->open; /* for more at a time */
	struct withdrawal *next;

	for (struct withdrawal *x = p->first; x; x = next) {
		next = x->next;
		if (now >= x->expires)
			give_up(p, x, "it has ended by itself meanwhile");
		else if (x->sent)
			send_again(p, x, now);
		else if (room && now >= x->due)
			room = send_first(p, x, now);
	}
}

static void tick_place(struct place *p, hk_time now)
{
	bool connected = p->readable || p->bev;

	if (!p->config) {
		while (p->first)
			give_up(p, p->first, "its server is gone from the configuration");
		return;
	}
	if (!p->first) {
		if (connected && now - p->used > IDLE_MS)
			disconnect(p);
		return;
	}
	if (!connected && now >= p->retry_at) {
		p->used = now;
		if (!(p->config->tls ? connect_tls(p) : connect_udp(p)))
			end(p, "no connection can be opened");
	}
	if (p->bev && !p->open && now - p->used > HK_RADSEC_HANDSHAKE_MS)
		end(p, "no connection in time");
	serve(p, now);
}

static void sweep(struct hk_withdrawals *w, hk_time now);

void hk_withdrawals_tick(struct hk_withdrawals *w, hk_time now)
{
	if (now >= w->sweep_at)
		sweep(w, now);
	for (struct place *p = w->places; p; p = p->next)
		tick_place(p, now);
}

/* ---- in ---- */

static struct place *place_for(struct hk_withdrawals *w, const struct hk_home_server_config *config)
{
	struct place *p = w->places;

	while (p && p->server_id != config->id)
		p = p->next;
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->all = w;
	p->server_id = config->id;
	p->config = config;
	p->peer = &config->peer;
	p->end = &p->first;
	hk_identifiers_init(&p->ids, true);
	p->next = w->places;
	w->places = p;
	return p;
}

/* The server that has the key of a grant; NULL: nobody knows. */
static const struct hk_home_server_config *find_server(
	const struct hk_withdrawals *w, const struct hk_grant *grant, struct hk_bytes *domain)
{
	const struct hk_config *config = w->setup->config;
	const struct hk_kds_policy *kds = &config->erp.kds;
	const struct hk_ktk *ktk = hk_grant_holder(kds->ktks, kds->nktks, grant, domain);
	size_t i = ktk ? config->erp.revoke_at[ktk - kds->ktks] : HK_NO_SERVER;

	return i == HK_NO_SERVER ? NULL : &config->home_servers[i];
}

/* Several keys of one domain at one server end together. */
static bool was_told(const struct hk_withdrawals *w, const struct hk_keyset *set, size_t i)
{
	struct hk_bytes domain, other;
	const struct hk_home_server_config *server = find_server(w, &set->grants.list[i], &domain);

	for (size_t k = 0; server && k < i; k++) {
		if (find_server(w, &set->grants.list[k], &other) == server &&
			hk_bytes_equal(domain, other))
			return true;
	}
	return false;
}

static struct withdrawal *new_withdrawal(const struct hk_keyset *set, struct hk_bytes domain)
{
	struct withdrawal *x = calloc(1, sizeof(*x));
	struct hk_buf name = hk_buf(x ? x->name : NULL, x ? sizeof(x->name) : 0);

	if (!x)
		return NULL;
	hk_keyname_nai_write(set->emsk_name, domain, &name);
	x->name_len = (uint16_t)name.len;
	x->expires = set->expires;
	return x;
}

/* At the end: what came first is told first. False: it cannot be told. */
static bool enqueue(struct hk_withdrawals *w, uint64_t group, const struct hk_grant *grant,
	const struct hk_keyset *set, struct ended *e)
{
	struct hk_bytes domain = HK_NO_BYTES;
	const struct hk_home_server_config *config = find_server(w, grant, &domain);
	struct place *p = config ? place_for(w, config) : NULL;
	struct withdrawal *x = p ? new_withdrawal(set, domain) : NULL;

	if (!x)
		return false;
	x->group = group;
	x->of = e;
	e->waiting++;
	*p->end = x;
	p->end = &x->next;
	w->n++;
	return true;
}

void hk_withdrawals_add(
	struct hk_withdrawals *w, uint64_t group, const struct hk_keyset *set, hk_time now)
{
	struct hk_withdrawal_group *g = group_of(w, group);
	struct ended **link = find_ended(w, set), *e;
	size_t untold = 0;

	/* where there is no room it is found in the store once more */
	if (*link || !set->grants.n || w->n >= HK_WITHDRAWALS_MAX)
		return;
	e = new_ended(link, set);
	if (!e)
		return;
	for (size_t i = 0; i < set->grants.n; i++) {
		if (was_told(w, set, i))
			continue;
		hk_count(w->counters, HK_COUNT_WITHDRAWALS);
		if (g)
			g->pending++;
		if (enqueue(w, group, &set->grants.list[i], set, e))
			continue;
		untold++;
		count_end(w, group, false);
	}
	if (untold)
		hk_log_repeated(w->log, HK_LOG_WARNING, "withdrawals",
			hk_bytes(set->user, set->user_len), now,
			"%zu keys given to others go on until they end: nobody is there to be told "
			"(ktk: revoke-at)",
			untold);
	one_less(w, e);
}

/*
 * Ends that nobody was told of yet: from before a restart, of key sets that gave way
 * to others of their user, or when there was no room here.
 */
static void sweep(struct hk_withdrawals *w, hk_time now)
{
	struct hk_keyset set;
	enum hk_err err = HK_OK;

	for (size_t i = 0; i < SWEEP_SETS && w->n < HK_WITHDRAWALS_MAX; i++) {
		err = hk_keystore_next_ended(w->store, &w->cursor, &set);
		if (err)
			break;
		if (set.expires <= now)
			hk_keystore_forget(
				w->store, set.emsk_name, hk_bytes(set.realm, set.realm_len));
		else
			hk_withdrawals_add(w, 0, &set, now);
	}
	if (err) {
		w->cursor = (struct hk_walk){{0}, 0};
		w->sweep_at = now + SWEEP_MS;
	}
}

/* ---- the whole ---- */

enum hk_err hk_withdrawals_new(struct event_base *base, struct hk_keystore *store,
	struct hk_counters *counters, struct hk_log *log, const struct hk_setup *setup,
	struct hk_withdrawals **out)
{
	struct hk_withdrawals *w = calloc(1, sizeof(*w));

	if (!w)
		return HK_ERR_NO_MEMORY;
	w->base = base;
	w->store = store;
	w->counters = counters;
	w->log = log;
	w->setup = setup;
	*out = w;
	return HK_OK;
}

void hk_withdrawals_change(struct hk_withdrawals *w, const struct hk_setup *next)
{
	const struct hk_config *config = next->config;

	w->setup = next;
	for (struct place *p = w->places; p; p = p->next) {
		disconnect(p);
		p->config = NULL;
		for (size_t i = 0; i < config->nhome_servers; i++) {
			if (config->home_servers[i].id == p->server_id)
				p->config = &config->home_servers[i];
		}
		p->peer = p->config ? &p->config->peer : NULL;
		p->retry_at = 0;
	}
}

void hk_withdrawals_free(struct hk_withdrawals *w)
{
	if (!w)
		return;
	w->stopping = true;
	if (w->n)
		hk_log_write(w->log, HK_LOG_WARNING,
			"%zu keys at other servers could not be taken back yet", w->n);
	while (w->places) {
		struct place *p = w->places;

		while (p->first)
			take_out(p, p->first);
		disconnect(p);
		w->places = p->next;
		free(p);
	}
	free(w);
}

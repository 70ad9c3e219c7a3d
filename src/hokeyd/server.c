/* SPDX-License-Identifier: ISC */
#include "hokeyd/server.h"

#include "hokeyd/clock.h"
#include "hokeyd/control.h"
#include "hokeyd/files.h"
#include "hokeyd/log.h"
#include "hokeyd/notify.h"
#include "hokeyd/privileges.h"
#include "hokeyd/store.h"
#include "hokeyd/worker.h"

#include <event2/event.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TICK_MS             100
#define EXPIRE_SETS         256 /* looked at per tick */
#define EXPIRE_SESSIONS     1024
#define DAY                 (86400 * HK_SECOND)
#define TICKET_KEY_PERIOD   DAY
#define CERTIFICATE_PERIOD  DAY
#define CERTIFICATE_WARNING (30 * DAY)
#define STICKY_ENTRIES      65536 /* conversations with home servers */
#define STICKY_LIFETIME_MS  (60 * HK_SECOND)

/* ---- what comes back from time to time ---- */

static void expire(struct hk_server *s, hk_time now)
{
	size_t removed = 0;

	hk_keystore_expire(s->store, now, EXPIRE_SETS, &removed);
	hk_keystore_release(s->store);
	hk_home_expire(s->home, now, EXPIRE_SESSIONS);
}

static void rotate_ticket_key(struct hk_server *s, hk_time now)
{
	enum hk_err err;

	if (now - s->ticket_key_since < TICKET_KEY_PERIOD)
		return;
	s->ticket_key_since = now;
	err = hk_tls_context_rotate_ticket_key(s->setup->tls);
	if (err)
		hk_log_write(
			s->log, HK_LOG_WARNING, "no new key for TLS tickets: %s", hk_strerror(err));
}

static void warn_of_certificate(struct hk_server *s, hk_time now)
{
	hk_time end = hk_tls_context_expires(s->setup->tls);
	bool ended = s->certificate_checked < end && end <= now;

	if (s->certificate_checked && now - s->certificate_checked < CERTIFICATE_PERIOD && !ended)
		return;
	s->certificate_checked = now;
	if (end <= now)
		hk_log_write(
			s->log, HK_LOG_ERROR, "our certificate has expired: no device will log in");
	else if (end - now < CERTIFICATE_WARNING)
		hk_log_write(s->log, HK_LOG_WARNING, "our certificate expires in %" PRIu64 " days",
			(end - now) / DAY);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct hk_server *s = arg;
	hk_time now = hk_clock_now();

	(void)fd;
	(void)what;
	expire(s, now);
	rotate_ticket_key(s, now);
	warn_of_certificate(s, now);
	hk_closed_accounts_step(s, now);
	hk_withdrawals_tick(s->withdrawals, now);
}

/* ---- statistics ---- */

void hk_server_totals(const struct hk_server *s, struct hk_totals *out)
{
	memset(out, 0, sizeof(*out));
	if (s->counters)
		hk_totals_add(out, s->counters);
	for (unsigned i = 0; i < s->nworkers; i++)
		hk_totals_add(out, hk_worker_counters(s->workers[i]));
}

static void put_counter(struct hk_buf *b, const char *prefix, const char *name, uint64_t value)
{
	char text[96];
	int n = snprintf(text, sizeof(text), " %s%s=%" PRIu64, prefix, name, value);

	if (value && n > 0)
		hk_put(b, text, (size_t)n);
}

static void log_statistics(const struct hk_server *s)
{
	struct hk_totals totals;
	char line[2048];
	struct hk_buf b = hk_buf(line, sizeof(line) - 1);

	hk_server_totals(s, &totals);
	for (int i = 0; i < HK_COUNTERS; i++)
		put_counter(&b, "", hk_counter_name((enum hk_counter)i), totals.count[i]);
	for (int i = 1; i < HK_ERR_COUNT; i++) {
		const char *name = hk_errname((enum hk_err)i);

		put_counter(&b, "eap-failed-", name, totals.eap_failed[i]);
		put_counter(&b, "erp-failed-", name, totals.erp_failed[i]);
	}
	for (uint32_t i = 1; i < HK_KEY_ERROR_COUNT; i++)
		put_counter(&b, "keys-refused-", hk_key_error_name(i), totals.keys_refused[i]);
	line[b.len] = 0;
	hk_log_write(s->log, HK_LOG_NOTICE, "statistics: logins-in-progress=%zu%s",
		hk_home_sessions(s->home), line);
}

/* ---- reload ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What only a restart changes. */
static void warn_of_restart(const struct hk_server *s, const struct hk_config *next)
{
	const struct hk_config *now = s->setup->config;

	if (now->workers != next->workers)
		hk_log_write(s->log, HK_LOG_WARNING,
			"reload: another number of workers needs a restart");
	if (now->store.kind != next->store.kind || !same_text(now->store.path, next->store.path) ||
		now->store.durability != next->store.durability)
		hk_log_write(s->log, HK_LOG_WARNING, "reload: another key store needs a restart");
	if (!same_text(now->log_target, next->log_target))
		hk_log_write(s->log, HK_LOG_WARNING, "reload: another log needs a restart");
	if (!same_text(now->control_path, next->control_path))
		hk_log_write(
			s->log, HK_LOG_WARNING, "reload: another control socket needs a restart");
}

static void log_warnings(const struct hk_server *s)
{
	for (size_t i = 0; i < s->setup->config->nwarnings; i++)
		hk_log_write(s->log, HK_LOG_WARNING, "%s", s->setup->config->warnings[i]);
}

static enum hk_err load_setup(
	const struct hk_server *s, struct hk_setup **out, struct hk_config_error *error)
{
	const char *path = s->setup->config->path;
	struct hk_config *config;
	enum hk_err err;

	if (!path) {
		snprintf(error->text, sizeof(error->text), "there is no file to load");
		return HK_ERR_ARGUMENT;
	}
	err = hk_config_load(path, &config, error);
	if (err)
		return err;
	warn_of_restart(s, config);
	return hk_setup_new(config, s->nworkers, hk_clock_now(), s->setup, out, error);
}

enum hk_err hk_server_reload(struct hk_server *s, struct hk_config_error *error)
{
	struct hk_setup *next;
	enum hk_err err;

	error->text[0] = 0;
	hk_notify_reloading();
	err = load_setup(s, &next, error);
	if (err) {
		hk_log_write(s->log, HK_LOG_ERROR, "reload failed, the old configuration stays: %s",
			error->text[0] ? error->text : hk_strerror(err));
	} else {
		for (unsigned i = 0; i < s->nworkers; i++)
			hk_worker_change(s->workers[i], next);
		hk_withdrawals_change(s->withdrawals, next);
		hk_setup_release(s->setup);
		s->setup = next;
		hk_closed_accounts_begin(s);
		s->certificate_checked = 0;
		hk_log_set_level(s->log, next->config->log_level);
		log_warnings(s);
		hk_log_write(
			s->log, HK_LOG_NOTICE, "configuration loaded from %s", next->config->path);
	}
	hk_notify("READY=1");
	return err;
}

/* ---- signals ---- */

static void on_stop(evutil_socket_t signal, short what, void *arg)
{
	struct hk_server *s = arg;

	(void)what;
	hk_log_write(s->log, HK_LOG_NOTICE, "stopping on signal %d", (int)signal);
	event_base_loopbreak(s->base);
}

static void on_hup(evutil_socket_t signal, short what, void *arg)
{
	struct hk_server *s = arg;
	struct hk_config_error error;

	(void)signal;
	(void)what;
	hk_log_reopen(s->log);
	hk_server_reload(s, &error);
}

static void on_usr1(evutil_socket_t signal, short what, void *arg)
{
	(void)signal;
	(void)what;
	log_statistics(arg);
}

/* ---- start ---- */

static enum hk_err watch(struct hk_server *s, int signal, short what, event_callback_fn call)
{
	const struct timeval tick = {0, TICK_MS * 1000};
	struct event *event = event_new(s->base, signal, what | EV_PERSIST, call, s);

	if (!event || event_add(event, what ? NULL : &tick)) {
		if (event)
			event_free(event);
		return HK_ERR_NO_MEMORY;
	}
	s->events[s->nevents++] = event;
	return HK_OK;
}

static enum hk_err watch_all(struct hk_server *s)
{
	enum hk_err err = watch(s, SIGTERM, EV_SIGNAL, on_stop);

	if (!err)
		err = watch(s, SIGINT, EV_SIGNAL, on_stop);
	if (!err)
		err = watch(s, SIGHUP, EV_SIGNAL, on_hup);
	if (!err)
		err = watch(s, SIGUSR1, EV_SIGNAL, on_usr1);
	return err ? err : watch(s, -1, 0, on_tick);
}

static enum hk_err open_control(struct hk_server *s, struct hk_config_error *error)
{
	const char *path = s->setup->config->control_path;
	enum hk_err err;

	if (!path)
		return HK_OK;
	err = hk_control_open(s->base, s, path, &s->control);
	if (err)
		snprintf(error->text, sizeof(error->text), "control socket %s: %s", path,
			err == HK_ERR_EXISTS ? "another hokeyd answers there" : strerror(errno));
	return err;
}

static enum hk_err make_withdrawals(struct hk_server *s)
{
	enum hk_err err;

	s->counters = aligned_alloc(_Alignof(struct hk_counters), sizeof(*s->counters));
	if (!s->counters)
		return HK_ERR_NO_MEMORY;
	memset(s->counters, 0, sizeof(*s->counters));
	err = hk_withdrawals_new(s->base, s->store, s->counters, s->log, s->setup, &s->withdrawals);
	if (!err)
		hk_closed_accounts_begin(s);
	return err;
}

static enum hk_err make_workers(struct hk_server *s)
{
	const struct hk_worker_shared shared = {s->home, s->sticky, s->log};
	enum hk_err err = HK_OK;

	s->workers = calloc(s->setup->nworkers, sizeof(struct hk_worker *));
	if (!s->workers)
		return HK_ERR_NO_MEMORY;
	for (unsigned i = 0; i < s->setup->nworkers && !err; i++) {
		struct hk_keystore *store;

		err = hk_keystore_share(s->store, &store);
		if (!err)
			err = hk_worker_new(i, &shared, store, s->setup, &s->workers[i]);
		if (!err)
			s->nworkers++;
	}
	return err;
}

static void warn_if_unreadable(const struct hk_server *s, const char *path)
{
	char text[HK_FILE_REASON];

	if (path && access(path, R_OK) < 0)
		hk_log_write(s->log, HK_LOG_WARNING, "%s: a reload will fail: %s", path,
			hk_file_reason(HK_ERR_SYSTEM, text, sizeof(text)));
}

/* What root has read, and who we are now may not read again. */
static void warn_of_unreadable(const struct hk_server *s)
{
	const struct hk_config *config = s->setup->config;

	warn_if_unreadable(s, config->path);
	for (size_t i = 0; i < config->nfiles; i++)
		warn_if_unreadable(s, config->files[i]);
}

static enum hk_err fit_out(
	struct hk_server *s, struct hk_config *config, struct hk_config_error *error)
{
	enum hk_err err =
		hk_setup_new(config, config->workers, hk_clock_now(), NULL, &s->setup, error);
	uint64_t dropped;

	if (!err)
		err = hk_privileges_drop(s->setup->config->user, error);
	if (!err)
		warn_of_unreadable(s);
	if (!err)
		err = hk_store_open(&s->setup->config->store, true, &s->store, &dropped, error);
	if (err)
		return err;
	if (dropped)
		hk_log_write(s->log, HK_LOG_WARNING,
			"the machine went down without closing the key store: %" PRIu64
			" key sets dropped, their devices log in again",
			dropped);
	s->base = event_base_new();
	if (!s->base)
		return HK_ERR_NO_MEMORY;
	err = hk_home_new(NULL, NULL, &s->home);
	if (!err)
		err = hk_sticky_new(STICKY_ENTRIES, STICKY_LIFETIME_MS, &s->sticky);
	if (!err)
		err = make_withdrawals(s);
	if (!err)
		err = open_control(s, error);
	if (!err)
		err = make_workers(s);
	return err ? err : watch_all(s);
}

enum hk_err hk_server_new(struct hk_config *config, struct hk_log *log, struct hk_server **out,
	struct hk_config_error *error)
{
	struct hk_server *s = calloc(1, sizeof(*s));
	enum hk_err err;

	error->text[0] = 0;
	if (!s) {
		hk_config_free(config);
		return HK_ERR_NO_MEMORY;
	}
	s->log = log;
	s->started = s->ticket_key_since = hk_clock_now();
	err = fit_out(s, config, error);
	if (err) {
		if (!error->text[0])
			snprintf(error->text, sizeof(error->text), "%s", hk_strerror(err));
		hk_server_free(s);
		return err;
	}
	*out = s;
	return HK_OK;
}

static void log_start(const struct hk_server *s)
{
	const struct hk_config *config = s->setup->config;

	log_warnings(s);
	for (size_t i = 0; i < config->nlistens; i++) {
		char text[HK_ENDPOINT_TEXT];

		hk_log_write(s->log, HK_LOG_NOTICE, "listening on %s",
			hk_endpoint_text(&config->listens[i].address, text));
	}
	hk_log_write(s->log, HK_LOG_NOTICE, "hokeyd %s: %u workers, %zu clients", HK_VERSION,
		s->nworkers, config->nclients);
}

enum hk_err hk_server_run(struct hk_server *s)
{
	enum hk_err err = HK_OK;

	for (unsigned i = 0; i < s->nworkers && !err; i++)
		err = hk_worker_start(s->workers[i]);
	if (!err) {
		log_start(s);
		hk_notify("READY=1");
		event_base_dispatch(s->base);
		hk_notify("STOPPING=1");
	}
	for (unsigned i = 0; i < s->nworkers; i++)
		hk_worker_stop(s->workers[i]);
	if (!err)
		log_statistics(s);
	return err;
}

void hk_server_free(struct hk_server *s)
{
	if (!s)
		return;
	hk_control_close(s->control);
	for (unsigned i = 0; i < s->nworkers; i++) {
		hk_worker_stop(s->workers[i]);
		hk_worker_free(s->workers[i]);
	}
	free(s->workers);
	for (size_t i = 0; i < s->nevents; i++)
		event_free(s->events[i]);
	hk_withdrawals_free(s->withdrawals);
	free(s->counters);
	if (s->base)
		event_base_free(s->base);
	hk_home_free(s->home);
	hk_sticky_free(s->sticky);
	hk_keystore_close(s->store);
	hk_setup_release(s->setup);
	free(s);
}

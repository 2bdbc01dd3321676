// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The HTTP server. A request passes the guards (method, Host, body, token) and finds its answer in
 * a table; every response carries the same strict headers. Runs on libmicrohttpd's thread, which
 * must not log.
 */
#include "view/web.h"

#if XDPLENS_WEB

#include <microhttpd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "view/web_assets.h"
#include "view/web_streams.h"

enum { REQUEST_MOST = 16384 }; /* octets of a connection's memory: request line and headers */

#define JSON "application/json"

static const struct route {
	const char *path, *type;
	web_answer answer;
	bool open;	  /* to those without a token, too */
	const char *file; /* the name it is saved under */
} routes[] = {
	{"/api/history", JSON, .answer = web_api_history},
	{"/api/flows", JSON, .answer = web_api_flows},
	{"/api/dns", JSON, .answer = web_api_dns},
	{"/api/alerts", JSON, .answer = web_api_alerts},
	{"/api/packets", JSON, .answer = web_api_packets},
	{"/api/packets.pcap", "application/vnd.tcpdump.pcap", .answer = web_api_pcap,
	 .file = "attachment; filename=\"xdplens.pcap\""},
	{"/metrics", "text/plain; version=0.0.4; charset=utf-8", .answer = web_metrics},
	{"/healthz", JSON, .answer = web_api_health, .open = true},
};

static const struct route frame_route = {"/api/snapshot", JSON, .answer = web_api_frame};

static const struct {
	const char *name, *value;
} headers[] = {
	{"Content-Security-Policy",
	 "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
	 "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
	{"X-Content-Type-Options", "nosniff"},
	{"X-Frame-Options", "DENY"},
	{"Referrer-Policy", "no-referrer"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
	{"Cache-Control", "no-store"},
};

/* A request that is on its way through the guards. */
struct request {
	struct view *view;
	struct MHD_Connection *connection;
	const char *path;
	bool fresh; /* came with ?token=: the browser is to keep a cookie */
};

static const char *request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

static const char *request_argument(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- responses ---- */

static void put_cookie(const struct request *r, struct MHD_Response *response)
{
	char text[160];

	snprintf(text, sizeof(text), "%s=%s; Path=/; HttpOnly; SameSite=Strict", r->view->cookie,
		 r->view->token.cookie);
	MHD_add_response_header(response, "Set-Cookie", text);
}

static enum MHD_Result respond(const struct request *r, unsigned status, const char *type,
			       struct MHD_Response *response)
{
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(response, headers[i].name, headers[i].value);
	MHD_add_response_header(response, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"xdplens\"");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, "Retry-After", "5");
	if (r->fresh)
		put_cookie(r, response);
	result = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(const struct request *r, unsigned status, const char *why)
{
	return respond(
		r, status, "text/plain; charset=utf-8",
		MHD_create_response_from_buffer(strlen(why), (void *)why, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result respond_asset(const struct request *r, unsigned status,
				     const struct web_asset *a)
{
	return respond(r, status, a->type,
		       MHD_create_response_from_buffer(a->end - a->data, (void *)a->data,
						       MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result respond_route(const struct request *r, const struct route *route)
{
	const char *since = request_argument(r, "since");
	const char *at = request_argument(r, "at");
	struct web_query query = {.since = since ? strtod(since, NULL) : 0,
				  .at = at ? strtod(at, NULL) : 0};
	struct MHD_Response *response;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	unsigned status = out ? route->answer(r->view, &query, out) : 0;

	if (!out || fclose(out)) {
		free(text);
		return refuse(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n");
	}
	response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	else if (route->file)
		MHD_add_response_header(response, "Content-Disposition", route->file);
	return respond(r, status, route->type, response);
}

/* ---- the snapshot itself: not copied, but held until the client has it ---- */

struct held {
	struct view *view;
	struct web_moment *moment;
};

static ssize_t held_read(void *arg, uint64_t at, char *dst, size_t room)
{
	struct held *h = arg;
	size_t n = h->moment->json_len - at;

	n = n < room ? n : room;
	memcpy(dst, h->moment->json + at, n);
	return n;
}

static void held_free(void *arg)
{
	struct held *h = arg;

	web_moment_release(h->view, h->moment);
	free(h);
}

static enum MHD_Result respond_snapshot(const struct request *r)
{
	struct held *h = malloc(sizeof(*h));
	struct MHD_Response *response;

	if (!h)
		return MHD_NO;
	*h = (struct held){r->view, web_moment_take(r->view)};
	if (!h->moment) {
		free(h);
		return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "nothing is counted yet\n");
	}
	response = MHD_create_response_from_callback(h->moment->json_len, 32768, held_read, h,
						     held_free);
	if (!response)
		held_free(h);
	return respond(r, MHD_HTTP_OK, JSON, response);
}

static enum MHD_Result respond_events(const struct request *r)
{
	struct MHD_Response *response = web_streams_open(r->view->streams, r->connection);

	if (!response)
		return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "too many clients follow already\n");
	return respond(r, MHD_HTTP_OK, "text/event-stream", response);
}

/* ---- guards ---- */

static bool has_body(const struct request *r)
{
	const char *length = request_header(r, "Content-Length");

	return (length && strcmp(length, "0") != 0) || request_header(r, "Transfer-Encoding");
}

/* A token that is wrong is refused even beside a right cookie. */
static bool may_enter(struct request *r)
{
	static const char scheme[] = "Bearer ";
	const struct web_token *t = &r->view->token;
	const char *bearer = request_header(r, "Authorization");
	const char *argument = request_argument(r, "token");

	if (!t->wanted)
		return true;
	if (bearer)
		return !strncasecmp(bearer, scheme, sizeof(scheme) - 1) &&
		       web_token_matches(t, bearer + sizeof(scheme) - 1);
	if (argument)
		return r->fresh = web_token_matches(t, argument);
	return web_token_cookie_matches(
		t, MHD_lookup_connection_value(r->connection, MHD_COOKIE_KIND, r->view->cookie));
}

static enum MHD_Result refuse_entry(const struct request *r)
{
	if (!strcmp(r->path, "/"))
		return respond_asset(r, MHD_HTTP_UNAUTHORIZED, &web_asset_login);
	return refuse(r, MHD_HTTP_UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN\n");
}

static const struct web_asset *find_asset(const char *path)
{
	for (const struct web_asset *a = web_assets; a->path; a++)
		if (!strcmp(a->path, path))
			return a;
	return NULL;
}

static const struct route *find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		if (!strcmp(routes[i].path, path))
			return &routes[i];
	return NULL;
}

static enum MHD_Result find_answer(struct request *r)
{
	const struct web_asset *asset = find_asset(r->path);
	const struct route *route = find_route(r->path);

	if ((asset && asset->open) || (route && route->open))
		r->fresh = false;
	else if (!may_enter(r))
		return refuse_entry(r);
	if (asset)
		return respond_asset(r, MHD_HTTP_OK, asset);
	if (route)
		return respond_route(r, route);
	if (!strcmp(r->path, "/api/snapshot"))
		return request_argument(r, "at") ? respond_route(r, &frame_route)
						 : respond_snapshot(r);
	if (!strcmp(r->path, "/api/events"))
		return respond_events(r);
	return refuse(r, MHD_HTTP_NOT_FOUND, "no such page\n");
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
{
	struct request r = {.view = arg, .connection = connection, .path = url};

	(void)version;
	(void)upload;
	(void)upload_size;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return refuse(&r, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	if (!web_listen_knows(&r.view->bound, request_header(&r, "Host")))
		return refuse(&r, MHD_HTTP_MISDIRECTED_REQUEST,
			      "not known by this name: use the address, or localhost\n");
	if (has_body(&r))
		return refuse(&r, MHD_HTTP_CONTENT_TOO_LARGE, "a request has no body here\n");
	if (!*state) { /* the headers alone: an answer now would cost the connection */
		*state = r.view;
		return MHD_YES;
	}
	return find_answer(&r);
}

/* ---- the daemon ---- */

struct MHD_Daemon *web_http_start(struct view *v, int listening)
{
	struct MHD_Daemon *daemon;
	sigset_t all, before;

	/*
	 * Signals are the main thread's. poll and not epoll: with epoll, 0.9.75 may stay deaf for
	 * WEB_TIMEOUT_S once it has reached its limit of connections.
	 */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	daemon = MHD_start_daemon(MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC |
					  MHD_ALLOW_SUSPEND_RESUME,
				  0, NULL, NULL, on_request, v, MHD_OPTION_LISTEN_SOCKET, listening,
				  MHD_OPTION_CONNECTION_LIMIT, (unsigned)WEB_CONNECTIONS,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_MOST,
				  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)WEB_TIMEOUT_S,
				  MHD_OPTION_STRICT_FOR_CLIENT, 1,
				  MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

void web_http_stop(struct MHD_Daemon *daemon)
{
	if (daemon)
		MHD_stop_daemon(daemon);
}

#endif

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Guaranteed: the web view answers on loopback what the snapshot says, as valid JSON and as valid
 * Prometheus text; it refuses foreign hosts, methods, bodies, oversized requests and those without
 * the token; it listens for others only with a token; clients that do not read hold nobody up.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "view/json.h"
#include "view/web.h"

#include "unit/view_fixture.h"

#if XDPLENS_WEB

enum { ANSWER = 4 << 20, WAIT_MS = 5000 };

static struct snapshot snapshot;
static struct options options;
static struct view *view;
static char answer[ANSWER];
static char *body; /* within answer */
static char token_file[] = "/tmp/xdplens-test-web-XXXXXX";
static const char token[] = "0123456789abcdef-secret";

/* ---- a client ---- */

static int client_connect(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(web_listen_port(&view->bound)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void client_send(int fd, const char *text)
{
	size_t len = strlen(text);

	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* refused before it was all sent */
		text += n;
		len -= n;
	}
}

/* Reads until `wanted` is there (NULL: until the end). Octets read. */
static size_t client_read(int fd, const char *wanted)
{
	size_t len = 0;

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		answer[len] = 0;
		if (wanted && strstr(answer, wanted))
			return len;
		if (poll(&p, 1, WAIT_MS) != 1)
			fail_msg("no answer within %d ms", WAIT_MS);
		n = recv(fd, answer + len, ANSWER - 1 - len, 0);
		if (n <= 0)
			return len;
		len += n;
	}
}

/* The status of a request's answer; what it says is in `answer` and `body`. */
static int ask_raw(const char *request)
{
	int fd = client_connect(), status = 0;

	client_send(fd, request);
	client_read(fd, NULL);
	close(fd);
	sscanf(answer, "HTTP/1.1 %d", &status);
	body = strstr(answer, "\r\n\r\n");
	body = body ? body + 4 : answer + strlen(answer);
	return status;
}

static int ask_with(const char *method, const char *path, const char *headers)
{
	char request[4096];

	snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\n%sConnection: close\r\n\r\n", method,
		 path, headers);
	return ask_raw(request);
}

static int ask(const char *path)
{
	return ask_with("GET", path, "Host: localhost\r\n");
}

static json_t *asked_json(const char *path)
{
	json_error_t error;
	json_t *object;

	assert_int_equal(ask(path), 200);
	object = json_loads(body, 0, &error);
	if (!object)
		fail_msg("%s: %s at %d", path, error.text, error.position);
	return object;
}

/* ---- the view ---- */

static int set_up(void **state)
{
	(void)state;
	options = (struct options){.web = "127.0.0.1:0", .interval_s = 1};
	view = view_web.open(&options);
	fixture_snapshot(&snapshot, true, false);
	return view ? view_web.poll(view) : -1;
}

static int set_up_shown(void **state)
{
	return set_up(state) || view_web.snapshot(view, &snapshot);
}

static int set_up_token(void **state)
{
	FILE *file = fopen(token_file, "w");

	(void)state;
	if (!file)
		return -1;
	fprintf(file, "%s\n", token);
	fclose(file);
	options =
		(struct options){.web = "0.0.0.0:0", .interval_s = 1, .web_token_file = token_file};
	view = view_web.open(&options);
	fixture_snapshot(&snapshot, true, false);
	return view ? view_web.snapshot(view, &snapshot) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	view_web.close(view);
	view = NULL;
	return 0;
}

static void show_event(const uint8_t *data, uint32_t caplen, bool tag_stripped)
{
	struct packet packet = {.l3 = L3_IPV4, .l3_offset = 14, .l4_offset = 34};
	struct event event = {.ts = 1700000000123456789ull,
			      .packet = &packet,
			      .data = data,
			      .caplen = caplen,
			      .wire_len = 2000,
			      .linktype = DLT_EN10MB,
			      .segments = 1,
			      .why = COPY_SAMPLE,
			      .tag_stripped = tag_stripped,
			      .verdict = {APP_HTTPS, SURE_PAYLOAD, SECURITY_ENCRYPTED},
			      .interface = "eth7",
			      .dns_latency_ms = -1};

	packet.key.link = tag_stripped ? FLOW_EGRESS | 42 : 0;
	view_web.event(view, &event);
}

/* ---- tests: the API ---- */

static void test_snapshot(void **state)
{
	size_t len;
	char *json = json_snapshot(&snapshot, &len);

	(void)state;
	assert_int_equal(ask("/api/snapshot"), 200);
	assert_string_equal(body, json);
	free(json);
}

static void test_nothing_yet(void **state)
{
	(void)state;
	assert_int_equal(ask("/api/snapshot"), 503);
	assert_int_equal(ask("/api/flows"), 503);
	assert_int_equal(ask("/healthz"), 503);
	assert_non_null(strstr(body, "starting"));
	assert_int_equal(ask("/metrics"), 200);
	json_decref(asked_json("/api/history"));
	json_decref(asked_json("/api/packets"));
}

static void test_members(void **state)
{
	json_t *object = asked_json("/api/flows");

	(void)state;
	assert_int_equal(json_array_size(json_object_get(object, "top_flows")), 2);
	json_decref(object);
	object = asked_json("/api/dns");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(object, "dns"), "queries")),
		120);
	json_decref(object);
	object = asked_json("/api/alerts");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(object, "alerts"), "open")), 1);
	json_decref(object);
	object = asked_json("/healthz");
	assert_string_equal(json_string_value(json_object_get(object, "status")), "ok");
	json_decref(object);
}

static void test_unbalanced_is_unhealthy(void **state)
{
	(void)state;
	snapshot.ledger.balance = 1;
	view_web.snapshot(view, &snapshot);
	assert_int_equal(ask("/healthz"), 503);
	assert_non_null(strstr(body, "unbalanced"));
}

static size_t history_points(const char *path)
{
	json_t *object = asked_json(path), *points = json_object_get(object, "points"), *point;
	size_t fields = json_array_size(json_object_get(object, "fields")), n, i;

	assert_int_equal(fields, WEB_HISTORY_FIELDS + 1);
	json_array_foreach(points, i, point) assert_int_equal(json_array_size(point), fields);
	n = json_array_size(points);
	json_decref(object);
	return n;
}

static void test_history(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		snapshot.time += 1000000000;
		view_web.snapshot(view, &snapshot);
	}
	assert_int_equal(history_points("/api/history"), 11);
	assert_int_equal(history_points("/api/history?since=1700000007.5"), 3);
	assert_int_equal(history_points("/api/history?since=nonsense"), 11);
	snapshot.time += 100000000; /* no more than a point a second */
	view_web.snapshot(view, &snapshot);
	assert_int_equal(history_points("/api/history"), 11);
}

static void test_history_is_bounded(void **state)
{
	static struct web_history h;
	size_t len;
	char *text;
	FILE *out = open_memstream(&text, &len);
	json_t *object, *points;

	(void)state;
	for (int i = 0; i < WEB_HISTORY_POINTS + 5; i++) {
		snapshot.time += 1000000000;
		snapshot.dns.latency.mean = i ? 1 : -INFINITY;
		assert_non_null(web_history_add(&h, &snapshot));
	}
	web_history_write(&h, 0, out);
	fclose(out);
	object = json_loads(text, 0, NULL);
	points = json_object_get(object, "points");
	assert_int_equal(json_array_size(points), WEB_HISTORY_POINTS);
	assert_true(json_number_value(json_array_get(json_array_get(points, 0), 0)) == 1700000006);
	json_decref(object);
	free(text);
}

/* A resolver's answers of each second, and of none that answered nothing. */
static void test_history_resolvers(void **state)
{
	static struct web_history h;
	struct dns_server_view *server = snapshot.dns.servers;
	const struct web_point *point;

	(void)state;
	snapshot.dns.n_servers = 1;
	server->latency.count = 100;
	server->latency.mean = 2;
	for (int i = 0; i < 16; i++)
		server->le[i] = i < 4 ? 0 : 100;
	web_history_add(&h, &snapshot);
	server->latency.count = 104; /* four more: two within 5 to 10 ms, two of 25 to 50 */
	server->latency.mean = (200 + 2 * 7 + 2 * 40) / 104.0;
	for (int i = 6; i < 16; i++)
		server->le[i] = i < 8 ? 102 : 104;
	snapshot.time += 1000000000;
	point = web_history_add(&h, &snapshot);
	assert_int_equal(point->n_resolvers, 1);
	assert_int_equal(point->resolvers[0].answers, 4);
	assert_true(fabs(point->resolvers[0].mean_ms - 23.5) < 0.001);
	assert_true(fabs(point->resolvers[0].p95_ms - 47.5) < 0.001);
	snapshot.time += 1000000000;
	assert_int_equal(web_history_add(&h, &snapshot)->n_resolvers, 0);
	snapshot.dns.n_servers = SNAPSHOT_SERVERS;
	for (int i = 1; i < SNAPSHOT_SERVERS; i++) {
		server[i] = server[0];
		fixture_addr(server[i].addr, i);
	}
	snapshot.time += 1000000000;
	assert_int_equal(web_history_add(&h, &snapshot)->n_resolvers, WEB_HISTORY_RESOLVERS);
}

static double frame_at(const char *at)
{
	char path[64];
	json_t *object;
	double time;

	snprintf(path, sizeof(path), "/api/snapshot?at=%s", at);
	object = asked_json(path);
	time = json_number_value(json_object_get(object, "time"));
	json_decref(object);
	return time - 1700000000;
}

/* Each second of the last minute, then one in ten; what was is as it was. */
static void test_looking_back(void **state)
{
	json_t *object;

	(void)state;
	assert_int_equal(ask("/api/snapshot?at=1"), 503);
	for (int i = 0; i < 200; i++) {
		snapshot.packets = 1300 + i;
		view_web.snapshot(view, &snapshot);
		snapshot.time += 1000000000;
	}
	assert_true(frame_at("1700000190.5") == 190);
	assert_true(frame_at("1700000150") == 150);
	assert_true(frame_at("1700000059.9") == 50);
	assert_true(frame_at("1") == 0);
	assert_true(frame_at("nan") == 199);
	assert_true(frame_at("nonsense") == 0);
	object = asked_json("/api/snapshot?at=1700000150");
	assert_int_equal(json_integer_value(json_object_get(object, "packets")), 1450);
	json_decref(object);
}

static void test_frames_are_bounded(void **state)
{
	static struct web_frames all;
	static char noise[4 << 20];
	struct web_frame f;
	char *json;

	(void)state;
	for (int i = 0; i < WEB_FRAMES + 50; i++) {
		assert_true(web_frame_pack(&f, 10.0 * i, "{}", 2));
		web_frames_add(&all, &f);
	}
	assert_int_equal(all.n, WEB_FRAMES);
	assert_true(all.frames[0].time == 500);
	assert_true(web_frames_find(&all, 700, &f) && f.time == 700);
	json = web_frame_unpack(&f);
	assert_string_equal(json, "{}");
	free(json);
	free(f.data);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = rand();
	for (int i = 0; i < 6; i++) {
		assert_true(web_frame_pack(&f, 1e6 + 10 * i, noise, sizeof(noise)));
		web_frames_add(&all, &f);
		assert_true(all.octets <= WEB_FRAMES_OCTETS);
	}
	assert_true(all.n >= 3 && all.frames[all.n - 1].time == 1e6 + 50);
	web_frames_clear(&all);
	assert_false(web_frames_find(&all, 0, &f));
}

static void test_packets(void **state)
{
	const uint8_t data[200] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x08, 0x00, 0x45};
	json_t *object, *packets, *newest;

	(void)state;
	for (int i = 0; i < WEB_PACKETS + 44; i++)
		show_event(data, 60, false);
	show_event(data, sizeof(data), true);
	object = asked_json("/api/packets");
	packets = json_object_get(object, "packets");
	assert_int_equal(json_integer_value(json_object_get(object, "total")), 301);
	assert_int_equal(json_array_size(packets), WEB_PACKETS);
	newest = json_array_get(packets, 0);
	assert_int_equal(json_integer_value(json_object_get(newest, "number")), 301);
	assert_int_equal(json_integer_value(json_object_get(newest, "caplen")), WEB_PACKET_DATA);
	assert_int_equal(json_integer_value(json_object_get(newest, "l3_offset")), 18);
	assert_int_equal(json_integer_value(json_object_get(newest, "payload_offset")), 0);
	assert_memory_equal(json_string_value(json_object_get(newest, "hex")),
			    "0102030405060708090a0b0c8100002a080045", 38);
	assert_int_equal(json_string_length(json_object_get(newest, "hex")), 2 * WEB_PACKET_DATA);
	json_decref(object);
}

static void test_pcap(void **state)
{
	const uint8_t data[64] = {9};
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const u_char *bytes;
	pcap_t *p;
	char *end;

	(void)state;
	assert_int_equal(ask("/api/packets.pcap"), 200); /* without a packet it is a file as well */
	show_event(data, sizeof(data), false);
	assert_int_equal(ask("/api/packets.pcap"), 200);
	assert_non_null(strstr(answer, "filename=\"xdplens.pcap\""));
	end = body + 24 + 16 + sizeof(data);
	p = pcap_fopen_offline_with_tstamp_precision(fmemopen(body, end - body, "r"),
						     PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(p);
	assert_int_equal(pcap_datalink(p), DLT_EN10MB);
	assert_int_equal(pcap_next_ex(p, &header, &bytes), 1);
	assert_int_equal(header->ts.tv_usec, 123456789);
	assert_int_equal(header->len, 2000);
	assert_int_equal(header->caplen, sizeof(data));
	assert_memory_equal(bytes, data, sizeof(data));
	assert_int_equal(pcap_next_ex(p, &header, &bytes), PCAP_ERROR_BREAK);
	pcap_close(p);
}

static void test_hostile_text(void **state)
{
	static const char *const paths[] = {"/api/snapshot", "/api/flows", "/metrics"};

	(void)state;
	strcpy(snapshot.interfaces[0].name, "a\"\\\n\xff{}");
	strcpy(snapshot.source, HOSTILE_NAME);
	view_web.snapshot(view, &snapshot);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(paths[i]), 200);
		for (const char *c = body; *c; c++)
			assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
	}
	assert_non_null(strstr(body, "{interface=\"a\\\"\\\\??{}\",direction=\"in\"}"));
}

/* ---- tests: the page ---- */

static void test_page(void **state)
{
	static const char *const paths[] = {"/app.css",	     "/app.js",	    "/charts.js",
					    "/tables.js",    "/packets.js", "/format.js",
					    "/chart.min.js", "/icon.svg"};

	(void)state;
	assert_int_equal(ask("/"), 200);
	assert_non_null(strstr(body, "<title>xdplens</title>"));
	assert_null(strstr(body, "<script>"));
	assert_null(strstr(body, "style="));
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(ask(paths[i]), 200);
		assert_true(strlen(body) > 200);
	}
}

static void test_headers(void **state)
{
	static const char *const paths[] = {"/", "/api/snapshot", "/metrics", "/nowhere"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		ask(paths[i]);
		*body = 0;
		assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none';"));
		assert_null(strstr(answer, "unsafe"));
		assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff"));
		assert_null(strstr(answer, "Access-Control"));
	}
}

/* ---- tests: what is refused ---- */

static void test_hosts(void **state)
{
	static const struct {
		const char *header;
		int status;
	} rows[] = {
		{"Host: localhost\r\n", 200},
		{"Host: LOCALHOST:9\r\n", 200},
		{"Host: 127.0.0.1\r\n", 200},
		{"Host: 127.0.0.1:12345\r\n", 200},
		{"Host: [::1]\r\n", 200},
		{"Host: [::1]:80\r\n", 200},
		{"Host: evil.example\r\n", 421},
		{"Host: localhost.evil.example\r\n", 421},
		{"Host: 127.0.0.1.evil.example:80\r\n", 421},
		{"Host: 10.0.0.1\r\n", 421},
		{"Host: localhost:80@evil.example\r\n", 421},
		{"Host: [::1\r\n", 421},
		{"Host: [::1]evil\r\n", 421},
		{"Host: []\r\n", 421},
		{"Host: :80\r\n", 421},
		{"Host:\r\n", 421},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ask_with("GET", "/api/snapshot", rows[i].header) != rows[i].status)
			fail_msg("%s: not %d but %.20s", rows[i].header, rows[i].status, answer);
	assert_true(ask_raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n") >= 400);
	assert_true(ask_raw("GET / HTTP/1.0\r\n\r\n") == 421 || strstr(answer, " 421 "));
}

static void test_paths(void **state)
{
	static const char *const paths[] = {"/nowhere",	      "/../etc/passwd",	    "/api",
					    "/api/snapshot/", "/%2e%2e/etc/passwd", "//"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		assert_int_equal(ask(paths[i]), 404);
}

static void test_methods(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "XYZ"};

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		assert_int_equal(ask_with(methods[i], "/", "Host: localhost\r\n"), 405);
		assert_non_null(strstr(answer, "Allow: GET, HEAD"));
	}
	assert_int_equal(ask_with("HEAD", "/api/snapshot", "Host: localhost\r\n"), 200);
	assert_string_equal(body, "");
	assert_int_equal(ask_with("HEAD", "/api/events", "Host: localhost\r\n"), 200);
}

static void test_bodies(void **state)
{
	(void)state;
	assert_int_equal(ask_with("GET", "/", "Host: localhost\r\nContent-Length: 1000000000\r\n"),
			 413);
	assert_int_equal(ask_with("GET", "/", "Host: localhost\r\nTransfer-Encoding: chunked\r\n"),
			 413);
}

static void test_oversized(void **state)
{
	static char request[100000];
	int len = sprintf(request, "GET /api/snapshot HTTP/1.1\r\nHost: localhost\r\nX: ");
	int status;

	(void)state;
	memset(request + len, 'x', sizeof(request) - len - 1);
	memcpy(request + sizeof(request) - 5, "\r\n\r\n", 5);
	status = ask_raw(request);
	assert_true(status == 0 || status >= 400);
	len = sprintf(request, "GET /?");
	memset(request + len, 'x', sizeof(request) - len - 1);
	status = ask_raw(request);
	assert_true(status == 0 || status >= 400);
	assert_int_equal(ask("/healthz"), 200);
}

static void test_garbage(void **state)
{
	static const char *const texts[] = {"\r\n\r\n\r\n", "\x16\x03\x01\x02\x01\xff\xfe\r\n\r\n",
					    "GET\r\n\r\n",
					    "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
					    "GET / HTTP/1.1\r\nHost: localhost\r\n : \r\n\r\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = client_connect();

		client_send(fd, texts[i]);
		usleep(20000);
		close(fd);
	}
	assert_int_equal(ask("/healthz"), 200);
}

/* ---- tests: who is let in ---- */

static void test_others_need_token(void **state)
{
	static const char *const wheres[] = {"0.0.0.0:0", "[::]:0"};
	char said[LOG_LINE];

	(void)state;
	options = (struct options){.interval_s = 1};
	for (int i = 0; i < 2; i++) {
		options.web = wheres[i];
		assert_null(view_web.open(&options));
		log_last(said, sizeof(said));
		assert_non_null(strstr(said, "--web-token-file"));
	}
}

static void test_bad_token_files(void **state)
{
	static const char *const texts[] = {"", "\n", "short\n", "with blanks in it, so many\n",
					    "0123456789abcde\n"};
	char *longest = malloc(WEB_TOKEN_MOST + 3);

	(void)state;
	options = (struct options){
		.web = "127.0.0.1:0", .interval_s = 1, .web_token_file = token_file};
	memset(longest, 'x', WEB_TOKEN_MOST + 1);
	strcpy(longest + WEB_TOKEN_MOST + 1, "\n");
	for (size_t i = 0; i <= sizeof(texts) / sizeof(texts[0]); i++) {
		FILE *file = fopen(token_file, "w");

		fputs(i < sizeof(texts) / sizeof(texts[0]) ? texts[i] : longest, file);
		fclose(file);
		assert_null(view_web.open(&options));
	}
	options.web_token_file = "/nonexistent/token";
	assert_null(view_web.open(&options));
	free(longest);
}

static void test_token(void **state)
{
	char headers[512], cookie[128] = "", *set;

	(void)state;
	assert_int_equal(ask("/api/snapshot"), 401);
	assert_int_equal(ask("/metrics"), 401);
	assert_int_equal(ask("/app.js"), 401);
	assert_int_equal(ask("/nowhere"), 401);
	assert_int_equal(ask("/"), 401);
	assert_non_null(strstr(body, "name=\"token\""));
	assert_null(strstr(answer, "Set-Cookie"));
	assert_int_equal(ask("/healthz"), 200);
	assert_int_equal(ask("/app.css"), 200);

	snprintf(headers, sizeof(headers), "Host: 127.0.0.1\r\nAuthorization: Bearer %s\r\n",
		 token);
	assert_int_equal(ask_with("GET", "/api/snapshot", headers), 200);
	headers[strlen(headers) - 3]++;
	assert_int_equal(ask_with("GET", "/api/snapshot", headers), 401);
	assert_int_equal(ask("/?token=wrong"), 401);
	assert_int_equal(ask("/?token="), 401);

	snprintf(headers, sizeof(headers), "/?token=%s", token);
	assert_int_equal(ask(headers), 200);
	set = strstr(answer, "Set-Cookie: ");
	assert_non_null(set);
	sscanf(set, "Set-Cookie: %127[^;\r]", cookie);
	assert_non_null(strstr(set, "HttpOnly"));
	assert_non_null(strstr(set, "SameSite=Strict"));
	assert_null(strstr(answer, token));
	snprintf(headers, sizeof(headers), "Host: 127.0.0.1\r\nCookie: %s\r\n", cookie);
	assert_int_equal(ask_with("GET", "/api/snapshot", headers), 200);
	headers[strlen(headers) - 3] ^= 1;
	assert_int_equal(ask_with("GET", "/api/snapshot", headers), 401);
	/* listening everywhere, any address is ours, but still no name */
	assert_int_equal(ask_with("GET", "/healthz", "Host: 192.0.2.7:80\r\n"), 200);
	assert_int_equal(ask_with("GET", "/healthz", "Host: evil.example\r\n"), 421);
}

static void test_port_taken(void **state)
{
	char where[32], said[LOG_LINE];
	struct options second = {.web = where, .interval_s = 1};

	(void)state;
	snprintf(where, sizeof(where), "%u", web_listen_port(&view->bound));
	assert_null(view_web.open(&second));
	log_last(said, sizeof(said));
	assert_non_null(strstr(said, "another program listens there"));
}

/* ---- tests: metrics ---- */

struct typed {
	char name[96];
	char type[16];
	bool used;
};

static struct typed types[256];
static size_t n_types;

/* The family of a sample: its own name, or without a histogram's endings. */
static struct typed *type_of(const char *name, size_t len)
{
	static const char *const endings[] = {"", "_bucket", "_sum", "_count"};

	for (size_t i = 0; i < n_types; i++) {
		size_t base = strlen(types[i].name);
		bool histogram = !strcmp(types[i].type, "histogram");

		for (int e = histogram; e < (histogram ? 4 : 1); e++)
			if (len == base + strlen(endings[e]) &&
			    !strncmp(name, types[i].name, base) &&
			    !strncmp(name + base, endings[e], len - base))
				return &types[i];
	}
	return NULL;
}

/* Labels as {name="value",...}, with \" and \\ escaped; returns what follows. */
static const char *labels_end(const char *c)
{
	if (*c != '{')
		return c;
	do {
		c++;
		assert_true(islower(*c));
		while (islower(*c) || *c == '_')
			c++;
		assert_memory_equal(c, "=\"", 2);
		for (c += 2; *c != '"'; c++) {
			assert_true(*c >= ' ');
			if (*c == '\\') {
				c++;
				assert_true(*c == '\\' || *c == '"' || *c == 'n');
			}
		}
		c++;
	} while (*c == ',');
	assert_int_equal(*c, '}');
	return c + 1;
}

static void check_sample(const char *line)
{
	size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789");
	struct typed *t = type_of(line, len);
	const char *value;
	char *end;

	if (!t || strncmp(line, "xdplens_", 8) != 0)
		fail_msg("a sample without TYPE, or of another's name: %s", line);
	t->used = true;
	if (!strcmp(t->type, "counter"))
		assert_memory_equal(line + len - 6, "_total", 6);
	else
		assert_memory_not_equal(line + len - 6, "_total", 6);
	value = labels_end(line + len);
	assert_int_equal(*value, ' ');
	strtod(value + 1, &end);
	assert_true(end > value + 1 && *end == 0);
}

static void check_exposition(char *text)
{
	char *line, *rest = text, help[96] = "";

	n_types = 0;
	assert_int_equal(text[strlen(text) - 1], '\n');
	while ((line = strsep(&rest, "\n")) && rest) {
		struct typed *t = &types[n_types];

		if (!strncmp(line, "# HELP ", 7)) {
			assert_int_equal(sscanf(line, "# HELP %95s", help), 1);
		} else if (!strncmp(line, "# TYPE ", 7)) {
			*t = (struct typed){0};
			assert_int_equal(sscanf(line, "# TYPE %95s %15s", t->name, t->type), 2);
			assert_string_equal(t->name, help);
			assert_null(type_of(t->name, strlen(t->name)));
			n_types++;
		} else {
			check_sample(line);
		}
	}
}

static uint64_t metric(const char *sample)
{
	size_t len = strlen(sample);

	assert_int_equal(ask("/metrics"), 200);
	for (const char *at = body; (at = strstr(at, sample)); at += len)
		if (at[-1] == '\n' && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
	fail_msg("there is no %s", sample);
	return 0;
}

static void test_metrics_format(void **state)
{
	(void)state;
	strcpy(snapshot.interfaces[0].mode, "na\"ti\\ve");
	view_web.snapshot(view, &snapshot);
	assert_int_equal(ask("/metrics"), 200);
	assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4"));
	check_exposition(body);
	assert_true(n_types > 40);
	for (size_t i = 0; i < n_types; i++)
		if (!types[i].used)
			fail_msg("%s has no sample", types[i].name);
}

static void test_metrics_values(void **state)
{
	(void)state;
	for (int i = 0; i < 16; i++)
		snapshot.dns.servers[0].le[i] = i < 5 ? 0 : i < 15 ? 100 : 109;
	snapshot.interfaces[0].direction[DIRECTION_OUT] = (struct count){7, 700};
	view_web.snapshot(view, &snapshot);
	assert_int_equal(metric("xdplens_packets_total"), 1300);
	assert_int_equal(
		metric("xdplens_interface_bytes_total{interface=\"eth7\",direction=\"out\"}"), 700);
	assert_int_equal(metric("xdplens_transport_packets_total{protocol=\"udp\"}"), 290);
	assert_int_equal(metric("xdplens_application_flows_total{application=\"dns\"}"), 60);
	assert_int_equal(metric("xdplens_security_bytes_total{class=\"encrypted\"}"), 1400000);
	assert_int_equal(
		metric("xdplens_dns_latency_seconds_bucket{server=\"10.0.0.53\",le=\"0.005\"}"),
		100);
	assert_int_equal(
		metric("xdplens_dns_latency_seconds_bucket{server=\"10.0.0.53\",le=\"+Inf\"}"),
		109);
	assert_int_equal(metric("xdplens_dns_latency_seconds_count{server=\"10.0.0.53\"}"), 109);
	assert_int_equal(metric("xdplens_packet_size_bytes_bucket{le=\"1023\"}"), 0);
	assert_int_equal(metric("xdplens_packet_size_bytes_bucket{le=\"2047\"}"), 1300);
	assert_int_equal(metric("xdplens_unparsed_packets_total{reason=\"bad_tcp\"}"), 10);
	assert_int_equal(metric("xdplens_lost_records_total{ring=\"packets\"}"), 5);
	assert_int_equal(metric("xdplens_alerts_total{detector=\"port_scan\"}"), 4);
}

/* Ten hosts at most, and what they have not sent is "other", to the octet. */
static void test_metrics_hosts(void **state)
{
	int hosts = 0;

	(void)state;
	snapshot.n_talkers = SNAPSHOT_TALKERS;
	for (int i = 0; i < SNAPSHOT_TALKERS; i++) {
		fixture_addr(snapshot.talkers[i].addr, i);
		snapshot.talkers[i].packets = 1;
		snapshot.talkers[i].bytes = 1000;
	}
	view_web.snapshot(view, &snapshot);
	assert_int_equal(metric("xdplens_host_sent_bytes{host=\"other\"}"), 1500000 - 10 * 1000);
	assert_int_equal(metric("xdplens_host_sent_packets{host=\"other\"}"), 1300 - 10);
	for (char *at = body; (at = strstr(at, "\nxdplens_host_sent_bytes{")); at++)
		hosts++;
	assert_int_equal(hosts, 11);
}

/* A flow that turns out to be something else does not make a counter fall. */
static void test_metrics_never_fall(void **state)
{
	(void)state;
	snapshot.app[APP_OTHER].packets -= 60;
	snapshot.security[SECURITY_UNKNOWN].packets -= 60;
	view_web.snapshot(view, &snapshot);
	assert_int_equal(metric("xdplens_application_packets_total{application=\"other\"}"), 70);
	assert_int_equal(metric("xdplens_security_packets_total{class=\"unknown\"}"), 70);
	snapshot.app[APP_OTHER].packets += 100;
	view_web.snapshot(view, &snapshot);
	assert_int_equal(metric("xdplens_application_packets_total{application=\"other\"}"), 110);
}

/* ---- tests: streams ---- */

static int stream_open(void)
{
	int fd = client_connect();

	client_send(fd, "GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n");
	return fd;
}

static void test_events(void **state)
{
	int fd = stream_open();

	(void)state;
	client_read(fd, "event: snapshot\ndata: {\"version\"");
	assert_non_null(strstr(answer, "Content-Type: text/event-stream"));
	assert_non_null(strstr(answer, "event: point\ndata: [1700000000,1300,"));
	snapshot.packets = 987654;
	snapshot.time += 1000000000;
	view_web.snapshot(view, &snapshot);
	client_read(fd, "event: point\ndata: [1700000001,987654,");
	view_web.close(view);
	view = NULL;
	client_read(fd, NULL);
	close(fd);
}

/* As many as may follow, none of which reads, and nobody else waits for them. */
static void test_stuck_readers(void **state)
{
	int fds[WEB_STREAMS];
	uint64_t start;

	(void)state;
	for (int i = 0; i < WEB_STREAMS; i++) {
		fds[i] = stream_open();
		client_read(fds[i], "text/event-stream");
	}
	assert_int_equal(ask("/api/events"), 503);
	snapshot.n_flows = SNAPSHOT_FLOWS;
	start = web_clock();
	for (int i = 0; i < 30; i++) {
		snapshot.time += 1000000000;
		view_web.snapshot(view, &snapshot);
		view_web.poll(view);
	}
	assert_true(web_clock() - start < 2000000000);
	assert_int_equal(ask("/api/snapshot"), 200);
	for (int i = 0; i < WEB_STREAMS; i++)
		close(fds[i]);
	for (int i = 0; i < 100 && ask_with("HEAD", "/api/events", "Host: localhost\r\n") != 200;
	     i++) {
		view_web.snapshot(view, &snapshot);
		usleep(20000);
	}
	assert_int_equal(ask_with("HEAD", "/api/events", "Host: localhost\r\n"), 200);
}

/* More connections than are allowed do no harm to those that come after them. */
static void test_many_connections(void **state)
{
	int fds[WEB_CONNECTIONS + 20];

	(void)state;
	for (int i = 0; i < WEB_CONNECTIONS + 20; i++)
		fds[i] = client_connect();
	for (int i = 0; i < WEB_CONNECTIONS + 20; i++)
		close(fds[i]);
	assert_int_equal(ask("/healthz"), 200);
}

static void test_close_nothing(void **state)
{
	(void)state;
	view_web.close(NULL);
}

#define WITH(set_up, test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(set_up_shown, test_snapshot),
		WITH(set_up, test_nothing_yet),
		WITH(set_up_shown, test_members),
		WITH(set_up_shown, test_unbalanced_is_unhealthy),
		WITH(set_up_shown, test_history),
		WITH(set_up, test_history_is_bounded),
		WITH(set_up, test_history_resolvers),
		WITH(set_up, test_looking_back),
		cmocka_unit_test(test_frames_are_bounded),
		WITH(set_up, test_packets),
		WITH(set_up, test_pcap),
		WITH(set_up, test_hostile_text),
		WITH(set_up, test_page),
		WITH(set_up_shown, test_headers),
		WITH(set_up_shown, test_hosts),
		WITH(set_up, test_paths),
		WITH(set_up_shown, test_methods),
		WITH(set_up, test_bodies),
		WITH(set_up_shown, test_oversized),
		WITH(set_up_shown, test_garbage),
		cmocka_unit_test(test_others_need_token),
		cmocka_unit_test(test_bad_token_files),
		WITH(set_up_token, test_token),
		WITH(set_up, test_port_taken),
		WITH(set_up, test_metrics_format),
		WITH(set_up, test_metrics_values),
		WITH(set_up, test_metrics_hosts),
		WITH(set_up_shown, test_metrics_never_fall),
		WITH(set_up_shown, test_events),
		WITH(set_up_shown, test_stuck_readers),
		WITH(set_up_shown, test_many_connections),
		cmocka_unit_test(test_close_nothing),
	};
	int fd = mkstemp(token_file), failed;

	if (fd < 0)
		return 1;
	close(fd);
	log_level_set(true, 0);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(token_file);
	return failed;
}

#else

int main(void)
{
	puts("this build has no dashboard");
	return 77;
}

#endif

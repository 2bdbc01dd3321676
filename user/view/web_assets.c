// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The files of the page, put into the program as they are: ours from the project's root, where the
 * compiler is started, Chart.js (MIT licence) from where Debian's libjs-chart.js has it.
 */
#include "view/web.h"

#if XDPLENS_WEB

#include "view/web_assets.h"

#ifndef XDPLENS_CHART_JS
#define XDPLENS_CHART_JS "/usr/share/javascript/chart.js/chart.min.js"
#endif

/* clang-format off */
#define EMBED(name, file)                                         \
	__asm__(".section .rodata\n"                              \
		".balign 16\n"                                    \
		"web_asset_" #name ":\n"                          \
		".incbin \"" file "\"\n"                          \
		"web_asset_" #name "_end:\n"                      \
		".byte 0\n"                                       \
		".previous\n");                                   \
	extern const char web_asset_##name[] __attribute__((visibility("hidden"))); \
	extern const char web_asset_##name##_end[] __attribute__((visibility("hidden")));

EMBED(index_html, "user/view/assets/index.html")
EMBED(login_html, "user/view/assets/login.html")
EMBED(app_css, "user/view/assets/app.css")
EMBED(app_js, "user/view/assets/app.js")
EMBED(charts_js, "user/view/assets/charts.js")
EMBED(tables_js, "user/view/assets/tables.js")
EMBED(packets_js, "user/view/assets/packets.js")
EMBED(format_js, "user/view/assets/format.js")
EMBED(icon_svg, "user/view/assets/icon.svg")
EMBED(chart_js, XDPLENS_CHART_JS)

#define HTML "text/html; charset=utf-8"
#define CSS "text/css; charset=utf-8"
#define SCRIPT "text/javascript; charset=utf-8"
#define ASSET(path, type, name, open) {path, type, web_asset_##name, web_asset_##name##_end, open}

const struct web_asset web_asset_login = ASSET("/", HTML, login_html, true);

const struct web_asset web_assets[] = {
	ASSET("/", HTML, index_html, false),
	ASSET("/app.css", CSS, app_css, true),
	ASSET("/icon.svg", "image/svg+xml", icon_svg, true),
	ASSET("/app.js", SCRIPT, app_js, false),
	ASSET("/charts.js", SCRIPT, charts_js, false),
	ASSET("/tables.js", SCRIPT, tables_js, false),
	ASSET("/packets.js", SCRIPT, packets_js, false),
	ASSET("/format.js", SCRIPT, format_js, false),
	ASSET("/chart.min.js", SCRIPT, chart_js, false),
	{0},
};
/* clang-format on */

#endif

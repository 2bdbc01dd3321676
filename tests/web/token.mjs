// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// From another host: the form, the token, the cookie.
import { check, run } from "./browser.mjs";

const [, , base, token] = process.argv;

await run(async ({ page, context }) => {
	const answer = await page.goto(base);
	check("without the token: 401", answer.status() === 401, answer.status());
	await page.fill("#token", "0123456789abcdef");
	await page.keyboard.press("Enter");
	await page.waitForURL(/token=/);
	await page.locator("#token").waitFor();
	check("a wrong token: the form again", true);
	await page.fill("#token", token);
	await page.keyboard.press("Enter");
	await page.locator("#status[data-state=live]").waitFor();
	check("the token is gone from the address", !page.url().includes(token), page.url());
	const cookies = await context.cookies();
	check("the cookie is not the token, nor for scripts", cookies.length === 1 && cookies[0].httpOnly && cookies[0].sameSite === "Strict" && cookies[0].value !== token);
	await page.goto(base);
	await page.locator("#status[data-state=live]").waitFor();
	await page.locator("#tiles .value").first().waitFor();
	check("with the cookie: no question", true);
});

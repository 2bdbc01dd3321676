// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What test-manifests asks: node manifests.mjs DAEMONSET CONTAINERFILE SBOM. Prints what was checked;
// status 1 and a line for each fault.
import fs from "node:fs";
import { createRequire } from "node:module";
import { parseAllDocuments } from "yaml";
import * as CycloneDX from "@cyclonedx/cyclonedx-library";
import typescript from "typescript";

const require = createRequire(import.meta.url);
const { DaemonSet } = require("kubernetes-models/apps/v1");
const { validate } = require("dockerfile-utils");
const [manifest, containerfile, sbom] = process.argv.slice(2).map((f) => fs.readFileSync(f, "utf8"));
let faults = 0;

function fault(text) {
	faults++;
	console.log(`FAULT ${text}`);
}

// Kubernetes' own schema knows types and what is required, but lets unknown names pass.
function schemaFaults(object) {
	try {
		new DaemonSet(object).validate();
		return [];
	} catch (e) {
		return [String(e)];
	}
}

// The compiler knows unknown names: an object literal may have no other than its type.
function nameFaults(object) {
	fs.writeFileSync("manifest.ts",
		'import type { IDaemonSet } from "kubernetes-models/apps/v1";\n' +
		`export const manifest: IDaemonSet = ${JSON.stringify(object)};\n`);
	const program = typescript.createProgram(["manifest.ts"], {
		noEmit: true, strict: true, skipLibCheck: true, types: [],
		module: typescript.ModuleKind.NodeNext, moduleResolution: typescript.ModuleResolutionKind.NodeNext,
	});
	return typescript.getPreEmitDiagnostics(program).map((d) => typescript.flattenDiagnosticMessageText(d.messageText, " "));
}

function wants(name, is) {
	if (!is)
		fault(name);
	else
		console.log(`so it is: ${name}`);
}

const documents = parseAllDocuments(manifest, { version: "1.1" });
wants("one document", documents.length === 1 && documents[0].errors.length === 0);
const object = documents[0].toJS();
schemaFaults(object).concat(nameFaults(object)).forEach(fault);

// the checks themselves can fail
const mistyped = structuredClone(object);
mistyped.spec.template.spec.containers[0].ports[0].hostPort = "http";
wants("a wrong type is found", schemaFaults(mistyped).length > 0);
const misspelt = structuredClone(object);
misspelt.spec.template.spec.containers[0].securityContext.priviledged = true;
wants("an unknown name is found", nameFaults(misspelt).some((t) => t.includes("priviledged")));

const pod = object.spec.template.spec, container = pod.containers[0], security = container.securityContext;
wants("the network is the node's", pod.hostNetwork === true);
wants("it is not privileged", security.privileged === false && security.allowPrivilegeEscalation === false);
wants("three capabilities and no other",
	String(security.capabilities.drop) === "ALL" && String(security.capabilities.add) === "BPF,NET_ADMIN,PERFMON");
wants("the root is only read", security.readOnlyRootFilesystem === true);
wants("memory is bounded", Boolean(container.resources.limits.memory));
for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"])
	wants(`${probe} asks /healthz`, container[probe].httpGet.path === "/healthz");
const port = object.spec.template.metadata.annotations["prometheus.io/port"];
wants("Prometheus asks the port that is served",
	container.args.includes(`--web=0.0.0.0:${port}`) && container.ports[0].containerPort === Number(port));
wants("selector and labels agree",
	JSON.stringify(object.spec.selector.matchLabels) === JSON.stringify(object.spec.template.metadata.labels));

validate(containerfile).forEach((d) => fault(`Containerfile:${d.range.start.line + 1}: ${d.message}`));
wants("an unknown instruction is found", validate("FROM a\nRUNN b\n").length > 0);
const parts = JSON.parse(sbom);
const runtime = containerfile.slice(containerfile.lastIndexOf("\nFROM "));
for (const ref of parts.dependencies[0].dependsOn) {
	const name = parts.components.find((c) => c["bom-ref"] === ref).name;
	if (!["libc6", "libtinfo6", "libjs-chart.js"].includes(name))
		wants(`the image has ${name}`, new RegExp(`\\s${name.replaceAll(".", "\\.")}\\s`).test(runtime));
}

const validator = new CycloneDX.Validation.JsonStrictValidator(CycloneDX.Spec.Version.v1dot5);
const error = await validator.validate(sbom);
wants("the list of parts is CycloneDX 1.5", error === null);
parts.components[0].scope = "some";
wants("a wrong list is found", (await validator.validate(JSON.stringify(parts))) !== null);
process.exit(faults ? 1 : 0);

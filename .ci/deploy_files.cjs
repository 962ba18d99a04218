// conf/kubernetes.yaml has only what the API of Kubernetes knows, and conf/Dockerfile only what Docker does.
// A cluster would tell when it is too late, or not at all. Needs the npm packages that .ci/run installs.
const { execFileSync } = require("child_process");
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");
const { validate } = require("dockerfile-utils");

// Where the compiler finds the types.
const modules = path.resolve(require.resolve("kubernetes-models/package.json"), "../..");
const folder = fs.mkdtempSync(path.join(modules, "manifests-"));

// A literal, of which the compiler also refuses what its type does not have.
function typed(manifest, number) {
  const name = `I${manifest.kind}`;
  return `import { ${name} as Type${number} } from "kubernetes-models/${manifest.apiVersion}/${manifest.kind}";
export const manifest${number}: Type${number} = ${JSON.stringify(manifest, null, 1)};
`;
}

function problems(manifests) {
  const file = path.join(folder, "manifests.ts");
  fs.writeFileSync(file, manifests.map(typed).join(""));
  try {
    execFileSync("tsc", ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", file], { encoding: "utf8" });
    return "";
  } catch (refused) {
    return refused.stdout || String(refused);
  }
}

function check(what, found, expected) {
  if (found !== expected) {
    console.error(`${what}: expected ${JSON.stringify(expected)}, but got ${found}`);
    process.exitCode = 1;
  }
}

try {
  const manifests = yaml.loadAll(fs.readFileSync("conf/kubernetes.yaml", "utf8"));
  check("conf/kubernetes.yaml", problems(manifests), "");
  const misspelt = [{ apiVersion: "v1", kind: "Service", spec: { publishNotReadyAddress: true } }];
  check("a misspelt key is found", problems(misspelt).includes("does not exist in type 'IServiceSpec'"), true);
  check("conf/Dockerfile", JSON.stringify(validate(fs.readFileSync("conf/Dockerfile", "utf8"))), "[]");
  console.log(`${manifests.length} manifests and a Dockerfile`);
} finally {
  fs.rmSync(folder, { recursive: true });
}

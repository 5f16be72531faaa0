import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import JSZip from "jszip";

/** A packaged function, or a baseline in the same form. */
export interface Package {
  name: string;
  /** Path of the file that Lambda loads. */
  file: string;
  bytes: number;
  zipBytes: number;
}

/** Packages the service like `npm run package`, and unpacks each function into that folder. */
export async function packageFunctions(folder: string): Promise<Package[]> {
  const deployment = path.join(folder, "deployment");
  await promisify(execFile)("serverless", ["package", "--package", deployment]);
  const packages: Package[] = [];
  for (const zip of readdirSync(deployment).filter((file) => file.endsWith(".zip"))) {
    const name = path.basename(zip, ".zip");
    const zipped = readFileSync(path.join(deployment, zip));
    const { files } = await JSZip.loadAsync(zipped);
    const [entry, ...more] = Object.values(files);
    if (!entry || more.length > 0) throw new Error(`${zip} does not contain exactly one file`);
    packages.push(unpack(folder, name, await entry.async("nodebuffer"), zipped.length));
  }
  return packages;
}

/** Packages the bare client in the same format, minified, with the bundler's defaults otherwise. */
export async function packageBareClient(folder: string): Promise<Package> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, "bare-client.ts")],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    write: false,
  });
  return zipped(folder, "bare SDK client", Buffer.from(outputFiles[0]?.contents ?? []));
}

export function packageEmptyHandler(folder: string): Promise<Package> {
  return zipped(folder, "empty handler", Buffer.from("exports.handler = async () => {};\n"));
}

async function zipped(folder: string, name: string, code: Buffer): Promise<Package> {
  const zip = new JSZip().file("index.cjs", code);
  const compression = { compression: "DEFLATE", compressionOptions: { level: 9 } } as const;
  const bytes = await zip.generateAsync({ type: "nodebuffer", ...compression });
  return unpack(folder, name, code, bytes.length);
}

function unpack(folder: string, name: string, code: Buffer, zipBytes: number): Package {
  const own = path.join(folder, name);
  mkdirSync(own, { recursive: true });
  const file = path.join(own, "index.cjs");
  writeFileSync(file, code);
  return { name, file, bytes: code.length, zipBytes };
}

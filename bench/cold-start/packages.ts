import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { type BuildOptions, build } from "esbuild";
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
  const zips = readdirSync(deployment).filter((file) => file.endsWith(".zip"));
  return Promise.all(
    zips.map((zip) => unpack(folder, path.basename(zip, ".zip"), readFileSync(path.join(deployment, zip)))),
  );
}

const DEFAULTS: BuildOptions = { bundle: true, platform: "node", target: "node24", format: "cjs" };

/** Packages the bare client in the same format, minified; without options, with the defaults of the bundler. */
export async function packageBareClient(folder: string, name: string, options = DEFAULTS): Promise<Package> {
  const entryPoints = [path.join(import.meta.dirname, "bare-client.ts")];
  const { outputFiles = [] } = await build({ ...options, entryPoints, minify: true, write: false });
  const compression = { compression: "DEFLATE", compressionOptions: { level: 9 } } as const;
  const zip = new JSZip().file("index.cjs", outputFiles[0]?.text ?? "");
  return unpack(folder, name, await zip.generateAsync({ type: "nodebuffer", ...compression }));
}

async function unpack(folder: string, name: string, zip: Buffer): Promise<Package> {
  const [entry, ...more] = Object.values((await JSZip.loadAsync(zip)).files);
  if (!entry || more.length > 0) throw new Error(`the zip of ${name} does not contain exactly one file`);
  const code = await entry.async("nodebuffer");
  const file = path.join(folder, name, "index.cjs");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, code);
  return { name, file, bytes: code.length, zipBytes: zip.length };
}

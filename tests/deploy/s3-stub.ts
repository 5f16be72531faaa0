import type { IncomingMessage, ServerResponse } from "node:http";

/** Objects in buckets, addressed by paths. */
export class S3 {
  readonly #objects = new Map<string, Buffer>();

  object(bucket: string, key: string): Buffer {
    const found = this.#objects.get(`/${bucket}/${key}`);
    if (!found) throw new Error(`${key} was not uploaded to ${bucket}`);
    return found;
  }

  /** The paths of all objects. */
  paths(): string[] {
    return [...this.#objects.keys()];
  }

  answer({ method, url = "", headers }: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(url, "http://s3");
    const path = decodeURIComponent(pathname);
    if (method === "PUT") {
      const isChunked = String(headers["content-encoding"]).includes("aws-chunked");
      this.#objects.set(path, isChunked ? unchunked(body) : body);
      response.setHeader("etag", '"0"').end();
    } else if (method === "POST" && searchParams.has("delete")) {
      for (const [, key] of String(body).matchAll(/<Key>([^<]+)<\/Key>/g))
        this.#objects.delete(`${path.replace(/\/$/, "")}/${key}`);
      response.end("<DeleteResult/>");
    } else if (method === "GET" && searchParams.get("list-type") === "2") {
      const bucket = `${path.replace(/\/$/, "")}/`;
      const prefix = bucket + (searchParams.get("prefix") ?? "");
      const keys = this.paths().filter((one) => one.startsWith(prefix));
      const contents = keys.map((one) => `<Contents><Key>${one.slice(bucket.length)}</Key></Contents>`);
      response.end(`<ListBucketResult>${contents.join("")}</ListBucketResult>`);
    } else if (method === "GET" && searchParams.has("location")) {
      response.end("<LocationConstraint>eu-west-1</LocationConstraint>");
    } else if (method === "HEAD" && path.split("/").filter(Boolean).length === 1) {
      response.end();
    } else {
      response
        .writeHead(501)
        .end(`<Error><Code>NotImplemented</Code><Message>${method} ${url}</Message></Error>`);
    }
  }
}

/** The content of a body in the SDK's own chunks: their sizes in hexadecimal, then a checksum. */
function unchunked(body: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, lineEnd), 16);
    if (!(size > 0)) return Buffer.concat(chunks);
    chunks.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
}

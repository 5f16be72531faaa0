import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";

/** A version of a secret: its value and its labels. */
export interface SecretVersion {
  value: string;
  labels: string[];
}

/** The request members that the stub uses. */
interface Request {
  VersionId?: string;
  VersionStage?: string;
  VersionStages?: string[];
  SecretString?: string;
  MoveToVersionId?: string;
  RemoveFromVersionId?: string;
}

/** A stub of Secrets Manager on loopback with one secret and the operations of a rotation. */
export async function secretWithVersions(versions: SecretVersion[]) {
  const secret = new Map(versions.map((version) => [randomUUID() as string, version]));
  const labelled = (label: string) => [...secret.values()].find(({ labels }) => labels.includes(label));
  const stub = {
    url: "",
    /** The operations called so far. */
    calls: [] as string[],
    /** Called before an operation takes effect; if it throws, the operation fails. */
    before: async (_operation: string): Promise<void> => {},
    /** The value of the version with this label. */
    value: (label: string) => labelled(label)?.value,
  };

  function carryOut(operation: string, request: Request): object {
    switch (operation) {
      case "DescribeSecret":
        return {
          VersionIdsToStages: Object.fromEntries([...secret].map(([id, { labels }]) => [id, labels])),
        };
      case "GetSecretValue":
        return { SecretString: secret.get(request.VersionId ?? "")?.value };
      case "PutSecretValue": {
        const { VersionStages: labels = [], SecretString: value = "" } = request;
        for (const one of secret.values()) one.labels = one.labels.filter((label) => !labels.includes(label));
        const VersionId = randomUUID();
        secret.set(VersionId, { value, labels });
        return { VersionId };
      }
      case "UpdateSecretVersionStage": {
        const { VersionStage = "", MoveToVersionId = "", RemoveFromVersionId = "" } = request;
        const [from, to] = [secret.get(RemoveFromVersionId), secret.get(MoveToVersionId)];
        if (!to || labelled(VersionStage) !== from) throw new Error("the label is on another version");
        if (from) from.labels = from.labels.filter((label) => label !== VersionStage);
        to.labels.push(VersionStage);
        return {};
      }
      default:
        throw new Error(`the stub has no operation ${operation}`);
    }
  }

  const server = createServer(async (request, response) => {
    const operation = String(request.headers["x-amz-target"]).replace("secretsmanager.", "");
    response.setHeader("Content-Type", "application/x-amz-json-1.1");
    try {
      const body = (await json(request)) as Request;
      await stub.before(operation);
      stub.calls.push(operation);
      response.end(JSON.stringify(carryOut(operation, body)));
    } catch (error) {
      response.writeHead(400);
      response.end(JSON.stringify({ __type: "InvalidRequestException", message: String(error) }));
    }
  });
  server.listen(0, "127.0.0.1").unref();
  await once(server, "listening");
  stub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return stub;
}

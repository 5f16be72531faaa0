import { randomBytes } from "node:crypto";
import {
  BatchExecuteStatementCommand,
  type BatchExecuteStatementCommandInput,
  BeginTransactionCommand,
  CommitTransactionCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  RDSDataClient,
  RDSDataServiceException,
  RollbackTransactionCommand,
} from "@aws-sdk/client-rds-data";
import { afterAll, beforeAll, inject } from "vitest";
import { type DataApi, type DataApiOptions, startDataApi } from "../src/data-api/server.ts";

export const arns = {
  resourceArn: "arn:aws:rds:eu-west-1:111122223333:cluster:local",
  secretArn: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:local",
};

/** Header of a signed request; the emulator does not verify the signature. */
export const signed = { authorization: "AWS4-HMAC-SHA256 Credential=local" };

type Execute = Omit<ExecuteStatementCommandInput, "resourceArn" | "secretArn">;
type Batch = Omit<BatchExecuteStatementCommandInput, "resourceArn" | "secretArn">;

/** Runs an emulator during the tests of the file, and returns SDK calls to it. */
export function useEmulator(options: Partial<DataApiOptions> = {}) {
  let api: DataApi;
  let client: RDSDataClient;
  beforeAll(async () => {
    api = await startDataApi({ databaseUrl: inject("databaseUrl"), ...options });
    client = sdkClient(api.url);
  });
  afterAll(async () => {
    client.destroy();
    await api.close();
  });
  return {
    url: () => api.url,
    settled: () => api.settled(),
    execute: async (input: Execute | string) => {
      const command = typeof input === "string" ? { sql: input } : input;
      const { $metadata, ...response } = await client.send(
        new ExecuteStatementCommand({ ...arns, ...command }),
      );
      return response;
    },
    batch: async (input: Batch) => {
      const { $metadata, ...response } = await client.send(
        new BatchExecuteStatementCommand({ ...arns, ...input }),
      );
      return response;
    },
    begin: async (database?: string): Promise<string> => {
      const { transactionId } = await client.send(new BeginTransactionCommand({ ...arns, database }));
      return transactionId ?? "";
    },
    commit: async (transactionId: string) => {
      const { $metadata, ...response } = await client.send(
        new CommitTransactionCommand({ ...arns, transactionId }),
      );
      return response;
    },
    rollback: async (transactionId: string) => {
      const { $metadata, ...response } = await client.send(
        new RollbackTransactionCommand({ ...arns, transactionId }),
      );
      return response;
    },
  };
}

/** Options of an AWS SDK client for an emulator, without retries, so that tests see the first response. */
export function clientOptions(endpoint: string) {
  return {
    endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
    maxAttempts: 1,
  };
}

export function sdkClient(endpoint: string): RDSDataClient {
  return new RDSDataClient(clientOptions(endpoint));
}

/** Sends a request to `/faults`: PUT adds a fault, DELETE clears all, GET lists the pending ones. */
export async function controlFaults(url: string, method: string, members?: object) {
  const body = members && JSON.stringify(members);
  const response = await fetch(`${url}/faults`, { method, ...(body && { body }) });
  return { status: response.status, body: await response.json() };
}

/** Returns the error of a call; for a successful call, its response, which matches no expected error. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof RDSDataServiceException)) throw error;
    return { name: error.name, status: error.$metadata.httpStatusCode, message: error.message };
  }
}

export function databaseError(message: string) {
  return { name: "DatabaseErrorException", status: 400, message };
}

export function validationError(message: string) {
  return { name: "ValidationException", status: 400, message };
}

export function unsupportedResult(message: string) {
  return { name: "UnsupportedResultException", status: 400, message };
}

/** Returns a name that no other test uses. */
export function uniqueName(prefix = "t"): string {
  return `${prefix}_${randomBytes(8).toString("hex")}`;
}

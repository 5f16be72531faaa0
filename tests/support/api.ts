// What every way to the API takes and gives.

export interface ApiRequest {
  method: string;
  path: string;
  /** A list of values is sent as that many header lines, names in the letter case given. */
  headers?: Record<string, string | string[]>;
  /** Bytes come to a handler in base64. */
  body?: string | Buffer;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case, repeated headers joined by a comma. */
  headers: Record<string, string>;
  body: string;
}

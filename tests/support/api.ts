// The request and response types of every way to call the API (handlers or HTTP).

export interface ApiRequest {
  method: string;
  path: string;
  /** A list of values is sent as several header lines. Names keep their letter case. */
  headers?: Record<string, string | string[]>;
  /** A handler receives a Buffer as a base64 body. */
  body?: string | Buffer;
}

export interface ApiResponse {
  status: number;
  /** Names in lower case, repeated headers joined by a comma. */
  headers: Record<string, string>;
  body: string;
}

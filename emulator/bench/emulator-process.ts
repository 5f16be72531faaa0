import { startDataApi } from "../src/index.ts";
import { reportToParent } from "./reporting.ts";

const { DATABASE_URL: databaseUrl = "", CONNECTIONS } = process.env;
const dataApi = await startDataApi({ databaseUrl, poolSize: Number(CONNECTIONS) });
reportToParent(dataApi.url);

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const plan = readFileSync(path.join(import.meta.dirname, "../../bench/on-sale.jmx"), "utf8");

const all = (pattern: RegExp) => [...new Set([...plan.matchAll(pattern)].map(([, found]) => found))].sort();

describe("bench/on-sale.jmx", () => {
  it("uses only elements and functions of both JMeter 2.13 and JMeter 5", () => {
    expect({ elements: all(/testclass="(\w+)"/g), functions: all(/\$\{(__\w+)/g) }).toEqual({
      elements: [
        ...["Arguments", "ConfigTestElement", "HTTPSamplerProxy", "HeaderManager", "LoopController"],
        ...["PostThreadGroup", "RegexExtractor", "ResponseAssertion", "ResultCollector", "SetupThreadGroup"],
        ...["TestPlan", "ThreadGroup"],
      ],
      functions: ["__P", "__UUID", "__jexl2", "__setProperty"],
    });
  });

  it("takes the service and the size of the sale from the command line", () => {
    expect(all(/\$\{__P\((\w+,[^)]*)\)\}/g)).toEqual([
      ...["buyers,300", "host,127.0.0.1", "port,8080", "quantity,2", "ramp,1", "tickets,500"],
    ]);
  });
});

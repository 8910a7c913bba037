import { type TemplateValue, compileTemplate } from "@hyperslab/storage/stores/reference-template";
import { describe, expect, it } from "vitest";

function fill(text: string, names: Record<string, TemplateValue> = {}): string {
  return compileTemplate(text)(new Map(Object.entries(names)));
}

describe("templates", () => {
  // what Jinja 3.1 prints
  it.each([
    ["plain", "plain"],
    ["{{u}}/{{ u }}.nc", "s3://b/s3://b.nc"],
    ["{{ i * 2 + 1 }}", "7"],
    ["{{ (i + 1) * 1000 }}", "4000"],
    ["{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % -4 }} {{ -7 % 4 }}", "3 -4 -1 1"],
    ["{{ 7 / 2 }} {{ 8 / 2 }}", "3.5 4.0"],
    ["{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 ** 70 }}", "512 -4 1180591620717411303424"],
    ["{{ 1.5 + 1 }} {{ 2.0 * 2 }}", "2.5 4.0"],
    ["{{ 'a' ~ i ~ \"b\" }}", "a3b"],
    ["{{ 'a' + 'b' }}", "ab"],
    ["{{ '%03d' % i }} {{ '%02d' | format(i) }} {{ '%5s|' | format(u) }}", "003 03 s3://b|"],
    ["{{ '12' | int + 1 }} {{ i | string }} {{ 2.7 | int }}", "13 3 2"],
    ["{{ 'it\\'s' }}", "it's"],
  ])("%s", (text, printed) => {
    expect(fill(text, { u: "s3://b", i: 3n })).toBe(printed);
  });
  it.each([
    ["{{ x", "without"],
    ["{% for i in x %}", "statements"],
    ["{{ }}", "too early"],
    ["{{ 1 + }}", "too early"],
    ["{{ 1 2 }}", 'unexpected "2"'],
    ["{{ i.real }}", "not understood"],
    ["{{ i[0] }}", "not understood"],
    ["{{ unknown }}", 'nothing is named "unknown"'],
    ["{{ i(a=1) }}", "no template that can be called"],
    ["{{ i | upper }}", 'the filter "upper" isn\'t known'],
    ["{{ 'a' + 1 }}", "of a text"],
    ["{{ 1 % 0 }}", "1 % 0"],
    ["{{ 2 ** 99999 }}", "too large"],
  ])("%s is refused", (text, reason) => {
    expect(() => fill(text, { i: 3n })).toThrow(reason);
    expect(() => fill(text, { i: 3n })).toThrow(SyntaxError);
  });
});

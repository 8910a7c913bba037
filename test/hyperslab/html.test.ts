import { dataArray, dataset } from "hyperslab";
import { expect, it } from "vitest";

it("is one element that fetches and runs nothing", () => {
  const html = dataset({ t: ["x", [1, 2]] }, { coords: { x: [1, 2] }, attrs: { title: "T" } }).toHtml();
  expect(html).toMatch(/^<div class="hyperslab"><style>/);
  expect(html).toMatch(/<\/div>$/);
  expect(html).not.toMatch(/<script|https?:|url\(/);
  for (const text of [
    "Coordinates (1)",
    "Data variables (1)",
    "Attributes (1)",
    '<span class="index">x</span>',
  ])
    expect(html).toContain(text);
});

it("escapes every text from data", () => {
  const evil = '<img src=x onerror="1">';
  const html = dataArray([evil], { dims: evil, name: evil, attrs: { [evil]: evil } })
    .assignCoords({ c: [[evil], [evil]] })
    .toHtml();
  expect(html).not.toContain("<img");
  expect(html).toContain("&lt;img src=x onerror=&quot;1&quot;&gt;");
});

it("opens what is short and closes what is long", () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, i]));
  const html = dataArray(1, { attrs: many }).toHtml();
  expect(html).toContain("<details><summary>Attributes (11)");
});

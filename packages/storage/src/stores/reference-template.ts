/**
 * Owns the templates of Kerchunk's references: `{{…}}` in a text, with as much of Jinja's expressions as such
 * files use: numbers, texts, names, arithmetic, calls of other templates, and the filters `int`, `string` and
 * `format`. Runs nothing else.
 */

/** Integers are exact; `number` is Python's float. */
export type TemplateValue = bigint | number | string;
export type TemplateFunction = (named: Readonly<Record<string, TemplateValue>>) => string;
/** What names stand for. */
export type Names = ReadonlyMap<string, TemplateValue | TemplateFunction>;
/** A text with its expressions, ready to be filled in. @throws SyntaxError for names that aren't known */
export type Template = (names: Names) => string;

type Expression = (names: Names) => TemplateValue;

const TOKEN =
  /\s*(?:(\d+\.\d+|\d+)|('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)|(\*\*|\/\/|[-+*/%~|(),=]))/y;

/** Compiles a text. @throws SyntaxError for what isn't understood */
export function compileTemplate(text: string): Template {
  const parts: (string | Expression)[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    const close = text.indexOf("}}", open);
    if (close < 0) throw new SyntaxError(`"{{" without "}}" in ${JSON.stringify(text)}`);
    parts.push(text.slice(at, open), new Parser(text.slice(open + 2, close)).whole());
    at = close + 2;
  }
  if (text.includes("{%"))
    throw new SyntaxError(`statements ({% … %}) aren't known: ${JSON.stringify(text)}`);
  parts.push(text.slice(at));
  return (names) => parts.map((part) => (typeof part === "string" ? part : print(part(names)))).join("");
}

/** A value as Jinja prints it. */
function print(value: TemplateValue): string {
  return typeof value === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}

class Parser {
  readonly #text: string;
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (!match) throw new SyntaxError(`{{${text}}}: not understood from "${text.slice(from).trim()}" on`);
      this.#tokens.push(match[0].trim());
    }
  }

  whole(): Expression {
    const expression = this.#sum();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return expression;
  }

  #sum(): Expression {
    let left = this.#product();
    for (let sign = this.#take("+", "-", "~"); sign; sign = this.#take("+", "-", "~"))
      left = binary(sign, left, this.#product());
    return left;
  }

  #product(): Expression {
    let left = this.#unary();
    for (let sign = this.#take("*", "/", "//", "%"); sign; sign = this.#take("*", "/", "//", "%"))
      left = binary(sign, left, this.#unary());
    return left;
  }

  #unary(): Expression {
    if (!this.#take("-")) return this.#power();
    const operand = this.#unary();
    return (names) => {
      const value = operand(names);
      if (typeof value === "string") throw new SyntaxError(`- of the text "${value}"`);
      return -value;
    };
  }

  #power(): Expression {
    const base = this.#filtered();
    return this.#take("**") ? binary("**", base, this.#unary()) : base;
  }

  #filtered(): Expression {
    let value = this.#atom();
    while (this.#take("|")) {
      const filter = this.#next();
      const list = this.#take("(") ? this.#list() : [];
      const of = value;
      value = (names) =>
        applyFilter(
          filter,
          of(names),
          list.map((one) => one(names)),
        );
    }
    return value;
  }

  #atom(): Expression {
    const token = this.#next();
    if (token === "(") {
      const inner = this.#sum();
      this.#expect(")");
      return inner;
    }
    if (/^\d/.test(token)) {
      const value = token.includes(".") ? Number(token) : BigInt(token);
      return () => value;
    }
    if (/^['"]/.test(token)) {
      const value = token.slice(1, -1).replace(/\\(.)/g, "$1");
      return () => value;
    }
    if (!/^[A-Za-z_]/.test(token)) throw this.#unexpected(token);
    const call = this.#take("(") ? this.#namedList() : undefined;
    return (names) => {
      const found = names.get(token);
      if (found === undefined) throw new SyntaxError(`nothing is named "${token}"`);
      if (typeof found !== "function") {
        if (call) throw new SyntaxError(`"${token}" is no template that can be called`);
        return found;
      }
      return found(Object.fromEntries((call ?? []).map(([name, value]) => [name, value(names)])));
    };
  }

  #list(): Expression[] {
    const list: Expression[] = [];
    while (!this.#take(")")) {
      if (list.length) this.#expect(",");
      list.push(this.#sum());
    }
    return list;
  }

  #namedList(): [string, Expression][] {
    const list: [string, Expression][] = [];
    while (!this.#take(")")) {
      if (list.length) this.#expect(",");
      const name = this.#next();
      this.#expect("=");
      list.push([name, this.#sum()]);
    }
    return list;
  }

  #take(...tokens: string[]): string | undefined {
    const token = this.#tokens[this.#at];
    if (token === undefined || !tokens.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw this.#unexpected();
    this.#at++;
    return token;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#unexpected();
  }

  #unexpected(token: string | undefined = this.#tokens[this.#at]): SyntaxError {
    return new SyntaxError(
      `{{${this.#text}}}: ${token === undefined ? "it ends too early" : `unexpected "${token}"`}`,
    );
  }
}

function binary(sign: string, left: Expression, right: Expression): Expression {
  return (names) => combine(sign, left(names), right(names));
}

function combine(sign: string, a: TemplateValue, b: TemplateValue): TemplateValue {
  if (sign === "~") return print(a) + print(b);
  if (typeof a === "string") {
    if (sign === "%") return formatText(a, [b]);
    if (sign === "+" && typeof b === "string") return a + b;
  }
  if (typeof a === "string" || typeof b === "string")
    throw new SyntaxError(`${sign} of a text and something else`);
  if (typeof a === "bigint" && typeof b === "bigint" && !(sign === "/" || (sign === "**" && b < 0n)))
    return combineIntegers(sign, a, b);
  const [x, y] = [Number(a), Number(b)];
  switch (sign) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return x / y;
    case "//":
      return Math.floor(x / y);
    case "%":
      return x - y * Math.floor(x / y);
    default:
      return x ** y;
  }
}

function combineIntegers(sign: string, a: bigint, b: bigint): bigint {
  if ((sign === "//" || sign === "%") && b === 0n) throw new SyntaxError(`${a} ${sign} 0`);
  if (sign === "**" && b > 1024n) throw new SyntaxError(`${a} ** ${b} is too large`);
  switch (sign) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "**":
      return a ** b;
    // Python rounds down, and the remainder has the divisor's sign
    case "//":
      return (a - (((a % b) + b) % b)) / b;
    default:
      return ((a % b) + b) % b;
  }
}

function applyFilter(name: string, value: TemplateValue, list: readonly TemplateValue[]): TemplateValue {
  switch (name) {
    case "int":
      return typeof value === "bigint" ? value : BigInt(Math.trunc(Number(value)) || 0);
    case "string":
      return print(value);
    case "format":
      return formatText(print(value), list);
    default:
      throw new SyntaxError(`the filter "${name}" isn't known`);
  }
}

/** Python's `%`: `%d`, `%s`, `%i`, with a width and zeros. */
function formatText(text: string, values: readonly TemplateValue[]): string {
  let at = 0;
  return text.replace(/%(?:%|(0?)(\d*)([dis]))/g, (whole, zero: string, width: string, kind: string) => {
    if (whole === "%%") return "%";
    const value = values[at++];
    if (value === undefined) throw new SyntaxError(`"${text}" wants more values`);
    if (kind !== "s" && typeof value === "string") throw new SyntaxError(`%${kind} of a text`);
    const printed =
      kind === "s" || typeof value === "string" ? print(value) : String(BigInt(Math.trunc(Number(value))));
    return printed.padStart(Number(width || 0), zero === "" ? " " : "0");
  });
}
